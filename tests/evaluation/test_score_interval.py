"""Tango's interval: published values, and how often it is wrong on simulated pairs."""

from functools import cache

import numpy as np
import pytest

from r1tailor.evaluation.score_interval import counts, tango


def test_counts_are_of_the_items_that_differ() -> None:
    base, tuned = np.array([True, True, False, False]), np.array([True, False, True, True])
    assert counts(base, tuned) == (2, 1)


@pytest.mark.parametrize(
    ("won", "lost", "n", "expected"),
    [
        (6, 16, 161, (-0.1240, -0.0054)),  # R's contingencytables, in its own tests (Cavo et al. 2012)
        (0, 0, 50, (-0.0713, 0.0713)),  # z^2 / (n + z^2), its closed form where nothing differs
    ],
)
def test_the_interval_is_the_published_one(won: int, lost: int, n: int, expected: tuple[float, float]) -> None:
    low, high = tango(won, lost, n, 0.95)
    assert (low, high) == (pytest.approx(expected[0], abs=6e-5), pytest.approx(expected[1], abs=6e-5))
    assert tango(lost, won, n, 0.95) == (pytest.approx(-high), pytest.approx(-low))


def test_items_that_all_agree_leave_the_uncertainty_of_their_number() -> None:
    """A bootstrap of them has no width, and would rule out any loss by ten items."""
    assert tango(0, 0, 10, 0.95)[0] < -0.2
    assert tango(0, 0, 1000, 0.95)[0] > -0.004
    assert all(map(np.isnan, tango(0, 0, 0, 0.95)))
    assert tango(0, 20, 20, 0.95)[0] == pytest.approx(-1.0)


@pytest.mark.parametrize("differing", [0.04, 0.10, 0.25])
def test_a_loss_of_the_margin_passes_the_gate_no_more_often_than_it_may(differing: float) -> None:
    """2,000 pairs whose tuned model is worse by exactly 3 points: the gate passes them in 2.5 % of the cases."""
    n, margin = 1000, 0.03
    bounds = cache(lambda won, lost: tango(won, lost, n, 0.95))
    draws = np.random.default_rng(5).multinomial(
        n, [(differing - margin) / 2, (differing + margin) / 2, 1 - differing], size=2000
    )
    ends = [bounds(int(won), int(lost)) for won, lost, _ in draws]
    passed = np.mean([low > -margin for low, _ in ends])
    covered = np.mean([low <= -margin <= high for low, high in ends])
    assert passed <= 0.035
    assert 0.935 <= covered <= 0.965

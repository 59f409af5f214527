"""Paired differences of candidate and champion: exact tests, bounds that few items cannot beat, conversations."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from r1tailor.records import Example
from r1tailor.update.paired import least_margin, paired


def _items(n: int, size: int = 1) -> list[Example]:
    return [Example(f"e{i}", "", f"q{i}", "a", conversation=f"c{i // size}" if size > 1 else "") for i in range(n)]


def test_binary_scores_are_tested_exactly() -> None:
    champion = [0.0] * 15 + [1.0] * 5 + [1.0] * 80
    candidate = [1.0] * 15 + [0.0] * 5 + [1.0] * 80
    found = paired(_items(100), champion, candidate)
    assert found.difference == pytest.approx(0.1)
    assert found.p_better(1e-4, seed=1) == pytest.approx(binomtest(15, 20, alternative="greater").pvalue)
    assert found.p_worse(1e-4, seed=1) == pytest.approx(binomtest(5, 20, alternative="greater").pvalue)


def test_equal_candidates_show_nothing_and_few_items_exclude_no_harm() -> None:
    same = paired(_items(20), [1.0] * 20, [1.0] * 20)
    assert same.p_better(1e-4, seed=1) == 1.0
    assert same.lower(0.05) == pytest.approx(-least_margin(20, 0.05)) == pytest.approx(-0.119, abs=1e-3)
    assert paired(_items(1), [0.0], [1.0]).lower(0.05) == -math.inf
    assert math.isnan(paired([], [], []).difference)


@pytest.mark.parametrize(("won", "lost", "n"), [(5, 5, 100), (20, 14, 200)])
def test_the_bound_of_binary_scores_misses_as_often_as_it_says(won: int, lost: int, n: int) -> None:
    generator, missed = np.random.default_rng(0), 0
    for _ in range(400):
        kind = generator.choice(3, n, p=[won / n, lost / n, 1 - (won + lost) / n])
        found = paired(_items(n), (kind == 1).astype(float).tolist(), (kind == 0).astype(float).tolist())
        missed += found.lower(0.05) > (won - lost) / n
    assert missed / 400 <= 0.05 + 3 * (0.05 * 0.95 / 400) ** 0.5


def test_the_items_of_a_conversation_count_as_one() -> None:
    champion, candidate = [0.0] * 40, [1.0] * 40
    alone, together = (paired(_items(40, size), champion, candidate) for size in (1, 10))
    assert alone.p_better(1e-9, seed=1) < 1e-9
    assert together.p_better(1e-3, seed=1) == pytest.approx(2**-4, abs=0.01)
    assert together.n == 40
    assert together.lower(0.05) < alone.lower(0.05)


def test_other_scores_are_tested_by_signs_and_never_beyond_their_draws() -> None:
    generator = np.random.default_rng(3)
    champion = generator.random(60)
    candidate = champion + 0.2
    found = paired(_items(60), champion.tolist(), candidate.tolist())
    assert not found.binary
    assert found.p_better(1e-3, seed=1) == pytest.approx(1 / 20_001)
    assert found.p_worse(1e-3, seed=1) == 1.0
    assert found.difference - found.lower(0.05) == pytest.approx(least_margin(60, 0.05))

"""A calibrated confidence is the share of answers that are right at it."""

import numpy as np
import pytest

from r1tailor.update.calibration import FEWEST, fit


def _made(count: int = 400) -> tuple[list[float], list[bool]]:
    """Confidences that are twice too sure: the share that is right is half of them."""
    rng = np.random.default_rng(0)
    confidences = rng.integers(1, 6, count) / 5
    return confidences.tolist(), (rng.random(count) < confidences / 2).tolist()


@pytest.mark.parametrize("method", ["isotonic", "platt"])
def test_an_overconfident_model_is_brought_down_to_what_is_right(method: str) -> None:
    calibrated = fit(method, *_made())  # type: ignore[arg-type]
    found = [calibrated(step / 5) for step in range(1, 6)]
    assert found == sorted(found)
    assert all(abs(value - step / 10) < 0.12 for step, value in enumerate(found, 1)), found
    assert all(0 <= calibrated(value) <= 1 for value in (0.0, 0.33, 1.0))


def test_isotonic_pools_what_falls() -> None:
    confidences, right = [0.2] * 10 + [0.4] * 10 + [0.6] * 10, [True] * 5 + [False] * 5 + [True] + [False] * 9
    calibrated = fit("isotonic", confidences, [*right, *([True] * 10)])
    assert calibrated(0.2) == pytest.approx(0.3) == calibrated(0.4)
    assert calibrated(0.6) == 1.0


def test_few_items_and_none_change_nothing() -> None:
    confidences, right = _made(FEWEST - 1)
    assert fit("isotonic", confidences, right)(0.4) == 0.4
    assert fit("none", *_made())(0.4) == 0.4


def test_separated_answers_have_a_finite_fit() -> None:
    calibrated = fit("platt", [0.1] * 20 + [0.9] * 20, [False] * 20 + [True] * 20)
    assert calibrated(0.1) < 0.2 < 0.8 < calibrated(0.9)

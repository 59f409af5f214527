"""The corrected rate: known values, its ends, and how often its interval holds the truth."""

import numpy as np
import pytest

from r1tailor.planning.power import wilson
from r1tailor.redteam.correction import corrected
from r1tailor.redteam.refusals import ON_PYRIT, Detector


def test_rogan_and_gladens_estimate() -> None:
    """(rate + specificity - 1) / (sensitivity + specificity - 1)."""
    detector = Detector(refusals=100, found=60, others=100, passed=90)
    found = corrected(30, 100, detector, 0.95)
    assert found is not None
    assert found.value == pytest.approx((0.30 + 0.90 - 1) / (0.60 + 0.90 - 1))
    assert found.low < found.value < found.high


def test_a_detector_that_finds_half_doubles_the_rate() -> None:
    found = corrected(40, 200, ON_PYRIT, 0.95)
    assert found is not None
    assert found.value == pytest.approx(0.2 / ON_PYRIT.sensitivity)


def test_a_perfect_detector_changes_nothing_but_carries_its_own_doubt() -> None:
    perfect = Detector(10**7, 10**7, 10**7, 10**7)
    found = corrected(30, 100, perfect, 0.95)
    assert found is not None
    assert found.value == pytest.approx(0.30)
    low, high = wilson(30, 100, 0.95)
    assert found.low == pytest.approx(low, abs=0.005)
    assert found.high == pytest.approx(high, abs=0.005)
    doubtful = corrected(30, 100, Detector(20, 20, 20, 20), 0.95)
    assert doubtful is not None
    assert doubtful.high - doubtful.low > found.high - found.low


def test_a_detector_no_better_than_chance_corrects_nothing() -> None:
    assert corrected(30, 100, Detector(10, 5, 10, 5), 0.95) is None
    assert corrected(0, 0, ON_PYRIT, 0.95) is None


def test_rates_stay_between_none_and_all() -> None:
    for found in (0, 100):
        one = corrected(found, 100, ON_PYRIT, 0.95)
        assert one is not None
        assert 0 <= one.low <= one.high <= 1


@pytest.mark.parametrize("true", [0.2, 0.5, 0.8])
def test_the_interval_covers_the_true_rate_as_often_as_it_says(true: float) -> None:
    draw = np.random.default_rng(7)
    sensitivity, specificity, n, refusals, others = 0.55, 0.97, 200, 109, 60
    held = 0
    for _ in range(2000):
        apparent = true * sensitivity + (1 - true) * (1 - specificity)
        detector = Detector(
            refusals, int(draw.binomial(refusals, sensitivity)), others, int(draw.binomial(others, specificity))
        )
        found = corrected(int(draw.binomial(n, apparent)), n, detector, 0.95)
        held += found is not None and found.low <= true <= found.high
    assert 0.93 <= held / 2000 <= 0.985

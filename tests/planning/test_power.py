"""Power and intervals against simulation, closed formulas and an outside package."""

import numpy as np
import pytest
from scipy.stats import binomtest

from r1tailor.planning import power


@pytest.mark.parametrize(("items", "gain", "lost"), [(90, 0.16, 0.05), (60, 0.25, 0.1), (300, 0.05, 0.02)])
def test_the_power_is_that_of_simulated_comparisons(items: int, gain: float, lost: float) -> None:
    random = np.random.default_rng(1)
    drawn = random.multinomial(items, [gain + lost, lost, 1 - gain - 2 * lost], size=4000)
    found = np.mean(
        [w + lost_items > 0 and binomtest(int(w), int(w + lost_items)).pvalue <= 0.05 for w, lost_items, _ in drawn]
    )
    assert power.gain_power(items, gain, lost) == pytest.approx(found, abs=0.025)


def test_the_smallest_gain_is_found_and_the_next_smaller_is_not() -> None:
    gain = power.detectable_gain(90)
    assert gain == 0.16
    assert power.gain_power(90, gain) >= 0.8 > power.gain_power(90, gain - 0.01)


def test_the_needed_items_are_the_fewest() -> None:
    needed = power.needed_items(0.05)
    assert power.gain_power(needed, 0.05) >= 0.8 > power.gain_power(needed - 1, 0.05)


def test_of_too_few_items_nothing_is_found() -> None:
    assert power.detectable_gain(4) is None


@pytest.mark.parametrize(("share", "items"), [(0.8, 90), (0.05, 30), (1.0, 12), (0.0, 7)])
def test_the_interval_is_that_of_scipy(share: float, items: int) -> None:
    outside = binomtest(round(share * items), items).proportion_ci(method="wilson")
    assert power.interval(round(share * items) / items, items) == pytest.approx((outside.low, outside.high))

"""Power and intervals against simulation, closed formulas and an outside package."""

import numpy as np
import pytest
from scipy.stats import binomtest, ttest_1samp

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


@pytest.mark.parametrize(("successes", "n"), [(72, 90), (2, 30), (12, 12), (0, 7), (1, 3)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_the_interval_is_that_of_scipy_to_the_last_bit(successes: int, n: int, confidence: float) -> None:
    outside = binomtest(successes, n).proportion_ci(confidence, method="wilson")
    assert power.wilson(successes, n, confidence) == (outside.low, outside.high)


def test_an_expected_number_of_successes_need_not_be_whole() -> None:
    low, high = power.wilson(0.67 * 7, 7, 0.95)
    assert power.wilson(4, 7, 0.95)[0] < low < power.wilson(5, 7, 0.95)[0] < high


def test_wilson_without_items_is_not_defined() -> None:
    assert all(np.isnan(end) for end in power.wilson(0, 0, 0.95))


def test_a_shift_is_found_as_often_as_a_simulated_paired_comparison_finds_it() -> None:
    shift = power.detectable_shift(60)
    drawn = np.random.default_rng(1).normal(shift, 1.0, size=(4000, 60))
    found = np.mean(ttest_1samp(drawn, 0.0, axis=1).pvalue <= 0.05)
    assert found == pytest.approx(0.8, abs=0.03)
    assert power.items_for_shift(shift + 1e-9) == 60
    assert power.items_for_shift(0.2) == 197

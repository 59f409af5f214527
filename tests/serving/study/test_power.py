"""The power of the sign test against simulation, and its limits."""

import numpy as np
import pytest
from scipy.stats import binomtest

from r1tailor.serving.study.power import power_of, sign_power


def test_the_power_is_what_simulated_studies_find() -> None:
    generator = np.random.default_rng(0)
    counts = generator.binomial(40, 0.7, 2000)
    wins = generator.binomial(counts, 0.75)
    p = {pair: binomtest(*pair).pvalue for pair in set(zip(wins.tolist(), counts.tolist(), strict=True))}
    simulated = np.mean([p[pair] <= 0.04 for pair in zip(wins.tolist(), counts.tolist(), strict=True)])
    assert sign_power(40, 0.3, 0.75, 0.04) == pytest.approx(simulated, abs=0.03)


def test_without_a_difference_the_test_keeps_its_level() -> None:
    assert 0 < sign_power(60, 0.3, 0.5, 0.04) <= 0.04


def test_needed_is_the_least_number_of_items_and_detectable_the_least_rate() -> None:
    found = power_of(60, 0.3, 0.7, 0.04)
    assert found.needed is not None
    assert sign_power(found.needed, 0.3, 0.7, 0.04) >= 0.8
    assert found.detectable == pytest.approx(0.73)
    assert "smallest win rate found with 0.80: 73%" in str(found)


def test_what_cannot_be_found_is_said_so() -> None:
    few = power_of(6, 0.5, 0.55, 0.04)
    assert few.detectable is None or few.detectable > 0.9
    assert power_of(6, 0.5, 0.501, 0.04).needed is None
    assert "more than 5000" in str(power_of(6, 0.5, 0.501, 0.04))

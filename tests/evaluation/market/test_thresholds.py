"""Thresholds are chosen on the days before the test, knowing no later crisis."""

import numpy as np
import pytest

from r1tailor.evaluation.market.thresholds import Calibration, at_false_rate, calibration, most_useful
from tests.support.market_cases import market, warning


def test_a_crisis_after_the_last_day_before_the_test_is_not_known_there() -> None:
    days = np.arange(80)
    soon = market(episodes=((30, 35), (82, 90)))
    known = calibration(days, 81, soon, warning())
    assert np.flatnonzero(known.good).tolist() == list(range(20, 30))
    assert not known.quiet[72:].any(), "whether these days were quiet was not known"
    assert known.quiet[71]
    assert not known.quiet[30:36].any()


def test_thresholds_by_hand() -> None:
    scores = np.linspace(0.0, 1.0, 101)
    known = Calibration(scores > 0.79, scores <= 0.79, 0.5)
    assert most_useful(scores, known) == pytest.approx(0.8, abs=0.011)
    nothing_known = Calibration(np.zeros(101, bool), np.ones(101, bool), 0.5)
    assert most_useful(scores, nothing_known) == 1.0
    assert at_false_rate(scores, nothing_known, 0.1) == pytest.approx(0.9)
    assert nothing_known.false_rate(scores > at_false_rate(scores, nothing_known, 0.1)) <= 0.1
    assert at_false_rate(scores, nothing_known, 0.0) == 1.0

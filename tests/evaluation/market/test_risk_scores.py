"""Probabilities of a risky label, and how reliable they are."""

import math

import numpy as np
import pytest

from r1tailor.evaluation.market.risk_scores import brier, calibration_error, reliability, risk_probability
from tests.support.market_cases import LABELS


def test_probabilities_and_their_reliability_by_hand() -> None:
    assert risk_probability(LABELS, (math.log(0.5), math.log(0.3), math.log(0.2))) == pytest.approx(0.5)
    assert risk_probability(LABELS, (-400.0, -401.0, -402.0)) == pytest.approx(
        1 - 1 / (1 + math.exp(-1) + math.exp(-2))
    )
    scores, risky = np.array([0.05, 0.15, 0.15, 1.0]), np.array([0.0, 0.0, 1.0, 1.0])
    curve = reliability(scores, risky)
    assert curve["count"] == [1, 2, 1]
    assert curve["observed"] == [0, 0.5, 1]
    assert calibration_error(curve) == pytest.approx((0.05 + 2 * 0.35 + 0) / 4)
    assert brier(scores, risky) == pytest.approx((0.05**2 + 0.15**2 + 0.85**2) / 4)

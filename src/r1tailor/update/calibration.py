"""From agreement or likelihood to the share of answers that are right, fitted on items whose answer is known."""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from scipy.optimize import isotonic_regression, minimize

FEWEST = 20  # items below which nothing is fitted
_CLOSE = 1e-3  # confidences are kept this far from 0 and 1 where their log-odds are taken
_RIDGE = 1e-3  # keeps the fit finite where right and wrong separate
Calibrated = Callable[[float], float]


def fit(
    method: Literal["isotonic", "platt", "none"], confidences: Sequence[float], right: Sequence[bool]
) -> Calibrated:
    """Return what maps a confidence to the share of answers that are right at it; never falling.

    Fewer than twenty items fit nothing: the confidence stays as it is.

    Args:
        method: ``isotonic`` (pool adjacent violators, linear in between), ``platt`` (logistic in the log-odds).
        confidences: in [0, 1].
        right: whether each answer was.
    """
    if method == "none" or len(confidences) < FEWEST:
        return lambda confidence: confidence
    found, wanted = np.asarray(confidences, float), np.asarray(right, float)
    return _isotonic(found, wanted) if method == "isotonic" else _platt(found, wanted)


def _isotonic(confidences: np.ndarray, right: np.ndarray) -> Calibrated:
    points, places = np.unique(confidences, return_inverse=True)
    weights = np.bincount(places).astype(float)
    means = np.bincount(places, right) / weights
    values = isotonic_regression(means, weights=weights).x
    return lambda confidence: float(np.interp(confidence, points, values))


def _platt(confidences: np.ndarray, right: np.ndarray) -> Calibrated:
    odds = _log_odds(confidences)

    def loss(at: np.ndarray) -> float:
        logits = at[0] * odds + at[1]
        return float(np.mean(np.logaddexp(0.0, logits) - right * logits) + _RIDGE * float(at @ at))

    slope, shift = minimize(loss, np.array([1.0, 0.0]), bounds=[(0.0, None), (None, None)]).x
    return lambda confidence: float(1 / (1 + np.exp(-(slope * _log_odds(np.asarray(confidence)) + shift))))


def _log_odds(confidences: np.ndarray) -> np.ndarray:
    close = np.clip(confidences, _CLOSE, 1 - _CLOSE)
    return np.asarray(np.log(close / (1 - close)))

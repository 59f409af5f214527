"""Risk scores: the probability a model gives, over the closed set, to all labels but ``low``."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import softmax

from r1tailor.domain.finance.words import CALM
from r1tailor.evaluation.resampling import Array


def risk_probability(labels: Sequence[str], label_scores: Sequence[float]) -> float:
    """Return 1 - P(low), with P the softmax over the labels' log-likelihoods (nats)."""
    calm = next(number for number, label in enumerate(labels) if label in CALM)
    return float(1.0 - softmax(np.array(label_scores))[calm])


def reliability(scores: Array, risky: Array, bins: int = 10) -> dict[str, list[float]]:
    """Return ``score``, ``observed`` and ``count`` of each bin that holds a score; bins have equal width in [0, 1]."""
    place = np.minimum((scores * bins).astype(int), bins - 1)
    filled = [number for number in range(bins) if (place == number).any()]
    return {
        "score": [float(scores[place == number].mean()) for number in filled],
        "observed": [float(risky[place == number].mean()) for number in filled],
        "count": [float((place == number).sum()) for number in filled],
    }


def calibration_error(curve: Mapping[str, Sequence[float]]) -> float:
    """Return the expected calibration error (Naeini et al. 2015): |score - observed|, weighted by the bins' counts."""
    score, observed, count = (np.array(curve[name]) for name in ("score", "observed", "count"))
    return float((np.abs(score - observed) * count).sum() / count.sum())


def brier(scores: Array, risky: Array) -> float:
    """Return the mean squared error of the probabilities (Brier 1950)."""
    return float(((scores - risky) ** 2).mean())


def figures(scores: Array, risky: Array) -> dict[str, float]:
    """Return Brier score and expected calibration error of scores [n] and outcomes [n]; NaN without any."""
    if not len(scores):
        return {"brier": float("nan"), "ece": float("nan")}
    return {"brier": brier(scores, risky), "ece": calibration_error(reliability(scores, risky))}

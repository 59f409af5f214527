"""Intervals and paired tests: Wilson and McNemar for proportions, bootstrap and permutation for the rest.

Resampling is over items, the same ones for both models, from one seed.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import binomtest

from r1tailor.evaluation.metrics import Array, Measured

_BLOCK = 256  # resamples at once, to bound memory


@dataclass(frozen=True)
class Interval:
    """A value with its confidence interval."""

    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float]:
        """Return plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Comparison:
    """Tuned minus base, with its interval and the p-value of no difference."""

    difference: float
    low: float
    high: float
    p: float

    def as_dict(self) -> dict[str, float]:
        """Return plain values."""
        return asdict(self)


def interval(metric: Measured, resamples: int, confidence: float, seed: int) -> Interval:
    """Return a metric's value and interval: Wilson's for proportions, bootstrap percentiles otherwise."""
    if metric.kind == "proportion":
        right, n = metric.statistics.sum(axis=0).round().astype(int).tolist()
        wilson = binomtest(right, n).proportion_ci(confidence, method="wilson")
        return Interval(metric.value, float(wilson.low), float(wilson.high))
    values = np.concatenate([metric.compute(w @ metric.statistics) for w in _weights(metric, resamples, seed)])
    low, high = _percentiles(values, confidence)
    return Interval(metric.value, low, high)


def compare(base: Measured, tuned: Measured, resamples: int, confidence: float, seed: int) -> Comparison:
    """Return the paired difference tuned - base on the same items.

    The interval is the paired bootstrap's. The p-value (two-sided) is McNemar's exact test for proportions,
    otherwise a permutation test that swaps the models item by item.
    """
    differences = np.concatenate(
        [
            tuned.compute(weights @ tuned.statistics) - base.compute(weights @ base.statistics)
            for weights in _weights(base, resamples, seed)
        ]
    )
    low, high = _percentiles(differences, confidence)
    p = _mcnemar(base, tuned) if base.kind == "proportion" else _permutation(base, tuned, resamples, seed)
    return Comparison(tuned.value - base.value, low, high, p)


def _weights(metric: Measured, resamples: int, seed: int) -> list[Array]:
    """Return blocks [b, n] of how often each item is drawn in each resample."""
    n = len(metric.statistics)
    generator = np.random.default_rng(seed)
    sizes = [min(_BLOCK, resamples - start) for start in range(0, resamples, _BLOCK)]
    return [generator.multinomial(n, np.full(n, 1 / n), size=size).astype(float) for size in sizes]


def _percentiles(values: Array, confidence: float) -> tuple[float, float]:
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(values, [tail, 1 - tail])  # NaN: a resample without any item that counts
    return float(low), float(high)


def _mcnemar(base: Measured, tuned: Measured) -> float:
    """Exact McNemar test: among items that one model gets right, is either favoured?"""
    a, b = base.statistics[:, 0] > 0.5, tuned.statistics[:, 0] > 0.5
    only_base, only_tuned = int((a & ~b).sum()), int((~a & b).sum())
    discordant = only_base + only_tuned
    return float(binomtest(only_tuned, discordant).pvalue) if discordant else 1.0


def _permutation(base: Measured, tuned: Measured, resamples: int, seed: int) -> float:
    """Permutation test with the observed arrangement counted, so that p is never 0."""
    observed = abs(tuned.value - base.value)
    generator: Any = np.random.default_rng(seed + 1)
    extreme = 0
    for start in range(0, resamples, _BLOCK):
        size = min(_BLOCK, resamples - start)
        swap = generator.integers(0, 2, size=(size, len(base.statistics))).astype(float)
        first = base.compute(swap @ tuned.statistics + (1 - swap) @ base.statistics)
        second = tuned.compute(swap @ base.statistics + (1 - swap) @ tuned.statistics)
        extreme += int((np.abs(second - first) >= observed - 1e-12).sum())
    return (extreme + 1) / (resamples + 1)

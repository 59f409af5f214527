"""Values with confidence intervals, and paired comparisons of two models on the same items.

The class of a metric decides: Wilson's interval and McNemar's test for proportions, bootstrap and permutation for
everything else.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from r1tailor.evaluation.metrics import ItemMetric
from r1tailor.evaluation.resampling import paired_bootstrap


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
    """Tuned minus base, with its confidence interval and the p-value of no difference."""

    difference: float
    low: float
    high: float
    p: float

    def as_dict(self) -> dict[str, float]:
        """Return plain values."""
        return asdict(self)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values of a family of tests, corrected by Holm's method.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    corrected, highest = [1.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = highest
    return corrected


def interval(metric: ItemMetric, resamples: int, confidence: float, seed: int) -> Interval:
    """Return a metric's value and interval."""
    return Interval(metric.value, *metric.bounds(resamples, confidence, seed))


def compare(base: ItemMetric, tuned: ItemMetric, resamples: int, confidence: float, seed: int) -> Comparison:
    """Return the paired difference tuned - base on the same items.

    The interval is the paired bootstrap's; the test is that of the base model's metric.
    """
    computes = base.of_sums, tuned.of_sums
    low, high = paired_bootstrap(base.rows(), tuned.rows(), computes, resamples, confidence, seed)
    return Comparison(tuned.value - base.value, low, high, base.p_value(tuned, resamples, seed))

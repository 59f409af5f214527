"""Values with confidence intervals, and paired comparisons of two models on the same items.

The class of a metric decides: Wilson's interval and McNemar's test for proportions, bootstrap and permutation for
everything else.
"""

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

"""Values with confidence intervals, and paired comparisons of two models on the same items.

The class of a metric decides: Wilson's interval and McNemar's test for proportions, bootstrap and permutation for
everything else. What is not defined (NaN) is null in JSON and has no p-value.
"""

import math
from dataclasses import asdict, dataclass

from r1tailor.evaluation.metrics import ItemMetric
from r1tailor.evaluation.resampling import paired_bootstrap


@dataclass(frozen=True)
class Interval:
    """A value with its confidence interval."""

    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float | None]:
        """Return plain values for JSON."""
        return _defined(asdict(self))


@dataclass(frozen=True)
class Comparison:
    """Tuned minus base, with its confidence interval and the p-value of no difference; NaN where none is defined."""

    difference: float
    low: float
    high: float
    p: float

    def as_dict(self) -> dict[str, float | None]:
        """Return plain values for JSON."""
        return _defined(asdict(self))


def interval(metric: ItemMetric, resamples: int, confidence: float, seed: int) -> Interval:
    """Return a metric's value and interval."""
    return Interval(metric.value, *metric.bounds(resamples, confidence, seed))


def compare(base: ItemMetric, tuned: ItemMetric, resamples: int, confidence: float, seed: int) -> Comparison:
    """Return the paired difference tuned - base on the same items.

    The interval is the paired bootstrap's; the test is that of the base model's metric.
    """
    computes = base.of_sums, tuned.of_sums
    low, high = paired_bootstrap(base.rows(), tuned.rows(), computes, resamples, base.widened(confidence), seed)
    difference = tuned.value - base.value
    p = base.p_value(tuned, resamples, seed) if math.isfinite(difference) else math.nan
    return Comparison(difference, low, high, p)


def _defined(values: dict[str, float]) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in values.items()}

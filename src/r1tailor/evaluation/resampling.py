"""Intervals and tests over rows of per-item statistics: McNemar, bootstrap and permutation.

A row holds what a metric sums up of one item, so that resampling items is a matrix product. Both models of a
comparison are resampled with the same items, from one seed.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, norm
from scipy.stats import t as student

from r1tailor.planning.power import wilson

Array = NDArray[np.float64]
Compute = Callable[[Array], Array]  # summed statistics [..., k] to values [...]
Bounds = tuple[float, float]

_BLOCK = 256  # resamples at once, to bound memory
UNDEFINED = (float("nan"), float("nan"))


def bootstrap(statistics: Array, compute: Compute, resamples: int, confidence: float, seed: int) -> Bounds:
    """Return the percentile interval of a metric under resampling of its items [n, k]; NaN without items."""
    values = [compute(weights @ statistics) for weights in _weights(len(statistics), resamples, seed)]
    return percentiles(np.concatenate([*values, np.zeros(0)]), confidence)


def accelerated(statistics: Array, compute: Compute, resamples: int, confidence: float, seed: int) -> Bounds:
    """Return the BCa interval (Efron 1987) of a metric under resampling of its items [n, k]; NaN without items.

    It allows for bias and skew: percentiles alone miss the true value of a metric with a long tail too often.
    """
    if not len(statistics):
        return UNDEFINED
    drawn = [compute(weights @ statistics) for weights in _weights(len(statistics), resamples, seed)]
    values = np.concatenate(drawn)
    total = statistics.sum(axis=0)
    observed, without = float(compute(total)), compute(total - statistics)
    below = ((values < observed).mean() + (values <= observed).mean()) / 2
    if np.isnan(values).any() or np.isnan(without).any() or not 0 < below < 1:
        return percentiles(values, confidence)
    pull = without.mean() - without
    spread = float((pull**2).sum()) ** 1.5
    skew = float((pull**3).sum()) / (6 * spread) if spread else 0.0
    ends = norm.ppf(below) + norm.ppf([0.5 - confidence / 2, 0.5 + confidence / 2])
    low, high = np.quantile(values, norm.cdf(norm.ppf(below) + ends / (1 - skew * ends)))
    return float(low), float(high)


def studentized(rows: Array, resamples: int, confidence: float, seed: int) -> Bounds:
    """Return the bootstrap-t interval of a ratio of sums over rows [n, 2]; NaN without items.

    Each resample is measured in its own standard error, so that a long tail widens the interval on its own side.
    """
    statistics = np.column_stack([rows, rows[:, :1] ** 2, rows[:, :1] * rows[:, 1:], rows[:, 1:] ** 2])
    ratio, error = _ratio_and_error(statistics.sum(axis=0))
    if not error > 0:
        return (float(ratio), float(ratio)) if error == 0 else UNDEFINED
    drawn = [_ratio_and_error(weights @ statistics) for weights in _weights(len(rows), resamples, seed)]
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = np.concatenate([(ratios - ratio) / errors for ratios, errors in drawn])
    low, high = percentiles(scaled[np.isfinite(scaled)], confidence)
    return float(ratio - high * error), float(ratio - low * error)


def _ratio_and_error(sums: Array) -> tuple[Array, Array]:
    """Return ratio and standard error (linearised) of sums [..., 5] of a, b, a^2, ab and b^2."""
    first, second, squared, both, other = np.moveaxis(sums, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = first / second
        return ratio, np.sqrt(np.maximum(squared - 2 * ratio * both + ratio**2 * other, 0)) / second


def paired_bootstrap(
    base: Array, tuned: Array, computes: tuple[Compute, Compute], resamples: int, confidence: float, seed: int
) -> Bounds:
    """Return the percentile interval of tuned - base, with the same items drawn for both.

    Args:
        base: [n, k] statistics of the base model.
        tuned: [n, k'] those of the tuned model on the same items.
        computes: how base and tuned are computed of their sums.
        resamples: how many.
        confidence: of the interval.
        seed: of the draws.
    """
    of_base, of_tuned = computes
    differences = [
        of_tuned(weights @ tuned) - of_base(weights @ base) for weights in _weights(len(base), resamples, seed)
    ]
    return percentiles(np.concatenate([*differences, np.zeros(0)]), confidence)


def expanded(confidence: float, count: int) -> float:
    """Return the confidence at which percentiles over few items or clusters cover as often as they say.

    Percentiles of a bootstrap know neither Student's t nor n - 1 (Hesterberg 2015, "expanded percentile interval").
    """
    if count < 2:
        return confidence
    wide = float(student.ppf(0.5 + confidence / 2, count - 1)) * float(np.sqrt(count / (count - 1)))
    return float(2 * norm.cdf(wide) - 1)


def percentiles(values: Array, confidence: float) -> Bounds:
    """Return both ends of a percentile interval over the values that are defined (not NaN); NaN if none is."""
    known = values[~np.isnan(values)]
    if not len(known):
        return UNDEFINED
    tail = (1 - confidence) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)


def mcnemar(base: NDArray[np.bool_], tuned: NDArray[np.bool_]) -> float:
    """Return the p-value (two-sided) of McNemar's exact test; 1.0 if both models get the same items right.

    Args:
        base: [n] whether the base model gets each item right.
        tuned: [n] whether the tuned model does.
    """
    only_base, only_tuned = int((base & ~tuned).sum()), int((~base & tuned).sum())
    discordant = only_base + only_tuned
    return float(binomtest(only_tuned, discordant).pvalue) if discordant else 1.0


def permutation(base: Array, tuned: Array, compute: Compute, resamples: int, seed: int) -> float:
    """Return the p-value (two-sided) of a permutation test that swaps the models item by item.

    The observed arrangement counts as one, so that p is never 0. Where a model's value is not defined p is 1.

    Args:
        base: [n, k] statistics of the base model.
        tuned: [n, k] those of the tuned model on the same items.
        compute: the metric of summed statistics.
        resamples: how many arrangements are drawn.
        seed: of the draws.
    """
    observed = abs(float(compute(tuned.sum(axis=0))) - float(compute(base.sum(axis=0))))
    if np.isnan(observed):
        return 1.0
    generator = np.random.default_rng(seed + 1)
    extreme = 0
    for size in _blocks(resamples):
        swap = generator.integers(0, 2, size=(size, len(base))).astype(float)
        first = compute(swap @ tuned + (1 - swap) @ base)
        second = compute(swap @ base + (1 - swap) @ tuned)
        extreme += int((np.abs(second - first) >= observed - 1e-12).sum())
    return (extreme + 1) / (resamples + 1)


def _weights(n: int, resamples: int, seed: int) -> Iterator[Array]:
    """Yield blocks [b, n] of how often each item is drawn in each resample; none without items."""
    generator = np.random.default_rng(seed)
    for size in _blocks(resamples) if n else ():
        yield generator.multinomial(n, np.full(n, 1 / n), size=size).astype(float)


def _blocks(resamples: int) -> Iterator[int]:
    for start in range(0, resamples, _BLOCK):
        yield min(_BLOCK, resamples - start)


def wilson_of_clusters(rows: Array, confidence: float) -> Bounds:
    """Return Wilson's interval of a proportion over clusters [c, 2] of (successes, items); NaN without items.

    Where all or none succeed nothing tells how alike the answers of a cluster are: each cluster counts as one item.
    """
    rows = rows[rows[:, 1] > 0]
    if not len(rows):
        return UNDEFINED
    share, items = rows[:, 0].sum() / rows[:, 1].sum(), rows[:, 1].sum()
    spread = ((rows[:, 0] - share * rows[:, 1]) ** 2).sum() * len(rows) / max(len(rows) - 1, 1) / items**2
    worth = min(items, share * (1 - share) / spread) if spread else len(rows)
    return wilson(share * worth, worth, confidence)

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


def expanded(confidence: float, clusters: int) -> float:
    """Return the confidence at which a percentile interval over few clusters covers as often as it says.

    Percentiles of a bootstrap know neither Student's t nor n - 1 (Hesterberg 2015, "expanded percentile interval").
    """
    if clusters < 2:
        return confidence
    wide = float(student.ppf(0.5 + confidence / 2, clusters - 1)) * float(np.sqrt(clusters / (clusters - 1)))
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

"""Block bootstrap: resampling of values in time, where single days are not independent."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from r1tailor.evaluation.resampling import Array, percentiles

Indices = NDArray[np.int64]
_AT_ONCE = 128  # resamples, to bound memory


def stationary(n: int, mean_block: float, resamples: int, seed: int) -> Iterator[Indices]:
    """Yield [b, n] indices of the stationary bootstrap (Politis & Romano 1994, J. Am. Stat. Assoc. 89).

    Blocks begin anywhere, have geometric lengths of the given mean, and wrap around at the end.
    """
    generator = np.random.default_rng(seed)
    for start in range(0, resamples, _AT_ONCE):
        rows = min(_AT_ONCE, resamples - start)
        begins = generator.random((rows, n)) < 1 / mean_block
        begins[:, 0] = True
        steps = np.arange(n)
        since = steps - np.maximum.accumulate(np.where(begins, steps, 0), axis=1)
        first = generator.integers(0, n, (rows, n))
        of_block = np.take_along_axis(first, steps - since, axis=1)
        yield (of_block + since) % n


def block_interval(
    rows: Array, compute: Callable[[Array], Array], mean_block: float, resamples: int, confidence: float, seed: int
) -> tuple[float, float]:
    """Return the percentile interval of a statistic under the stationary bootstrap; NaN if no resample has a value.

    Args:
        rows: [n, ...] values in time.
        compute: maps resampled values [b, n, ...] to statistics [b]; NaN where a resample has no value.
        mean_block: mean length of a block in rows.
        resamples: number of resamples.
        confidence: of the interval.
        seed: of the draws.
    """
    drawn = [compute(rows[indices]) for indices in stationary(len(rows), mean_block, resamples, seed)]
    values = np.concatenate(drawn)
    return percentiles(values[np.isfinite(values)], confidence)

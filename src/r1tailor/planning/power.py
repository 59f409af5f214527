"""What a number of held-out items can show: power of the paired comparison, and how well one share is known (Wilson).

The base and the tuned model answer the same items. Only items on which one is right and the other wrong count, and the
exact McNemar test is the sign test over those. How many items the tuned model loses is assumed and said aloud.
"""

from math import ceil, sqrt

import numpy as np
from scipy.special import ndtri
from scipy.stats import binom, norm

LOST = 0.05  # share of items that the base model has right and the tuned model wrong
_POWER, _ALPHA = 0.8, 0.05
_SHIFT = float(norm.ppf(1 - _ALPHA / 2) + norm.ppf(_POWER))  # of a normal test, times the root of the items


def sign_power(items: int, ties: float, win: float, alpha: float) -> float:
    """Return the probability that a two-sided sign test rejects: over the number of ties, then over the wins.

    Args:
        items: how many there are.
        ties: expected share of items without a difference.
        win: share of the other items that the better side wins.
        alpha: level of the test.
    """
    counts = np.arange(items + 1)
    weights = binom.pmf(counts, items, 1 - ties)
    likely = weights > 1e-9
    n, weights = counts[likely], weights[likely]
    least = binom.isf(alpha / 2, n, 0.5) + 1  # wins; n + 1 where no number of them is enough
    rejects = np.where(least <= n, binom.sf(least - 1, n, win) + binom.cdf(n - least, n, win), 0.0)
    return float(weights @ rejects)


def gain_power(items: int, gain: float, lost: float = LOST) -> float:
    """Return the power to find that the tuned model gains a share of the items, of which it loses ``lost``."""
    differing = gain + 2 * lost
    return sign_power(items, 1 - differing, (gain + lost) / differing, _ALPHA) if differing < 1 else 1.0


def detectable_gain(items: int, lost: float = LOST) -> float | None:
    """Return the smallest gain, in whole points, that is found with a probability of 0.8; None if none is."""
    gains = (points / 100 for points in range(1, 90))
    return next((gain for gain in gains if gain_power(items, gain, lost) >= _POWER), None)


def needed_items(gain: float, lost: float = LOST) -> int:
    """Return the fewest items with which a gain is found with a probability of 0.8."""
    about = _SHIFT**2 * (gain + 2 * lost) / gain**2  # of a normal test
    low, high = max(1, int(about / 2)), 2 * int(about) + 20
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if gain_power(middle, gain, lost) >= _POWER else (middle + 1, high)
    return low


def detectable_shift(items: int) -> float:
    """Return the change of a mean, in standard deviations of the items' differences, found with power 0.8."""
    return _SHIFT / sqrt(items)


def items_for_shift(shift: float) -> int:
    """Return the fewest items with which such a change is found with a probability of 0.8."""
    return ceil((_SHIFT / shift) ** 2)


def wilson(successes: float, n: float, confidence: float) -> tuple[float, float]:
    """Return Wilson's score interval of a proportion; NaN without items.

    Args:
        successes: of the items; neither need be whole, as where items are worth less than they are many.
        n: how many items there are.
        confidence: of the interval.

    >>> [round(end, 2) for end in wilson(72, 90, 0.95)]
    [0.71, 0.87]
    """
    if not n:
        return float("nan"), float("nan")
    z, share = float(ndtri(0.5 + 0.5 * confidence)), successes / n
    denominator = 2 * (n + z**2)
    centre, half = (2 * n * share + z**2) / denominator, z / denominator * sqrt(4 * n * share * (1 - share) + z**2)
    return 0.0 if successes == 0 else centre - half, 1.0 if successes == n else centre + half

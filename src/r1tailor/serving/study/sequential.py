"""A confidence sequence for a mean: an interval that holds at every number of items at once.

It may be looked at after each item, and the study stopped when it excludes 0, without more false winners than its
level. The hedged capital process of Waudby-Smith and Ramdas (2024), Estimating means of bounded random variables by
betting, Journal of the Royal Statistical Society B 86(1), sections 4.2 to 4.4: two gamblers bet that the mean is larger
and smaller than each candidate; a candidate is left out for good once their capital reaches 1/alpha (Ville).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_CANDIDATES = 401
_MOST_BET = 0.5  # of what a gambler may bet without going broke


def confidence_sequence(values: Sequence[float], alpha: float) -> tuple[float, float]:
    """Return the interval after all values: the intersection of those after each of them; (0, 0) if it is empty.

    Args:
        values: one an item, each in [-1, 1], in the order in which the plan has the items.
        alpha: probability that the mean is ever outside.
    """
    x = (np.asarray(values, np.float64) + 1) / 2
    candidates = np.linspace(0, 1, _CANDIDATES)
    bets = _bets(x, alpha)[:, None]
    with np.errstate(divide="ignore"):
        up = np.minimum(bets, _MOST_BET / candidates)
        down = np.minimum(bets, _MOST_BET / (1 - candidates))
    gains = x[:, None] - candidates
    larger = np.log1p(up * gains).cumsum(0)
    smaller = np.log1p(-down * gains).cumsum(0)
    capital = np.maximum(larger, smaller) - np.log(2)
    inside = candidates[(capital < np.log(1 / alpha)).all(0)]
    if not len(inside):
        return 0.0, 0.0
    return float(2 * inside[0] - 1), float(2 * inside[-1] - 1)


def _bets(x: NDArray[np.float64], alpha: float) -> NDArray[np.float64]:
    """Return each item's bet from the items before it only: small where little is known, or much varies."""
    count = np.arange(1, len(x) + 1)
    mean = (0.5 + x.cumsum()) / (count + 1)
    variance = (0.25 + ((x - mean) ** 2).cumsum()) / (count + 1)
    before = np.concatenate([[0.25], variance])[: len(x)]
    bets: NDArray[np.float64] = np.sqrt(2 * np.log(2 / alpha) / (before * count * np.log(count + 1)))
    return bets

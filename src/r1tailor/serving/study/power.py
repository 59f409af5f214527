"""What a number of items can find: the power of an exact two-sided sign test on the items that are not tied."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

Floats = NDArray[np.float64]
_MOST = 5000  # items


@dataclass(frozen=True, slots=True)
class Power:
    """What a study of so many items can find.

    Attributes:
        ties: assumed share of tied items.
        win: assumed share of the items without a tie on which the better subject is preferred.
        alpha: level of the final test.
        power: probability that the test finds it.
        detectable: the smallest such share that is found with a probability of 0.8; None if no share is.
        needed: items with which ``win`` is found with a probability of 0.8; None if more than 5000.
    """

    ties: float
    win: float
    alpha: float
    power: float
    detectable: float | None
    needed: int | None

    def __str__(self) -> str:
        found = f"finds a win rate of {self.win:.0%} with probability {self.power:.2f}"
        least = "none" if self.detectable is None else f"{self.detectable:.0%}"
        needed = f"more than {_MOST}" if self.needed is None else str(self.needed)
        return (
            f"assuming {self.ties:.0%} ties, the sign test at {self.alpha:g} {found} "
            f"(smallest win rate found with 0.80: {least}; items needed for {self.win:.0%}: {needed})"
        )


def power_of(items: int, ties: float, win: float, alpha: float) -> Power:
    """Return what a sign test over so many items can find."""
    shares = np.arange(0.50, 1.0, 0.01)
    detectable = next((float(share) for share in shares if sign_power(items, ties, float(share), alpha) >= 0.8), None)
    return Power(ties, win, alpha, sign_power(items, ties, win, alpha), detectable, _needed(ties, win, alpha))


def sign_power(items: int, ties: float, win: float, alpha: float) -> float:
    """Return the probability that the test rejects: over the number of ties, then over the wins."""
    counts = np.arange(items + 1)
    weights = binom.pmf(counts, items, 1 - ties)
    likely = counts[weights > 1e-9]
    return float(sum(weights[count] * _rejects(int(count), win, alpha) for count in likely))


def _rejects(n: int, win: float, alpha: float) -> float:
    least = _critical(n, alpha)
    return float(binom.sf(least - 1, n, win) + binom.cdf(n - least, n, win)) if least <= n else 0.0


@cache
def _critical(n: int, alpha: float) -> int:
    """Return the smallest number of wins of n that the two-sided test rejects; n + 1 if none is."""
    wins = np.arange(n // 2 + 1, n + 1)
    p = 2 * binom.sf(wins - 1, n, 0.5)
    return int(wins[p <= alpha][0]) if (p <= alpha).any() else n + 1


def _needed(ties: float, win: float, alpha: float) -> int | None:
    low, high = 1, _MOST
    if win <= 0.5 or sign_power(high, ties, win, alpha) < 0.8:
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if sign_power(middle, ties, win, alpha) >= 0.8 else (middle + 1, high)
    return low

"""What a number of items can find: the power of an exact two-sided sign test on the items that are not tied."""

from dataclasses import dataclass

import numpy as np

from r1tailor.planning.power import sign_power

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


def _needed(ties: float, win: float, alpha: float) -> int | None:
    low, high = 1, _MOST
    if win <= 0.5 or sign_power(high, ties, win, alpha) < 0.8:
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if sign_power(middle, ties, win, alpha) >= 0.8 else (middle + 1, high)
    return low

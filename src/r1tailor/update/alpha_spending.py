"""How much error each day's proof may spend, so that all days of a period together spend no more than alpha.

Online fallback (Tian and Ramdas 2021, Online control of the familywise error rate, Statistical Methods in Medical
Research 30(4)): try i has its share of alpha, and the level of the try before where that one showed an improvement.
The probability of one or more false improvements in a period is at most alpha, however the tries depend on each other:
the same held-out items may prove every candidate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

Spending = Literal["even", "front"]
_DECAY = 1.5  # exponent: the share of try i falls as i ** -1.5


@dataclass(frozen=True, slots=True)
class Try:
    """One candidate that was put to the proof.

    Attributes:
        level: at which its improvement was tested.
        shown: whether an improvement was shown.
    """

    level: float
    shown: bool


def level(alpha: float, horizon: int, spending: Spending, before: Sequence[Try]) -> float:
    """Return the level at which the next candidate's improvement is tested.

    A new period begins after ``horizon`` tries: the bound is one for each period.

    Args:
        alpha: probability that a period promotes one or more candidates that are no better than their champions.
        horizon: tries of a period.
        spending: ``even``: each try has the same share; ``front``: the first tries have more.
        before: all earlier tries, oldest first.

    >>> level(0.05, 100, "even", [])
    0.0005
    >>> level(0.05, 100, "even", [Try(0.0005, True)])
    0.001
    """
    number = len(before) % horizon
    share = alpha * _share(number, horizon, spending)
    handed_on = before[-1].level if number and before[-1].shown else 0.0
    return share + handed_on


def _share(number: int, horizon: int, spending: Spending) -> float:
    if spending == "even":
        return 1 / horizon
    return float((number + 1) ** -_DECAY / _whole(horizon))


@cache
def _whole(horizon: int) -> float:
    return float(sum((i + 1) ** -_DECAY for i in range(horizon)))

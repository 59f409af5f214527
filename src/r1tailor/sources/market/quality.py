"""What stands out in a series of daily prices, seen from them alone: splits, outliers, holes, other large steps.

A *split* that nobody adjusted is one step by a ratio such as 7:1 or 1:10, with calm days before and after it: a crash
of that size has neither. A ratio below 3 has to be met to about a hundredth, since single stocks do fall by half in a
day (Apple on 2000-09-29). An *outlier* jumps and is back on the next day. A *hole* is a stretch of days without a
price. The usual move is the deviation of the log returns before a day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
_RATIOS = (1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50, 100)
_BEFORE, _AROUND = 63, 5  # trading days that tell the usual move, and that must be calm next to a split
_STILL = 0.002  # the least usual move: of a series that hardly moves
_SMALL, _SMALL_ALLOWED = 3, 0.012  # ratios that crashes reach as well, and how near they have to be met
_LARGEST_MOVE = 0.3  # counts for the usual move
_LEAST_OUTLIER, _LEAST_STEP = np.log(1.2), np.log(1.3)
_FROM_MEAN = 1.2533  # from the mean of absolute values to the deviation of a normal distribution


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a series that people should know of.

    Attributes:
        kind: ``split``, ``outlier``, ``hole`` or ``step``.
        before: the day before it.
        day: the day of it; of a hole, the first day after it.
        ratio: price of the day over that of the day before.
        split: what prices before a split are divided by, 7 for 7:1; 1 otherwise.
    """

    kind: str
    before: date
    day: date
    ratio: float
    split: float = 1.0


def findings(days: Sequence[date], prices: Sequence[float], gap_days: int) -> Iterator[Finding]:
    """Yield what stands out in a series, in the order of days.

    Args:
        days: [N] in order, each once.
        prices: [N] above zero.
        gap_days: calendar days from one price to the next above which there is a hole.
    """
    returns = np.diff(np.log(np.array(prices, np.float64)))
    usual = _usual(returns)
    skip = -1
    for at, move in enumerate(returns.tolist()):
        before, day = days[at], days[at + 1]
        ratio = float(np.exp(move))
        if (day - before).days > gap_days:
            yield Finding("hole", before, day, ratio)
        if at == skip or abs(move) < 8 * usual[at]:
            continue
        if _returns_at_once(returns, usual, at):
            skip = at + 1
            yield Finding("outlier", before, day, ratio)
        elif split := _split(returns, usual[at], at):
            yield Finding("split", before, day, ratio, split)
        elif abs(move) >= max(_LEAST_STEP, 10 * usual[at]):
            yield Finding("step", before, day, ratio)


def _usual(returns: Numbers) -> list[float]:
    """Return the usual move before each return; of the first ones, that of the returns after them."""
    found = []
    for at in range(len(returns)):
        near = returns[max(0, at - _BEFORE) : at] if at >= _AROUND else returns[at + 1 : at + 1 + _BEFORE]
        mean = float(np.minimum(np.abs(near), _LARGEST_MOVE).mean()) if len(near) else 0.0
        found.append(max(_STILL, _FROM_MEAN * mean))
    return found


def _returns_at_once(returns: Numbers, usual: Sequence[float], at: int) -> bool:
    if abs(returns[at]) < max(_LEAST_OUTLIER, 10 * usual[at]) or at + 1 >= len(returns):
        return False
    return bool(abs(returns[at] + returns[at + 1]) <= 0.2 * abs(returns[at]))


def _split(returns: Numbers, usual: float, at: int) -> float:
    """Return what prices before a step are divided by if it is a split; 0 if it is none."""
    near = np.concatenate([returns[max(0, at - _AROUND) : at], returns[at + 1 : at + 1 + _AROUND]])
    if len(near) < _AROUND:
        return 0.0
    for ratio in _RATIOS:
        allowed = _SMALL_ALLOWED if ratio < _SMALL else min(0.1, max(0.01, 4 * usual))
        if np.abs(near).max() > max(0.03, (3 if ratio < _SMALL else 4.5) * usual):
            continue
        for factor in (ratio, 1 / ratio):
            if abs(returns[at] + np.log(factor)) <= allowed:
                return float(factor)
    return 0.0

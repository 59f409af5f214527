"""The interval of a paired difference of two shares, which is honest also where hardly any item differs.

A bootstrap of items that all agree has no width, whatever their number; Tango's score interval (Statistics in Medicine
1998, 17:891-908) has the width that the number of items deserves: 50 items without one difference show no more than
that a difference of 7 points is unlikely.
"""

from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Outcomes = NDArray[np.bool_]
_STEPS = 60  # of the bisection: far below what a float can tell apart


def counts(base: Outcomes, tuned: Outcomes) -> tuple[int, int]:
    """Return how many items the tuned model alone has right, and how many the base model alone."""
    return int((tuned & ~base).sum()), int((base & ~tuned).sum())


def tango(won: int, lost: int, n: int, confidence: float) -> tuple[float, float]:
    """Return both ends of the score interval of (won - lost) / n; NaN without items.

    Args:
        won: items that the tuned model alone has right.
        lost: items that the base model alone has right.
        n: all items.
        confidence: of the interval.

    >>> [round(end, 4) for end in tango(6, 16, 161, 0.95)]  # Cavo et al. 2012, as R's contingencytables has it
    [-0.124, -0.0054]
    """
    if not n:
        return float("nan"), float("nan")
    z, middle = float(ndtri(0.5 + 0.5 * confidence)), (won - lost) / n
    ends = (_end(won, lost, n, middle, -1.0, -z), _end(won, lost, n, middle, 1.0, z))
    return ends[0], ends[1]


def _end(won: int, lost: int, n: int, middle: float, limit: float, z: float) -> float:
    """Return where the score statistic is ``-z``, between the difference and the end of the scale."""
    inner, outer = middle, limit
    for _ in range(_STEPS):
        half = (inner + outer) / 2
        beyond = _score(won, lost, n, half) < -z if z > 0 else _score(won, lost, n, half) > -z
        inner, outer = (inner, half) if beyond else (half, outer)
    return outer


def _score(won: int, lost: int, n: int, difference: float) -> float:
    """Return the score statistic of a difference: how far it is from the observed one, in standard errors under it."""
    # Tango's restricted estimate of the share that the base model alone has right.
    b = -won - lost + (2 * n - won + lost) * difference
    c = -lost * difference * (1 - difference)
    share = (sqrt(max(b * b - 8 * n * c, 0.0)) - b) / (4 * n)
    variance = n * (2 * share + difference * (1 - difference))
    observed = won - lost - n * difference
    if variance <= 0:
        return 0.0 if observed == 0 else float("inf") if observed > 0 else float("-inf")
    return observed / sqrt(variance)

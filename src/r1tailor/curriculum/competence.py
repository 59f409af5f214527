"""Harder examples join step by step: competence-based curriculum learning (Platanios et al. 2019, arXiv:1903.09848)."""

import math
import random
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Literal

from r1tailor.curriculum.shuffled import together


def competence(step: int, over: float, initial: float, pacing: Literal["linear", "root"]) -> float:
    """Return the share of the examples, from easy to hard, that a step may draw from (equations 6 and 7 there).

    linear: min(1, t (1 - c0) / T + c0); root: min(1, sqrt(t (1 - c0^2) / T + c0^2)).

    Args:
        step: t, from 0.
        over: T, the step at which all may be drawn from; above 0.
        initial: c0, in (0, 1].
        pacing: linear adds as many examples at each step; root adds fewer and fewer, so that each new one is seen
            about as often.

    >>> [round(competence(step, 4, 0.2, "root"), 3) for step in (0, 1, 4, 9)]
    [0.2, 0.529, 1.0, 1.0]
    """
    power = 2 if pacing == "root" else 1
    reached: float = step * (1 - initial**power) / over + initial**power
    return min(1.0, math.sqrt(reached) if pacing == "root" else reached)


def steps(
    quantiles: Sequence[float],
    batch_size: int,
    seed: int,
    numbers: range,
    allowed: Sequence[float],
    conversations: Sequence[str] | None = None,
) -> list[list[int]]:
    """Draw the examples of some steps, each from those whose quantile its competence allows.

    A step draws none twice. Where fewer than a batch are allowed, the easiest fill it. Turns of one conversation are
    drawn together, so that a row holds their shared history once, and are as hard as the hardest of them; a step then
    has about ``batch_size`` examples.

    Args:
        quantiles: of each example, all different.
        batch_size: in examples.
        seed: of the run.
        numbers: of the steps.
        allowed: the competence at each of them.
        conversations: of each example, empty for one that stands alone; None where all do.
    """
    units = together(conversations or [""] * len(quantiles))
    units.sort(key=lambda unit: max(quantiles[one] for one in unit))
    ends = list(accumulate(map(len, units)))
    size = min(batch_size, len(quantiles))
    result = []
    for step, share in zip(numbers, allowed, strict=True):
        most = max(size, math.floor(share * len(quantiles) + 1e-9))  # quantiles are n / N
        easy = max(1, bisect_right(ends, most))
        drawn = random.Random(f"{seed}/competence/{step}").sample(range(easy), min(size, easy))
        result.append(_about([units[place] for place in drawn], size))
    return result


def _about(units: Sequence[Sequence[int]], size: int) -> list[int]:
    """Return the examples of the first units, as many as come nearest to a number of examples; at least one unit."""
    ends = [0, *accumulate(map(len, units))]
    count = min(range(1, len(ends)), key=lambda number: abs(ends[number] - size))
    return [one for unit in units[:count] for one in unit]

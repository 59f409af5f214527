"""Harder examples join step by step: competence-based curriculum learning (Platanios et al. 2019, arXiv:1903.09848)."""

import math
import random
from collections.abc import Sequence
from typing import Literal


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
    quantiles: Sequence[float], batch_size: int, seed: int, numbers: range, allowed: Sequence[float]
) -> list[list[int]]:
    """Draw the examples of some steps, each from those whose quantile its competence allows.

    A step draws none twice. Where fewer than a batch are allowed, the easiest fill it.

    Args:
        quantiles: of each example, all different.
        batch_size: in examples.
        seed: of the run.
        numbers: of the steps.
        allowed: the competence at each of them.
    """
    order = sorted(range(len(quantiles)), key=quantiles.__getitem__)
    size = min(batch_size, len(order))
    result = []
    for step, share in zip(numbers, allowed, strict=True):
        easy = max(size, math.floor(share * len(order) + 1e-9))  # quantiles are n / N
        result.append([order[place] for place in random.Random(f"{seed}/competence/{step}").sample(range(easy), size)])
    return result

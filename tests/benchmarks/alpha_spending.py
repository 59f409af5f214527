"""Promotions of candidates that are no better: 300 days, many seeds; and false alarms of the control limits.

Run: python -m tests.benchmarks.alpha_spending [seeds]
"""

import sys

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from r1tailor.update.alpha_spending import Spending, Try, level
from r1tailor.update.control_limits import Signal, alarm

DAYS, ITEMS, DISCORDANT, ALPHA = 300, 400, 0.10, 0.05
WHERE = ("new items each day", "the same items every day")


def null_p_values(seed: int, days: int = DAYS, *, same_items: bool = False) -> NDArray[np.float64]:
    """Return [days] one-sided p-values of candidates that are equal to the champion.

    With ``same_items`` a hard item stays a hard item: candidates win and lose on the same few of them.
    """
    generator = np.random.default_rng(seed)
    if same_items:
        undecided = generator.random(ITEMS) < 2 * DISCORDANT
        differing = generator.random((days, int(undecided.sum()))) < 0.5
        won = (differing & (generator.random(differing.shape) < 0.5)).sum(1)
        count = differing.sum(1)
    else:
        count = generator.binomial(ITEMS, DISCORDANT, days)
        won = generator.binomial(count, 0.5)
    return np.where(count > 0, binom.sf(won - 1, count, 0.5), 1.0)


def promoted(p_values: NDArray[np.float64], spending: Spending, honest: NDArray[np.bool_] | None = None) -> int:
    """Return how many equal candidates an improvement is shown of; days that are ``honest`` always show one."""
    tries: list[Try] = []
    false = 0
    for day, p in enumerate(p_values):
        at = level(ALPHA, DAYS, spending, tries)
        better = bool(honest is not None and honest[day])
        shown = better or bool(p <= at)
        false += shown and not better
        tries.append(Try(at, shown))
    return false


def family_wise(seeds: int, spending: Spending, *, same_items: bool = False, honest: float = 0.0) -> float:
    """Return the share of periods in which one or more equal candidates are promoted."""
    hits = 0
    for seed in range(seeds):
        better = np.random.default_rng(seed + 10**6).random(DAYS) < honest
        hits += promoted(null_p_values(seed, same_items=same_items), spending, better) > 0
    return hits / seeds


def naive(seeds: int) -> float:
    """Return the same where every day is tested at alpha."""
    return float(np.mean([(null_p_values(seed) <= ALPHA).any() for seed in range(seeds)]))


def alarms(seeds: int, requests: int, before: float, after: float, margin: float, alpha: float = ALPHA) -> float:
    """Return the share of rollouts that are rolled back, with a signal of one rate before and another after."""
    hits = 0
    for seed in range(seeds):
        generator = np.random.default_rng(seed)
        reference = generator.random(2000) < before
        live = generator.random(requests) < after
        signal = Signal("corrected", tuple(reference.tolist()), tuple(live.tolist()), margin)
        hits += alarm(signal, alpha).raised
    return hits / seeds


def main() -> None:
    """Print both tables."""
    seeds = int(sys.argv[1]) if sys.argv[1:] else 2000
    print(f"{DAYS} days, {ITEMS} items a day, {DISCORDANT:.0%} discordant, alpha {ALPHA}, {seeds} seeds")
    print(f"every day at alpha: {naive(min(seeds, 500)):.4f} of periods promote an equal candidate")
    for spending in ("even", "front"):
        for same in (False, True):
            for honest in (0.0, 0.5, 0.9):
                rate = family_wise(seeds, spending, same_items=same, honest=honest)
                print(f"{spending}, {WHERE[same]}, {honest:.0%} of days better: {rate:.4f}")
    runs = max(seeds // 5, 50)
    for before, after in ((0.02, 0.02), (0.10, 0.10), (0.02, 0.08), (0.10, 0.20)):
        rates = [alarms(runs, requests, before, after, 0.01) for requests in (500, 2000)]
        shown = ", ".join(f"{rate:.4f}" for rate in rates)
        print(f"rate {before:.0%} -> {after:.0%}: rolled back within 500, 2000 requests: {shown} ({runs} runs)")


if __name__ == "__main__":
    main()

"""Equal models and known truths: how often evaluation calls equal models different, and how often intervals cover.

``python tests/benchmarks/null_models.py [DRAWS] [METRIC...]`` prints both tables. No model is run: answers are drawn.
Items have difficulties, and items of one group share a part of theirs, so that two equal models agree more than by
chance. Each model is also better at some groups and worse at others, by chance and not on average: tests that take
such items one by one find differences where there are none.

- Equal pairs: base, tuned and two plain baselines draw from the same probabilities. ``different`` is the share of pairs
  with p < 0.05, ``better`` those of them in favour of the tuned model, ``learnt`` the share that the verdict calls so.
- Coverage: the share of 95 % intervals that hold the true value.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from r1tailor.evaluation.corpus_metrics import MacroF1
from r1tailor.evaluation.metrics import ItemMetric, Mean, Perplexity, Proportion
from r1tailor.evaluation.resampling import paired_bootstrap
from r1tailor.planning.shown import LEARNT, judged

Values = NDArray[np.float64]
LABELS = ("a", "b", "c", "d")
CONFIDENCE, RESAMPLES = 0.95, 1000
LARGE = 400_000  # items of which a true value is computed


@dataclass(frozen=True)
class Items:
    """Some items: what makes each hard, and the group of each.

    Attributes:
        ease: [n] log-odds of a right answer.
        groups: [n] numbers from 0; empty where every item stands alone.
        draw: of everything random about them.
    """

    ease: Values
    groups: list[int]
    draw: np.random.Generator

    def answered(self) -> Values:
        """Return [n] log-odds of a right answer of one more model, which is better at some groups than at others."""
        if not self.groups:
            return self.ease
        own = self.draw.normal(0, 0.6, max(self.groups) + 1)
        return np.asarray(self.ease + own[self.groups])


def chance(log_odds: Values) -> Values:
    """Return probabilities of right answers."""
    return np.asarray(1 / (1 + np.exp(-log_odds)))


def items_of(draw: np.random.Generator, count: int, groups: int = 0) -> Items:
    """Return items that stand alone, or groups of one to nine of them that share half of the variance."""
    if not groups:
        return Items(draw.normal(0.7, 1.5, count), [], draw)
    sizes = draw.integers(1, 10, groups)
    numbers = np.repeat(np.arange(groups), sizes)
    shared = draw.normal(0, 1.06, groups)[numbers]
    return Items(0.7 + shared + draw.normal(0, 1.06, len(numbers)), numbers.tolist(), draw)


def accuracy(items: Items) -> Proportion:
    """Return right or wrong on each item."""
    metric = Proportion()
    metric.update(list((items.draw.random(len(items.ease)) < chance(items.answered())).astype(float)))
    return metric


def share(items: Items) -> Mean:
    """Return the share of four entries that are right, as F1 of a list has it: many ones, a tail."""
    metric = Mean()
    metric.update(list(items.draw.binomial(4, chance(items.answered())) / 4))
    return metric


def perplexity(items: Items) -> Perplexity:
    """Return likelihoods of references of 2 to 40 tokens: hard items cost more nats a token."""
    tokens = items.draw.integers(2, 41, len(items.ease))
    nats = tokens * np.exp(-0.4 * items.answered() + items.draw.normal(0, 0.3, len(items.ease)))
    metric = Perplexity()
    metric.update(list(-nats), list(tokens))
    return metric


def macro_f1(items: Items) -> MacroF1:
    """Return answers over four classes of which one is rare."""
    wanted = items.draw.choice(4, len(items.ease), p=[0.4, 0.3, 0.2, 0.1])
    right = items.draw.random(len(items.ease)) < chance(items.answered())
    given = np.where(right, wanted, items.draw.integers(0, 4, len(wanted)))
    metric = MacroF1(LABELS)
    metric.update([LABELS[place] for place in wanted], [LABELS[place] for place in given])
    return metric


Measure = Callable[[Items], ItemMetric]
MEASURES: dict[str, Measure] = {"accuracy": accuracy, "share": share, "perplexity": perplexity, "macro F1": macro_f1}


def measured(measure: Measure, items: Items, *, grouped: bool = True) -> ItemMetric:
    """Return what one model reaches on the items; groups are summed up as evaluation does it, unless it must not."""
    metric = measure(items)
    if items.groups and grouped:
        metric.cluster(items.groups)
    return metric


@dataclass(frozen=True)
class Null:
    """What pairs of equal models came to, as shares of the pairs."""

    different: float
    better: float
    learnt: float


def equal_pairs(
    measure: Measure, pairs: int, count: int, groups: int = 0, seed: int = 1, *, grouped: bool = True
) -> Null:
    """Return how often equal models are called different, better, and learnt."""
    found = np.array([_pair(measure, count, groups, (seed, pair), grouped=grouped) for pair in range(pairs)])
    return Null(*(float(share) for share in found.mean(axis=0)))


def _pair(
    measure: Measure, count: int, groups: int, seed: tuple[int, int], *, grouped: bool
) -> tuple[bool, bool, bool]:
    items = items_of(np.random.default_rng(seed), count, groups)
    base, tuned, *plain = (measured(measure, items, grouped=grouped) for _ in range(4))
    against, best = (tested(other, tuned, seed[1]) for other in (base, max(plain, key=lambda metric: metric.value)))
    (verdict,) = judged(["m"], {"m": against}, {"m": {"baseline": "plain", **best}}, CONFIDENCE).values()
    different = against["p"] < 1 - CONFIDENCE
    return different, different and against["difference"] > 0, verdict["verdict"] == LEARNT


def tested(base: ItemMetric, tuned: ItemMetric, seed: int) -> dict[str, float]:
    """Return what ``compare`` does, without the interval, which takes most of the time."""
    difference = tuned.value - base.value
    return dict.fromkeys(("low", "high"), difference) | {
        "difference": difference,
        "p": base.p_value(tuned, RESAMPLES, seed),
    }


def coverage(measure: Measure, draws: int, count: int, groups: int = 0, seed: int = 1) -> tuple[float, float]:
    """Return the share of intervals that hold the true value, and of paired differences' that hold 0."""
    true = measured(measure, items_of(np.random.default_rng(seed), LARGE, groups and LARGE // 5)).value
    hits = np.array([list(_covers(measure, true, count, groups, (seed, draw))) for draw in range(draws)])
    return float(hits[:, 0].mean()), float(hits[:, 1].mean())


def _covers(measure: Measure, true: float, count: int, groups: int, seed: tuple[int, int]) -> Iterator[bool]:
    items = items_of(np.random.default_rng((7, *seed)), count, groups)
    base, tuned = measured(measure, items), measured(measure, items)
    low, high = tuned.bounds(RESAMPLES, CONFIDENCE, seed[1])
    yield low <= true <= high
    computes, confidence = (base.of_sums, tuned.of_sums), base.widened(CONFIDENCE)
    low, high = paired_bootstrap(base.rows(), tuned.rows(), computes, RESAMPLES, confidence, seed[1])
    yield low <= 0 <= high


def main(draws: int, chosen: dict[str, Measure]) -> None:
    """Print both tables for some metrics."""
    print(f"{draws} pairs of equal models: different, better, learnt")
    for name, measure in chosen.items():
        for setup, (count, groups) in {"90 items": (90, 0), "60 groups of 1-9": (0, 60)}.items():
            found = equal_pairs(measure, draws, count, groups)
            print(f"  {name}, {setup}: {found.different:.3f}, {found.better:.3f}, {found.learnt:.3f}", flush=True)
    alone = equal_pairs(share, draws, 0, 60, grouped=False)
    print(f"  share, the same groups taken item by item: {alone.different:.3f}, {alone.better:.3f}, {alone.learnt:.3f}")
    print(f"coverage of 95 % intervals, {draws} draws: of the value, of the difference")
    setups = {"90 items": (90, 0)} | {f"{groups} groups of 1-9": (0, groups) for groups in (60, 20, 10)}
    for name, measure in chosen.items():
        for setup, (count, groups) in setups.items():
            alone, paired = coverage(measure, draws, count, groups)
            print(f"  {name}, {setup}: {alone:.3f}, {paired:.3f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500, {name: MEASURES[name] for name in sys.argv[2:] or MEASURES})

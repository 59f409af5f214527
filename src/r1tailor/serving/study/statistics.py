"""What votes say: preference, agreement, consistency, biases, satisfaction, each with an interval where it has one.

The unit of the test is the item: raters of one item are not independent. A vote for the second subject counts +1, for
the first -1, a tie and "both bad" 0; an item's value is the mean of its raters. Repeats count towards consistency only.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from r1tailor.evaluation.resampling import percentiles
from r1tailor.planning.power import wilson
from r1tailor.serving.study.draw import Trial

Floats = NDArray[np.float64]
Bounds = tuple[float, float]
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its interval, over ``n`` votes or items; NaN where nothing is known."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Rated:
    """A vote with the page that it answers.

    Attributes:
        rater: index of the rater.
        trial: what the rater saw.
        choice: ``a``, ``b``, ``tie`` or ``bad``, as shown.
        satisfaction: with answer A and answer B, 1 to 5; None where it was not given.
    """

    rater: int
    trial: Trial
    choice: str
    satisfaction: tuple[int | None, int | None] = (None, None)

    @property
    def preference(self) -> int:
        """+1 for the second subject, -1 for the first, 0 for neither."""
        return {"a": -1, "b": 1}.get(self.choice, 0) * (-1 if self.trial.swapped else 1)

    @property
    def of_subjects(self) -> tuple[int | None, int | None]:
        """Satisfaction with the first and the second subject."""
        a, b = self.satisfaction
        return (b, a) if self.trial.swapped else (a, b)


@dataclass(frozen=True, slots=True)
class Statistics:
    """All figures of a study.

    Attributes:
        net: mean preference for the second subject over the items, in [-1, 1].
        wins: items on which the second subject is preferred; ``losses`` and ``ties`` are the others.
        p: two-sided exact sign test on the items without a tie.
        alpha: Krippendorff's alpha of the preferences (ordinal).
        flips: share of repeats whose preference differs from the first vote.
        first_shown: share of the preferences that went to answer A.
        longer: share of the preferences that went to the longer answer.
        satisfaction: mean by subject, and the mean difference second - first.
        choices: votes by choice, as counted for the subjects.
    """

    net: Estimate
    wins: int
    losses: int
    ties: int
    p: float
    alpha: Estimate
    flips: Estimate
    first_shown: Estimate
    longer: Estimate
    satisfaction: tuple[Estimate, Estimate, Estimate]
    choices: dict[str, int]


def statistics(
    rated: Sequence[Rated], shape: tuple[int, int], longer: Sequence[int], resamples: int, confidence: float, seed: int
) -> Statistics:
    """Return the figures of a study.

    Args:
        rated: the votes that stand.
        shape: number of raters and of items.
        longer: by item, +1 where the second subject's answer is the longer one, -1 where the first's is, 0 for neither.
        resamples: of the bootstrap over raters and items.
        confidence: of the intervals.
        seed: of the resamples.
    """
    first = [one for one in rated if not one.trial.repeat]
    table = preferences(first, shape)
    wins, losses, ties, p = sign_test(item_values(table))

    def interval(values: Floats) -> Estimate:
        return _bootstrapped(values, resamples, confidence, seed)

    satisfied = [_satisfaction(first, shape, subject) for subject in (0, 1)]
    decided = [one for one in first if one.preference]
    with_longer = [one for one in decided if longer[one.trial.item]]
    return Statistics(
        net=interval(table),
        wins=wins,
        losses=losses,
        ties=ties,
        p=p,
        alpha=_alpha(table, resamples, confidence, seed),
        flips=_share(_flips(rated), confidence),
        first_shown=_share([one.choice == "a" for one in decided], confidence),
        longer=_share([one.preference == longer[one.trial.item] for one in with_longer], confidence),
        satisfaction=(interval(satisfied[0]), interval(satisfied[1]), interval(satisfied[1] - satisfied[0])),
        choices=_choices(first),
    )


def preferences(first: Sequence[Rated], shape: tuple[int, int]) -> Floats:
    """Return preferences [raters, items] in {-1, 0, 1}; NaN where there is no vote."""
    table = np.full(shape, NAN)
    for one in first:
        table[one.rater, one.trial.item] = one.preference
    return table


def item_values(table: Floats) -> Floats:
    """Return [items] the mean preference of each item's raters; NaN without a vote."""
    counts = (~np.isnan(table)).sum(0)
    sums = np.nansum(table, axis=0)
    return np.where(counts, sums / np.maximum(counts, 1), NAN)


def sign_test(values: Floats) -> tuple[int, int, int, float]:
    """Return wins, losses and ties among items, and the two-sided p-value; 1.0 where every item is tied."""
    wins, losses = int((values > 0).sum()), int((values < 0).sum())
    ties = int((values == 0).sum())
    return wins, losses, ties, float(binomtest(wins, wins + losses).pvalue) if wins + losses else 1.0


def _bootstrapped(table: Floats, resamples: int, confidence: float, seed: int) -> Estimate:
    """Return the mean of a table [raters, items] over its items; raters and items are resampled independently."""
    known = ~np.isnan(table)
    n = int(known.any(0).sum())
    if not n:
        return Estimate(NAN, NAN, NAN, 0)
    generator, (raters, items) = np.random.default_rng(seed), table.shape
    of_raters = generator.multinomial(raters, np.full(raters, 1 / raters), resamples)
    of_items = generator.multinomial(items, np.full(items, 1 / items), resamples)
    counts = of_raters @ known
    means = np.where(counts, (of_raters @ np.nan_to_num(table)) / np.maximum(counts, 1), 0.0)
    weights = of_items * (counts > 0)
    totals = weights.sum(1)
    values = np.where(totals, (weights * means).sum(1) / np.maximum(totals, 1), NAN)
    low, high = percentiles(values, confidence)
    return Estimate(float(np.nanmean(item_values(table)[known.any(0)])), low, high, n)


def _alpha(table: Floats, resamples: int, confidence: float, seed: int) -> Estimate:
    rated_twice = table[:, (~np.isnan(table)).sum(0) >= 2]
    counts = np.stack([(rated_twice == value).sum(0) for value in (-1, 0, 1)], axis=1)
    generator = np.random.default_rng(seed)
    draws = generator.integers(0, max(len(counts), 1), (resamples if len(counts) else 0, len(counts)))
    low, high = percentiles(np.array([krippendorff_alpha(counts[draw]) for draw in draws]), confidence)
    return Estimate(krippendorff_alpha(counts), low, high, len(counts))


def krippendorff_alpha(counts: NDArray[np.int64]) -> float:
    """Return the ordinal alpha of counts [items, values]; NaN where it is not defined: one value only, or no item."""
    if (counts.sum(0) > 0).sum() < 2:
        return NAN
    import krippendorff

    return float(krippendorff.alpha(value_counts=counts, level_of_measurement="ordinal"))


def _flips(rated: Sequence[Rated]) -> list[bool]:
    first: Mapping[tuple[int, int], int] = {
        (one.rater, one.trial.item): one.preference for one in rated if not one.trial.repeat
    }
    again = [one for one in rated if one.trial.repeat and (one.rater, one.trial.item) in first]
    return [one.preference != first[one.rater, one.trial.item] for one in again]


def _share(hits: Sequence[bool], confidence: float) -> Estimate:
    low, high = wilson(sum(hits), len(hits), confidence)
    return Estimate(sum(hits) / len(hits) if hits else NAN, low, high, len(hits))


def _satisfaction(first: Sequence[Rated], shape: tuple[int, int], subject: int) -> Floats:
    table = np.full(shape, NAN)
    for one in first:
        given = one.of_subjects[subject]
        table[one.rater, one.trial.item] = NAN if given is None else given
    return table


def _choices(first: Sequence[Rated]) -> dict[str, int]:
    counted: dict[str, Callable[[Rated], bool]] = {
        "first": lambda one: one.preference < 0,
        "second": lambda one: one.preference > 0,
        "tie": lambda one: one.choice == "tie",
        "bad": lambda one: one.choice == "bad",
    }
    return {name: sum(map(counts, first)) for name, counts in counted.items()}

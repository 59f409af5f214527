"""Signals judged as early warnings of crises.

On each decision day a signal is on or off. The *good* days of a crisis run from its onset minus ``horizon_days`` to its
onset minus ``gap_days``. Days from there to the trough are *excluded*: a crisis that has begun needs no warning. All
other days are *quiet*. Two things are counted:

- *alarms*: a signal raises an alarm, and signals in the following ``cooldown_days`` belong to it. An alarm on a good
  day is credited to that crisis, and the first one sets the lead time; an alarm on a quiet day is false. A crisis
  without a credited alarm is missed: its lead time is 0. A crisis with no decision day among its good days could not be
  warned of and does not count.
- *days*: T1 is the share of good days without a signal, T2 the share of quiet days with one. The loss is
  theta T1 + (1 - theta) T2, and usefulness is min(theta, 1 - theta) minus the loss (Alessi & Detken 2011, Eur. J.
  Polit. Econ. 27): above 0 a signal beats both always and never, and a random signal is expected to reach at most 0.
  Sarlin (2013, Econ. Lett. 119) weighs T1 and T2 by the frequencies of good and quiet days, and divides by what a
  perfect model would reach. Good days are rare, so that theta = 0.5 makes every false signal expensive: below 0 it
  would have cost less never to warn.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from r1tailor.domain.finance.rolling import TRADING_DAYS
from r1tailor.evaluation.market.blocks import block_interval
from r1tailor.evaluation.market.timeline import Episode, Timeline
from r1tailor.evaluation.resampling import Array, percentiles
from r1tailor.schema.evaluation import EarlyWarning

QUIET, EXCLUDED = -1, -2
Days = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Alarm:
    """One alarm: its trading day, and the number of the crisis it is credited to, or None for a false alarm."""

    day: int
    episode: int | None


@dataclass(frozen=True)
class Record:
    """The alarms and lead times of one series of signals.

    Attributes:
        alarms: in order.
        events: numbers of the crises that could have been warned of.
        leads: for each of them the trading days from the first credited alarm to the onset; 0 if it was missed.
        years: of quiet trading days.
        outcomes: [decision days that are not excluded, 2]: whether the day is good, whether the signal is on.
    """

    alarms: tuple[Alarm, ...]
    events: tuple[int, ...]
    leads: tuple[int, ...]
    years: float
    outcomes: Flags

    @property
    def recall(self) -> float:
        """The share of crises that were warned of; NaN without crises."""
        return float(np.mean([lead > 0 for lead in self.leads])) if self.leads else float("nan")

    @property
    def precision(self) -> float:
        """The share of alarms that are credited to a crisis; NaN without alarms."""
        return float(np.mean([a.episode is not None for a in self.alarms])) if self.alarms else float("nan")

    @property
    def false_alarms(self) -> float:
        """False alarms per year of quiet days; NaN without quiet days."""
        return sum(alarm.episode is None for alarm in self.alarms) / self.years if self.years else float("nan")

    @property
    def median_lead(self) -> float:
        """The median lead time in trading days, with 0 for missed crises; NaN without crises."""
        return float(np.median(self.leads)) if self.leads else float("nan")


def states(days: Days, episodes: Sequence[Episode], settings: EarlyWarning) -> Days:
    """Return for each day the number of the crisis whose good day it is, or QUIET, or EXCLUDED."""
    found = np.full(len(days), QUIET)
    for number in reversed(range(len(episodes))):  # where two windows overlap, the day belongs to the nearer crisis
        onset = episodes[number].onset
        found[(days >= onset - settings.horizon_days) & (days <= onset - settings.gap_days)] = number
    for episode in episodes:
        found[(days > episode.onset - settings.gap_days) & (days <= episode.trough)] = EXCLUDED
    return found


def judge(days: Days, signals: Flags, timeline: Timeline, settings: EarlyWarning) -> Record:
    """Return the record of signals.

    Args:
        days: [n] decision days, in order, as positions among the trading days.
        signals: [n] whether the signal is on.
        timeline: trading days and crises.
        settings: windows and cool-down.
    """
    of_day = states(days, timeline.episodes, settings)
    alarms = _alarms(days, signals, of_day, settings.cooldown_days)
    events = tuple(sorted({int(number) for number in of_day if number >= 0}))
    first = {alarm.episode: alarm.day for alarm in reversed(alarms)}
    leads = tuple(timeline.episodes[event].onset - first[event] if event in first else 0 for event in events)
    every = states(np.arange(days[0], days[-1] + 1), timeline.episodes, settings) if len(days) else of_day
    counted = of_day != EXCLUDED
    outcomes = np.stack([of_day[counted] >= 0, signals[counted]], axis=1)
    return Record(alarms, events, leads, float((every == QUIET).sum()) / TRADING_DAYS, outcomes)


def _alarms(days: Days, signals: Flags, of_day: Days, cooldown: int) -> tuple[Alarm, ...]:
    alarms: list[Alarm] = []
    for day, signal, state in zip(days.tolist(), signals.tolist(), of_day.tolist(), strict=True):
        cooled = not alarms or day > alarms[-1].day + cooldown
        if signal and state != EXCLUDED and cooled:
            alarms.append(Alarm(day, state if state >= 0 else None))
    return tuple(alarms)


def usefulness(outcomes: NDArray[np.generic], theta: float) -> Array:
    """Return Alessi & Detken's usefulness; NaN where there are no good or no quiet days.

    Args:
        outcomes: [..., n, 2]: whether the day is good, whether the signal is on.
        theta: weight of missed good days; false signals have weight 1 - theta.
    """
    t1, t2, _ = _error_rates(outcomes)
    return np.asarray(min(theta, 1 - theta) - theta * t1 - (1 - theta) * t2)


def relative_usefulness(outcomes: NDArray[np.generic], theta: float) -> Array:
    """Return Sarlin's relative usefulness (1 is perfect); the arguments are those of ``usefulness``."""
    t1, t2, share = _error_rates(outcomes)
    missed, false = theta * share, (1 - theta) * (1 - share)
    best = np.minimum(missed, false)
    return np.asarray((best - missed * t1 - false * t2) / best)


def _error_rates(outcomes: NDArray[np.generic]) -> tuple[Array, Array, Array]:
    """Return T1, T2 and the share of good days; NaN where there are no days of a kind."""
    good, signal = outcomes[..., 0].astype(bool), outcomes[..., 1].astype(bool)
    with np.errstate(invalid="ignore", divide="ignore"):
        t1 = (good & ~signal).sum(axis=-1) / good.sum(axis=-1)
        t2 = (~good & signal).sum(axis=-1) / (~good).sum(axis=-1)
        share = good.sum(axis=-1) / good.shape[-1]
    return np.asarray(t1), np.asarray(t2), np.asarray(share)


def figures(record: Record, theta: float) -> dict[str, float]:
    """Return the reported figures by name; NaN where one is not defined."""
    caught = [lead for lead in record.leads if lead]
    return {
        "alarms": float(len(record.alarms)),
        "credited_alarms": float(sum(alarm.episode is not None for alarm in record.alarms)),
        "recall": record.recall,
        "precision": record.precision,
        "false_alarms_per_year": record.false_alarms,
        "median_lead": record.median_lead,
        "median_lead_of_caught": float(np.median(caught)) if caught else float("nan"),
        "usefulness": float(usefulness(record.outcomes, theta)),
        "relative_usefulness": float(relative_usefulness(record.outcomes, theta)),
        "signal_rate": float(record.outcomes[:, 1].mean()) if len(record.outcomes) else float("nan"),
    }


def over_events(events: int, resamples: int, seed: int) -> NDArray[np.int64]:
    """Return [resamples, events] indices of crises drawn with replacement; the same for every model."""
    return np.random.default_rng(seed).integers(0, events, (resamples, events))


def event_intervals(record: Record, resamples: int, confidence: float, seed: int) -> dict[str, tuple[float, float]]:
    """Return the intervals of recall and median lead time under a bootstrap over crises; NaN without crises."""
    nothing = (float("nan"), float("nan"))
    if not record.leads:
        return {"recall": nothing, "median_lead": nothing}
    leads = np.array(record.leads, dtype=float)[over_events(len(record.leads), resamples, seed)]
    return {
        "recall": percentiles((leads > 0).mean(axis=1), confidence),
        "median_lead": percentiles(np.median(leads, axis=1), confidence),
    }


def usefulness_interval(
    record: Record, settings: EarlyWarning, spacing: float, resamples: int, confidence: float, seed: int
) -> tuple[float, float]:
    """Return the interval of usefulness under a bootstrap of days in blocks of about the length of a window.

    Args:
        record: of the signals.
        settings: theta and the window.
        spacing: trading days between two decision days.
        resamples: number of resamples.
        confidence: of the interval.
        seed: of the draws.
    """
    block = max(1.0, settings.horizon_days / spacing)
    return block_interval(
        record.outcomes.astype(float), lambda rows: usefulness(rows, settings.theta), block, resamples, confidence, seed
    )

"""Thresholds: which score raises a signal. They are chosen before the test, and nothing here sees the test.

A threshold is one of a grid of quantiles of the scores before the test; a score above it is a signal.
"""

from dataclasses import dataclass

import numpy as np

from r1tailor.evaluation.market.early_warning import EXCLUDED, QUIET, Days, Flags, states, usefulness
from r1tailor.evaluation.market.timeline import Timeline
from r1tailor.evaluation.resampling import Array
from r1tailor.schema.evaluation import EarlyWarning

_GRID = tuple(np.linspace(0.0, 1.0, 21))


@dataclass(frozen=True)
class Calibration:
    """Days before the test, on which thresholds are chosen.

    Attributes:
        good: [n] whether a signal on that day is a good warning.
        quiet: [n] whether it is a false one; days that are neither do not count.
        theta: weight of missed good days; false signals have weight 1 - theta.
    """

    good: Flags
    quiet: Flags
    theta: float

    def usefulness(self, signals: Flags) -> float:
        """Return Alessi & Detken's usefulness of signals on these days; NaN without good or quiet days."""
        counted = self.good | self.quiet
        return float(usefulness(np.stack([self.good[counted], signals[counted]], axis=1), self.theta))

    def false_rate(self, signals: Flags) -> float:
        """Return the share of quiet days with a signal; 0 without quiet days."""
        return float(signals[self.quiet].mean()) if self.quiet.any() else 0.0


def calibration(days: Days, end: int, timeline: Timeline, settings: EarlyWarning) -> Calibration:
    """Return which days before the test are good and which are quiet.

    Args:
        days: [n] decision days before the test, as positions among the trading days.
        end: the first decision day of the test. A crisis that begins later was not known by then, so that its window
            has no good days yet. Whether days shortly before ``end`` were quiet was not known either: they do not
            count.
        timeline: trading days and crises.
        settings: windows and theta.
    """
    known = [episode for episode in timeline.episodes if episode.onset < end]
    of_day = states(days, known, settings)
    undecided = days > end - settings.horizon_days
    return Calibration((of_day >= 0) & (of_day != EXCLUDED), (of_day == QUIET) & ~undecided, settings.theta)


def grid(scores: Array) -> list[float]:
    """Return the distinct thresholds to try, ascending: quantiles of the scores before the test."""
    return sorted({float(value) for value in np.quantile(scores, _GRID)})


def most_useful(scores: Array, on: Calibration) -> float:
    """Return the threshold of highest usefulness; of equally useful ones the highest.

    Without a crisis before the test usefulness is not defined: then only a score above all earlier ones is a signal.
    """
    tried = grid(scores)
    if not on.good.any() or not on.quiet.any():
        return tried[-1]
    return max(reversed(tried), key=lambda threshold: on.usefulness(scores > threshold))


def at_false_rate(scores: Array, on: Calibration, rate: float) -> float:
    """Return the lowest threshold whose share of false signals before the test does not exceed a rate."""
    candidates = np.unique(scores)
    allowed = [value for value in candidates if on.false_rate(scores > value) <= rate]
    return float(min(allowed, default=candidates[-1]))

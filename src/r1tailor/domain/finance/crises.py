"""Crises, derived from prices: deep falls of an index from its running peak, named by a table of documented events.

An episode begins at a peak and ends with the first close that reaches it again. It is a crisis if it falls deeper than
a threshold; its onset is the first close at which the fall has reached a smaller one. A fall within an episode that has
not recovered (2011 within that of 2007 to 2013) belongs to it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from r1tailor.domain.finance.point_in_time import Days, Numbers
from r1tailor.domain.finance.settings import Crises, CrisisEvent

_LIKE = 0.4  # how far the depth of a crisis may lie from that of the event it is named after, as a share


@dataclass(frozen=True, slots=True)
class Crisis:
    """One deep fall.

    Attributes:
        name: of the first documented event of this market and size between peak and trough, or ``drawdown from
            <month>``.
        peak: ISO date of the last close before the fall that was the highest so far.
        onset: ISO date of the first close at which the fall reached the onset's threshold.
        trough: ISO date of the lowest close.
        depth: fall from peak to trough, negative (-0.57).
        source: where the event is documented; ``prices`` without one.
    """

    name: str
    peak: str
    onset: str
    trough: str
    depth: float
    source: str


def drawdowns(closes: Numbers) -> Numbers:
    """Return the fall [N] of closes [N] from the highest so far, 0 or negative."""
    highs = np.maximum.accumulate(closes)
    return np.asarray((closes - highs) / highs)


def crises(dates: Days, closes: Numbers, settings: Crises, market: str | None = None) -> tuple[Crisis, ...]:
    """Return the crises of an index in order.

    Args:
        dates: [N] trading days.
        closes: [N] the index's closes on them.
        settings: thresholds and the table of events.
        market: that the index is of; None where that is not known: then no event of one market names a crisis.
    """
    falls = drawdowns(closes)
    return tuple(
        _crisis(dates, falls, start, end, settings, market)
        for start, end in _episodes(falls)
        if -falls[start:end].min() >= settings.drawdown
    )


def _episodes(falls: Numbers) -> Iterator[tuple[int, int]]:
    """Yield (peak, end) of every stretch below a peak; the end is the recovery, or the end of the data."""
    peaks = np.flatnonzero(falls == 0)
    ends = np.append(peaks, len(falls))[1:]
    for peak, end in zip(peaks.tolist(), ends.tolist(), strict=True):
        if end > peak + 1:
            yield peak, end


def _crisis(dates: Days, falls: Numbers, peak: int, end: int, settings: Crises, market: str | None) -> Crisis:
    within = falls[peak:end]
    onset = peak + int(np.argmax(-within >= settings.onset_drawdown))
    trough = peak + int(within.argmin())
    first, begins, lowest = (str(dates[place]) for place in (peak, onset, trough))
    depth = float(within.min())
    event = _named(settings.events, first, lowest, depth, market)
    name, source = (event.name, event.source) if event else (f"drawdown from {first[:7]}", "prices")
    return Crisis(name, first, begins, lowest, depth, source)


def _named(
    events: Sequence[CrisisEvent], peak: str, trough: str, depth: float, market: str | None
) -> CrisisEvent | None:
    inside = [
        event
        for event in events
        if peak <= event.date <= trough
        and event.market in (None, market)
        and (event.fall is None or abs(-depth / event.fall - 1) <= _LIKE)
    ]
    return min(inside, key=lambda event: event.date, default=None)

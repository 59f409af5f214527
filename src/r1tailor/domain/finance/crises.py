"""Crises: deep falls of an index from its running peak, named after documented events, or these events themselves.

An episode begins at a peak and ends with the first close that reaches it again. It is a crisis if it falls deeper than
a threshold; its onset is the first close at which the fall has reached a smaller one. A fall within an episode that has
not recovered (2011 within that of 2007 to 2013) belongs to it. An index that stays below one peak for years (CSI 300
since 2007) has one such crisis in all that time: there the events tell more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from r1tailor.domain.finance.point_in_time import Days, Numbers
from r1tailor.domain.finance.settings import Crises, CrisisEvent

_LIKE = 0.4  # how far the depth of a crisis may lie from that of the event it is named after, as a share
_YEAR = np.timedelta64(365, "D")


@dataclass(frozen=True, slots=True)
class Crisis:
    """One deep fall.

    Attributes:
        name: of the first documented event of this market and size between peak and trough, or ``drawdown from
            <month>``; of an event, its own.
        peak: ISO date of the last close before the fall that was the highest so far; of an event, the highest close in
            the year up to its start.
        onset: ISO date of the first close at which the fall reached the onset's threshold; of an event, the first
            trading day from its start on.
        trough: ISO date of the lowest close; of an event, the last trading day up to its end.
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


def crises(
    dates: Days, closes: Numbers, settings: Crises, events: Sequence[CrisisEvent], market: str | None = None
) -> tuple[Crisis, ...]:
    """Return the crises of an index in order.

    Args:
        dates: [N] trading days.
        closes: [N] the index's closes on them.
        settings: thresholds, and whether drawdowns or events are the crises.
        events: documented ones, of all markets.
        market: that the index is of; None where that is not known: then no event of one market is one of this index.
    """
    falls, own = drawdowns(closes), _of_market(events, market)
    if settings.labels == "events":
        found = [_documented(dates, closes, event) for event in own if not _lies_beyond(event, dates)]
        return tuple(sorted(found, key=lambda crisis: crisis.onset))
    return tuple(
        _crisis(dates, falls, start, end, settings, own)
        for start, end in _episodes(falls)
        if -falls[start:end].min() >= settings.drawdown
    )


def beyond(dates: Days, events: Sequence[CrisisEvent], market: str | None = None) -> tuple[CrisisEvent, ...]:
    """Return the events of a market that begin before the first trading day or after the last, in order.

    Args:
        dates: [N] trading days.
        events: documented ones, of all markets.
        market: that the index is of.
    """
    found = [event for event in _of_market(events, market) if _lies_beyond(event, dates)]
    return tuple(sorted(found, key=lambda event: event.start))


def _of_market(events: Sequence[CrisisEvent], market: str | None) -> list[CrisisEvent]:
    return [event for event in events if event.market in (None, market)]


def _lies_beyond(event: CrisisEvent, dates: Days) -> bool:
    return not len(dates) or event.start < str(dates[0]) or event.start > str(dates[-1])


def _documented(dates: Days, closes: Numbers, event: CrisisEvent) -> Crisis:
    """Return an event as a crisis: its peak is the highest close of the year up to its start."""
    first, last = (np.datetime64(day, "D") for day in (event.start, event.end))
    onset = int(np.searchsorted(dates, first))
    trough = max(onset, int(np.searchsorted(dates, last, side="right")) - 1)
    earliest = int(np.searchsorted(dates, first - _YEAR))
    peak = earliest + int(closes[earliest : onset + 1].argmax())
    depth = float(closes[onset : trough + 1].min() / closes[peak] - 1)
    return Crisis(event.name, str(dates[peak]), str(dates[onset]), str(dates[trough]), depth, event.source)


def _episodes(falls: Numbers) -> Iterator[tuple[int, int]]:
    """Yield (peak, end) of every stretch below a peak; the end is the recovery, or the end of the data."""
    peaks = np.flatnonzero(falls == 0)
    ends = np.append(peaks, len(falls))[1:]
    for peak, end in zip(peaks.tolist(), ends.tolist(), strict=True):
        if end > peak + 1:
            yield peak, end


def _crisis(
    dates: Days, falls: Numbers, peak: int, end: int, settings: Crises, events: Sequence[CrisisEvent]
) -> Crisis:
    within = falls[peak:end]
    onset = peak + int(np.argmax(-within >= settings.onset_drawdown))
    trough = peak + int(within.argmin())
    first, begins, lowest = (str(dates[place]) for place in (peak, onset, trough))
    depth = float(within.min())
    event = _named(events, first, lowest, depth)
    name, source = (event.name, event.source) if event else (f"drawdown from {first[:7]}", "prices")
    return Crisis(name, first, begins, lowest, depth, source)


def _named(events: Sequence[CrisisEvent], peak: str, trough: str, depth: float) -> CrisisEvent | None:
    inside = [
        event
        for event in events
        if peak <= event.start <= trough and (event.fall is None or abs(-depth / event.fall - 1) <= _LIKE)
    ]
    return min(inside, key=lambda event: event.start, default=None)

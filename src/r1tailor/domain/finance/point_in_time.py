"""What was known at a time: values by event date, each from the day on which it could have been known.

A figure has two dates: the day it speaks of (event) and the day from which it could be had (available). A later
correction is a row of its own with a later availability; it never changes what was known before. Whoever asks with
``as_of`` gets nothing that was not available at that time, so that no feature can look ahead by mistake.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

from r1tailor.errors import DataError
from r1tailor.records import Document

Days = npt.NDArray[np.datetime64]  # of unit day
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Panel:
    """Values as they were known at one time.

    Attributes:
        names: [S] of the series.
        events: [N] the days they speak of, each once, in order.
        values: [N, S] NaN where nothing was known.
    """

    names: tuple[str, ...]
    events: Days
    values: Numbers


@dataclass(frozen=True)
class PointInTime:
    """Rows of values in the order in which they became available.

    Attributes:
        names: [S] of the series, sorted.
        events: [N] the days that the rows speak of.
        available: [N] the days from which they could have been known, never falling.
        values: [N, S] NaN where a row says nothing of a series.
    """

    names: tuple[str, ...]
    events: Days
    available: Days
    values: Numbers
    _late: npt.NDArray[np.int64] = field(init=False, repr=False)  # [N] rows so far that speak of no later day

    def __post_init__(self) -> None:
        days = self.events.astype(np.int64)
        late = np.zeros(len(days), np.int64)
        late[1:] = np.cumsum(days[1:] <= np.maximum.accumulate(days)[:-1])
        object.__setattr__(self, "_late", late)

    @classmethod
    def of(cls, documents: Sequence[Document], series: Sequence[str] | None = None) -> "PointInTime":
        """Return the values of market documents (``fields``: event, values); of those series, or of all there are.

        Raises:
            DataError: a document has no such fields, or could be known before the day it speaks of.
        """
        rows = sorted(((document, _values(document)) for document in documents), key=lambda row: row[0].available_at)
        names = tuple(series if series is not None else sorted({name for _, values in rows for name in values}))
        rows = [row for row in rows if any(name in row[1] for name in names)]
        dates = [_dates(document) for document, _ in rows]
        table = [[values.get(name, np.nan) for name in names] for _, values in rows]
        events, available = (np.array([pair[i] for pair in dates], "datetime64[D]") for i in (0, 1))
        return cls(names, events, available, np.array(table, np.float64).reshape(len(rows), len(names)))

    def as_of(self, at: str) -> Panel:
        """Return what was known at the end of a day: of each event and series the value that became available last."""
        count = self._count(at)
        events, values = self.events[:count], self.values[:count]
        if count and self._late[count - 1]:
            events, values = _merged(events, values)
        return Panel(self.names, events, values)

    def newest(self, at: str) -> tuple[Days, Numbers]:
        """Return (available [K], values [K, S]) of the rows that spoke of the latest day when they became available.

        From each of these days until the next they are the newest figures there are.
        """
        count = self._count(at)
        days = self.events[:count].astype(np.int64)
        kept = days >= np.maximum.accumulate(days) if count else np.zeros(0, bool)
        return self.available[:count][kept], self.values[:count][kept]

    def latest(self) -> Panel:
        """Return everything that is known by now: for outcomes, never for features."""
        return (
            self.as_of(str(self.available[-1])) if len(self.available) else Panel(self.names, self.events, self.values)
        )

    def _count(self, at: str) -> int:
        return int(self.available.searchsorted(np.datetime64(date.fromisoformat(at)), side="right"))


def _merged(events: Days, values: Numbers) -> tuple[Days, Numbers]:
    """Return rows with each event once: of each series the last of its values."""
    order = np.argsort(events, kind="stable")
    events, values = events[order], values[order]
    first = np.flatnonzero(np.concatenate([[True], events[1:] != events[:-1]]))
    last = np.concatenate([first[1:], [len(events)]]) - 1
    rows = np.where(np.isnan(values), -1, np.arange(len(events))[:, None])
    chosen = np.maximum.accumulate(rows, axis=0)[last]  # may point at an earlier event, which does not count
    merged = np.take_along_axis(values, np.maximum(chosen, 0), axis=0)
    return events[first], np.where(chosen >= first[:, None], merged, np.nan)


def _values(document: Document) -> Mapping[str, float]:
    values = document.fields.get("values")
    if not isinstance(values, Mapping) or not all(isinstance(value, int | float) for value in values.values()):
        raise DataError(f"document {document.id}: no market figures: fields must hold event (a date) and values")
    return values


def _dates(document: Document) -> tuple[date, date]:
    """Return (event, available); refuse a row that is known before what it speaks of."""
    try:
        event, available = (
            date.fromisoformat(str(day)) for day in (document.fields.get("event"), document.available_at)
        )
    except ValueError as error:
        raise DataError(f"document {document.id}: event and available_at must be dates such as 2008-09-15") from error
    if available < event:
        raise DataError(
            f"document {document.id}: available_at {available} lies before its event {event}: nothing can be known "
            "before it happens"
        )
    return event, available

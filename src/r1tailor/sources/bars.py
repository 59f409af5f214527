"""Market figures: what a row of a table says, and from when on it could have been known.

A figure has a series, an event (the day, or the last day of the month, that it is of) and a date from which it was
known. The packaged tables here are wide: the first column is the date, every other one a series, a row one document.
"""

import math
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from r1tailor.records import Document
from r1tailor.schema.market import Bars
from r1tailor.schema.sources import PackagedSource
from r1tailor.sources import csv_rows
from r1tailor.sources.base import Origin, Read
from r1tailor.sources.streams import Damage
from r1tailor.sources.written import DateFormat, NumberFormat

_MISSING = ("", "nan", "na", "n/a", "null", "none")  # how tables write that there is no figure
_DATE = "DATE"
_DATES = DateFormat(day_first=False)  # ISO and American
_PLAIN = NumberFormat()


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure of one series.

    Attributes:
        series: its name in the domain.
        event: the day that the figure is of; the last one of its month for a monthly figure.
        value: in the unit of the source.
        available_at: the date from which it could have been known; None where the feed does not say.
    """

    series: str
    event: date
    value: float
    available_at: date | None = None


def read(origin: Origin, path: Path) -> Read:
    """Yield a document for each row of a packaged table; the date, ISO or American, stands in its first column.

    A row is rejected when its date is none, stands there before or is earlier than the row's before, or when a cell is
    no figure. Empty cells are left out.

    Raises:
        DataError: the table has no header or no column for the date.
    """
    source = origin.source
    assert isinstance(source, PackagedSource)
    assert source.bars is not None  # the schema asks for it
    latest = date.min
    for position, row in csv_rows.rows(path, (_DATE,), origin.file):
        try:
            event, values = _row(row, source.bars, latest)
        except Damage as damage:
            yield origin.rejection(position, damage.reason)
            continue
        latest = event
        yield document(origin, f"{source.name}/{event}", values, event, known_from(event, source.bars), position)


def document(origin: Origin, id_: str, values: Mapping[str, float], event: date, known: date, at: str) -> Document:
    """Return the document of one event: its figures as text and, by series, in ``fields``."""
    text = f"{event} {', '.join(f'{series} {value}' for series, value in values.items())}"
    fields = {"event": event.isoformat(), "values": dict(values)}
    return origin.document(id_, text, at, fields, known.isoformat())


def event_of(day: date, bars: Bars) -> date:
    """Return the event that a figure of a day is of: the day, or the last one of its month."""
    return day if bars.period == "day" else day.replace(day=monthrange(day.year, day.month)[1])


def known_from(event: date, bars: Bars) -> date:
    """Return the date from which a figure could have been known: so many days after its event.

    Raises:
        Damage: that lies beyond the calendar.
    """
    try:
        return event + timedelta(days=bars.lag_days)
    except OverflowError:
        raise Damage("its date is beyond the calendar") from None


def figure(cell: object, bars: Bars, series: str, written: NumberFormat = _PLAIN) -> float | None:
    """Return the figure in a cell; None where there is none.

    Args:
        cell: a number or a text.
        bars: what the figures are.
        series: its name, for messages.
        written: how numbers are written as text.

    Raises:
        Damage: something else stands there, an infinite number, or a price that is not above zero; names the series.
    """
    if cell is None or (isinstance(cell, str) and cell.strip().lower() in _MISSING):
        return None
    if isinstance(cell, str):
        number = written.number(cell)
        if number is None:
            raise Damage(f"{series} is not a number{'' if written is _PLAIN else _other_format(cell, written)}")
        value = number
    elif isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool):
        value = _as_float(cell)
    else:
        raise Damage(f"{series} is not a number")
    if math.isnan(value):
        return None
    if math.isinf(value):
        raise Damage(f"{series} is infinite")
    if bars.values == "price" and value <= 0:
        raise Damage(f"{series} is a price and must be above zero")
    return value


def _other_format(text: str, written: NumberFormat) -> str:
    """Return what to set where a text is a number in another format."""
    for decimal, thousands in ((".", ","), (",", "."), (".", " "), (",", " "), (".", "'")):
        other = NumberFormat(decimal, thousands)
        if other != written and other.number(text) is not None:
            return f" as the settings have it; with decimal: {decimal!r} and thousands: {thousands!r} it is one"
    return ""


def _as_float(number: int | float | Decimal) -> float:
    try:
        return float(number)
    except (OverflowError, ValueError):
        return math.inf


def _row(row: csv_rows.Row | Damage, bars: Bars, latest: date) -> tuple[date, dict[str, float]]:
    """Return the event and the figures of a row.

    Raises:
        Damage: the row is damaged, or is not later than the latest one.
    """
    if isinstance(row, Damage):
        raise row
    event = event_of(_DATES.day(row[_DATE]), bars)
    if event <= latest:
        raise Damage("its date stands there before" if event == latest else "its date is earlier than the row's before")
    values = dict(_figures(row, bars))
    if not values:
        raise Damage("it holds no figure")
    known_from(event, bars)
    return event, values


def _figures(row: csv_rows.Row, bars: Bars) -> Iterator[tuple[str, float]]:
    for series, cell in row.items():
        if series != _DATE and (value := figure(cell, bars, series)) is not None:
            yield series, value

"""Rows of a table become bars: the same for files and databases.

A row is its place and its cells by column, or what is wrong with it. Each series must come in the order of its events;
where the table knows when a figure became available, an event may stand there once for each such date.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from r1tailor.errors import FeedRequestError
from r1tailor.records import Rejection
from r1tailor.schema.market import BarsSource, BarsSqlSource
from r1tailor.sources.bars import Bar, day, event_of, figure
from r1tailor.sources.market.feed import Page
from r1tailor.sources.streams import Damage

TableSource = BarsSource | BarsSqlSource
Row = tuple[str, dict[str, Any] | Damage]


def needed(source: TableSource) -> tuple[str, ...]:
    """Return the columns that are read, each once."""
    columns = source.columns
    wide = [] if columns.symbol else source.symbols.values()
    named = [columns.date, columns.symbol, columns.value, columns.available_at, *wide]
    return tuple(dict.fromkeys(name for name in named if name is not None))


def check_columns(source: TableSource, found: Sequence[str], shown: str) -> None:
    """Refuse a table that lacks a column.

    Raises:
        FeedRequestError: names the first column that is not there exactly once, and those that are.
    """
    for name in needed(source):
        if found.count(name) != 1:
            what = "no column is" if name not in found else "several columns are"
            there = ", ".join(found)[:200]
            raise FeedRequestError(
                f"{shown}: {what} called {name}; there are {there} (domain.sources, name: {source.name})"
            )


def page(source: TableSource, rows: Iterable[Row], shown: str, first: date, last: date) -> Page:
    """Return the bars of a table between two dates, and its damaged rows whatever their date.

    Raises:
        FeedRequestError: a symbol that is asked for stands in no row, and none is damaged.
    """
    table = _Table(source)
    bars: list[Bar] = []
    rejected: list[Rejection] = []
    for place, cells in rows:
        try:
            bars.extend(bar for bar in table.bars(cells) if first <= bar.event <= last)
        except Damage as damage:
            rejected.append(Rejection(source.name, shown, place, damage.reason))
    if not rejected:  # or the symbol may have stood where nothing could be read
        table.refuse_unknown(shown)
    bars.sort(key=lambda bar: (bar.event, bar.available_at or bar.event))
    return Page(first, last, tuple(bars), tuple(rejected))


class _Table:
    """Reads the rows of one table, one after the other."""

    def __init__(self, source: TableSource) -> None:
        self._source = source
        self._series = {symbol: series for series, symbol in source.symbols.items()}
        self._met: set[str] = set()
        self._latest: dict[str, date] = {}
        self._seen: set[tuple[str, date, date | None]] = set()

    def bars(self, cells: dict[str, Any] | Damage) -> list[Bar]:
        """Return the bars of a row.

        Raises:
            Damage: of any cell of it; then none of them counts.
        """
        if isinstance(cells, Damage):
            raise cells
        source = self._source
        event = event_of(cells[source.columns.date], source.bars)
        known = self._known(cells, event)
        found = [
            Bar(series, event, value, known)
            for series, cell in self._cells(cells)
            if (value := figure(cell, source.bars, series)) is not None
        ]
        for bar in found:
            self._refuse_repeated(bar)
        for bar in found:
            self._latest[bar.series] = event
            self._seen.add((bar.series, event, known))
        return found

    def _known(self, cells: dict[str, Any], event: date) -> date | None:
        column = self._source.columns.available_at
        if column is None:
            return None
        try:
            known = day(cells[column])
        except Damage as damage:
            raise Damage(damage.reason.replace("its date", column)) from None
        if known < event:
            raise Damage(f"{column} is before the event: no figure is known before its period ends")
        return known

    def _cells(self, cells: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        columns = self._source.columns
        if columns.symbol is None:
            for symbol, series in self._series.items():
                yield series, cells[symbol]
        else:
            symbol = cells[columns.symbol]
            if not isinstance(symbol, str) or not symbol.strip():
                raise Damage(f"{columns.symbol} is no symbol")
            self._met.add(symbol)
            if symbol in self._series:
                yield self._series[symbol], cells[str(columns.value)]

    def _refuse_repeated(self, bar: Bar) -> None:
        if (bar.series, bar.event, bar.available_at) in self._seen:
            raise Damage(f"the date of {bar.series} stands there before")
        if bar.available_at is None and bar.event <= self._latest.get(bar.series, date.min):
            # The same day is in `_seen`; what is left is earlier.
            raise Damage(f"the date of {bar.series} is earlier than the row's before")

    def refuse_unknown(self, shown: str) -> None:
        """Refuse symbols that no row has.

        Raises:
            FeedRequestError: names them and some that there are.
        """
        by_row = self._source.columns.symbol is not None
        if by_row and (missing := [symbol for symbol in self._series if symbol not in self._met]):
            there = ", ".join(sorted(self._met)[:10]) or "no symbol at all"
            raise FeedRequestError(
                f"{shown} has no symbol {', '.join(missing)}; there are {there} (domain.sources, name: "
                f"{self._source.name})"
            )

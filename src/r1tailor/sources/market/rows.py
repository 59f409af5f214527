"""Rows of a table become bars: the same for files and databases.

A row is its place and its cells by column, or what is wrong with it. Rows may stand in any order. Where the table knows
when a figure became available, an event may stand there once for each such date; otherwise an event that stands there
again is treated as ``checks.repeats`` says.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from r1tailor.errors import FeedRequestError
from r1tailor.records import Rejection
from r1tailor.schema.market import BarsSource, BarsSqlSource
from r1tailor.sources.bars import Bar, event_of, figure
from r1tailor.sources.market.feed import Page
from r1tailor.sources.streams import Damage
from r1tailor.sources.written import DateFormat, NumberFormat

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


def page(source: TableSource, rows: Iterable[Row], dates: DateFormat, shown: str, first: date, last: date) -> Page:
    """Return the bars of a table between two dates, and its damaged rows whatever their date.

    Args:
        source: its settings.
        rows: of the table.
        dates: how its dates are written.
        shown: how messages call the table.
        first: of the dates that are asked for.
        last: of them, included.

    Raises:
        FeedRequestError: a symbol that is asked for stands in no row, and none is damaged.
    """
    table = _Table(source, dates)
    rejected: list[Rejection] = []
    for place, cells in rows:
        try:
            table.read(cells)
        except Damage as damage:
            rejected.append(Rejection(source.name, shown, place, damage.reason))
    if not rejected:  # or the symbol may have stood where nothing could be read
        table.refuse_unknown(shown)
    bars = [bar for bar in table.bars.values() if first <= bar.event <= last]
    bars.sort(key=lambda bar: (bar.event, bar.available_at or bar.event))
    return Page(first, last, tuple(bars), tuple(rejected), tuple(table.remarks()))


def dates_of(source: TableSource, cells: Iterable[object], shown: str) -> DateFormat:
    """Return how the dates of a table are written.

    Raises:
        FeedRequestError: the column of dates does not show which order day and month have.
    """
    try:
        return DateFormat.of(source.dates, cells)
    except Damage as damage:
        where = f"(domain.sources, name: {source.name})"
        raise FeedRequestError(f"{shown}, {source.columns.date}: {damage.reason} {where}") from None


class _Table:
    """Reads the rows of one table, one after the other.

    Attributes:
        bars: that were read, by series, event and availability.
    """

    def __init__(self, source: TableSource, dates: DateFormat) -> None:
        self._source, self._dates = source, dates
        self._numbers = NumberFormat(source.decimal, source.thousands)
        self._series = {symbol: series for series, symbol in source.symbols.items()}
        self._met: set[str] = set()
        self._repeated: Counter[tuple[str, bool]] = Counter()  # by series, and whether the figures are equal
        self._empty: dict[str, list[date]] = {}  # days without a figure, by series
        self.bars: dict[tuple[str, date, date | None], Bar] = {}

    def read(self, cells: dict[str, Any] | Damage) -> None:
        """Take the bars of a row.

        Raises:
            Damage: of any cell of it; then none of them counts.
        """
        if isinstance(cells, Damage):
            raise cells
        source = self._source
        event = event_of(self._dates.day(cells[source.columns.date]), source.bars)
        known = self._known(cells, event)
        read = {series: figure(cell, source.bars, series, self._numbers) for series, cell in self._cells(cells)}
        found = [Bar(series, event, value, known) for series, value in read.items() if value is not None]
        for series in read.keys() - {bar.series for bar in found}:
            self._empty.setdefault(series, []).append(event)
        repeats = [bar for bar in found if _key(bar) in self.bars]
        self._refuse_other_figures(repeats)
        self._repeated.update((bar.series, self.bars[_key(bar)].value == bar.value) for bar in repeats)
        taken = found if source.checks.repeats == "last" else [bar for bar in found if _key(bar) not in self.bars]
        self.bars.update((_key(bar), bar) for bar in taken)

    def remarks(self) -> Iterator[str]:
        """Yield what repeated dates came to, and which dates have no figure, a line a series."""
        for series, days in sorted(self._empty.items()):
            yield f"{series}: {len(days):,} dates without a figure, the first on {min(days)}"
        for (series, equal), count in self._repeated.items():
            rule = self._source.checks.repeats
            what = "the same figure, counted once" if equal else f"another figure (checks.repeats: {rule})"
            yield f"{series}: {count:,} repeated dates with {what}"

    def _known(self, cells: dict[str, Any], event: date) -> date | None:
        column = self._source.columns.available_at
        if column is None:
            return None
        try:
            known = self._dates.day(cells[column])
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

    def _refuse_other_figures(self, repeats: Sequence[Bar]) -> None:
        other = [bar.series for bar in repeats if self.bars[_key(bar)].value != bar.value]
        if other and self._source.checks.repeats == "reject":
            raise Damage(f"the date of {other[0]} stands there before with another figure (checks.repeats: reject)")

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


def _key(bar: Bar) -> tuple[str, date, date | None]:
    return bar.series, bar.event, bar.available_at

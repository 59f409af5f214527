"""Bars of a Wind terminal: ``wsd`` for securities by day, ``edb`` for economic series, ``wsq`` for the latest quotes.

Long ranges are asked for page by page, several codes and one field at a time, which is what ``wsd`` allows. Before the
first page ``wss`` is asked for the names of the codes, since ``wsd`` answers an unknown code among known ones with
empty cells. ``wss`` is not asked for figures: on a holiday it gives those of the trading day before.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from r1tailor.errors import FeedRequestError
from r1tailor.records import Rejection
from r1tailor.schema.market import WindSource
from r1tailor.sources.bars import Bar, event_of, figure
from r1tailor.sources.market.feed import Page
from r1tailor.sources.market.terminal import Clock, Terminal, Wind, WindData, installed
from r1tailor.sources.streams import Damage
from r1tailor.sources.written import DateFormat

_NAME, _LATEST, _QUOTED_ON = "sec_name", "rt_last", "rt_date"
_REAL_TIME = Clock()
_DATES = DateFormat()


class WindFeed:
    """The bars of one source's codes.

    Args:
        source: its settings.
        wind: WindPy's ``w``, or what speaks like it.
        clock: passes the time between calls.

    Raises:
        FeedUnavailableError: WindPy is not installed.
    """

    def __init__(self, source: WindSource, wind: Wind | None = None, clock: Clock = _REAL_TIME) -> None:
        self._source = source
        self._terminal = Terminal(source, installed(source) if wind is None else wind, clock)
        self._codes = ",".join(source.symbols.values())
        self._series = {code.upper(): series for series, code in source.symbols.items()}
        self._known = source.function == "edb"  # economic series have no names to ask for

    def pages(self, first: date, last: date) -> Iterator[Page]:
        """Yield a page of at most ``page_days`` after the other.

        Raises:
            FeedError: the terminal refuses, or knows no such code.
        """
        self._refuse_unknown()
        while first <= last:
            end = min(last, first + timedelta(days=self._source.page_days - 1))
            yield self._page(first, end)
            first = end + timedelta(days=1)

    def quotes(self) -> Page | None:
        """Return the latest quotes; None where they are not wanted or there is none.

        Raises:
            FeedError: the terminal refuses.
        """
        if not self._source.quotes:
            return None
        fields = f"{_LATEST},{_QUOTED_ON}"
        answer = self._terminal.ask(f"wsq of {self._codes}", lambda wind: wind.wsq(self._codes, fields))
        if answer is None:
            return None
        latest, quoted_on = _by_field(answer, _LATEST), _by_field(answer, _QUOTED_ON)
        cells = [
            (code, _quoted(day), value) for code, day, value in zip(answer.Codes, quoted_on, latest, strict=True) if day
        ]
        bars, rejected = self._figures(cells, "wsq")
        days = [bar.event for bar in bars]
        return Page(min(days), max(days), tuple(bars), tuple(rejected)) if days else None

    def _page(self, first: date, last: date) -> Page:
        source, end = self._source, last.isoformat()
        # A monthly figure is of the page in which its month ends, whatever day of the month the terminal gives it.
        begin = (first if source.bars.period == "day" else first.replace(day=1)).isoformat()

        def call(wind: Wind) -> WindData:
            if source.function == "edb":
                return wind.edb(self._codes, begin, end, source.options)
            return wind.wsd(self._codes, str(source.field), begin, end, source.options)

        request = f"{source.function} of {self._codes}, {begin} to {end}"
        answer = self._terminal.ask(request, call)
        bars, rejected = self._figures(_cells(answer, request) if answer else [], request)
        whole = [bar for bar in bars if first <= bar.event <= last]
        return Page(first, last, tuple(sorted(whole, key=lambda bar: bar.event)), tuple(rejected))

    def _figures(self, cells: Sequence[tuple[str, Any, Any]], request: str) -> tuple[list[Bar], list[Rejection]]:
        """Return the bars of (code, date, value) cells, and what is wrong with the others."""
        bars, rejected, seen = [], [], set()
        for code, day, cell in cells:
            try:
                bar = self._bar(code, day, cell)
                if bar is not None and (bar.series, bar.event) in seen:
                    raise Damage(f"the date of {bar.series} stands there before")
            except Damage as damage:
                place = f"{code} on {str(day)[:10]}"
                rejected.append(Rejection(self._source.name, f"the answer to {request}", place, damage.reason))
                continue
            if bar is not None:
                seen.add((bar.series, bar.event))
                bars.append(bar)
        return bars, rejected

    def _bar(self, code: str, day: object, cell: object) -> Bar | None:
        series = self._series.get(code.upper())
        if series is None:
            raise Damage("it was not asked for")
        value = figure(cell, self._source.bars, series)
        if value is None:
            return None
        return Bar(series, event_of(_DATES.day(_without_time(day)), self._source.bars), value)

    def _refuse_unknown(self) -> None:
        """Ask once for the names of the codes.

        Raises:
            FeedRequestError: some have none; names them.
        """
        if self._known:
            return
        answer = self._terminal.ask(f"wss of {self._codes}", lambda wind: wind.wss(self._codes, _NAME))
        names = dict(zip(answer.Codes, answer.Data[0], strict=True)) if answer else {}
        if missing := [code for code in self._source.symbols.values() if not names.get(code.upper())]:
            raise FeedRequestError(
                f"the Wind terminal knows no code {', '.join(missing)}; a code is written like 000300.SH "
                f"(domain.sources, name: {self._source.name})"
            )
        self._known = True


def _cells(answer: WindData, request: str) -> list[tuple[str, Any, Any]]:
    """Return (code, date, value) for each cell of an answer of one field.

    Its data are [codes][times], but [1][codes] where several codes have one day.

    Raises:
        FeedRequestError: they have another shape.
    """
    codes, times, data = list(answer.Codes), list(answer.Times), [list(row) for row in answer.Data]
    if len(times) == 1 and len(data) == 1 and len(data[0]) == len(codes):
        data = [[value] for value in data[0]]
    if len(data) != len(codes) or any(len(row) != len(times) for row in data):
        shape = f"{len(data)} rows for {len(codes)} codes and {len(times)} dates"
        raise FeedRequestError(f"{request}: the terminal's answer has {shape}")
    return [
        (code, time, value)
        for code, row in zip(codes, data, strict=True)
        for time, value in zip(times, row, strict=True)
    ]


def _by_field(answer: WindData, name: str) -> Sequence[Any]:
    """Return the row of a field; WindPy writes their names in capitals.

    Raises:
        FeedRequestError: it is not there.
    """
    fields = [field.lower() for field in answer.Fields]
    if name not in fields:
        raise FeedRequestError(f"the terminal's answer has no field {name}")
    return answer.Data[fields.index(name)]


def _quoted(day: object) -> object:
    """Return the date of a quote, which comes as a number: 20221228.0."""
    text = str(int(day)) if isinstance(day, (int, float)) else str(day)
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdigit() else day


def _without_time(day: object) -> object:
    """Return the day of a moment: WindPy gives some dates with the time of the request in them."""
    return day.date() if isinstance(day, datetime) else day

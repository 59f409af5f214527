"""Market figures and where they are fetched from (``sources/bars.py``, ``sources/market/``)."""

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import Field, model_validator

from r1tailor.fields import EnvironmentVariable, IsoDate, Location, Select, Symbol, UrlWithoutSecret
from r1tailor.schema.base import Section, SourceSection


class Bars(Section):
    """What the numbers of a market source are, and from when on each could have been known.

    A ``price`` is above zero, a ``rate`` any number. The event of a row is the last day of the ``period`` that its date
    lies in; its number could be known ``lag_days`` calendar days after the event.
    """

    values: Literal["price", "rate"]
    period: Literal["day", "month"]
    lag_days: Annotated[int, Field(ge=0, le=366)]


class _FeedSource(SourceSection):
    """A source whose figures are fetched (``python -m r1tailor market``) and kept as they were known.

    ``store`` is the folder they are kept in, outside ``data/packaged``. ``symbols`` maps each series to the
    feed's name for it. History begins ``since``; a poll asks again for the last ``revisit_days``, in case a figure was revised.
    """

    store: Location
    symbols: Annotated[dict[Symbol, Symbol], Field(min_length=1)]
    since: IsoDate
    revisit_days: Annotated[int, Field(ge=0, le=3660)]
    bars: Bars

    @model_validator(mode="after")
    def _asks_for_each_symbol_once(self) -> "_FeedSource":
        if len(set(self.symbols.values())) < len(self.symbols):
            raise ValueError("symbols: two series must not have the same symbol")
        if PurePosixPath(self.store).parts[:2] == ("data", "packaged"):
            raise ValueError("store must not lie in data/packaged, which holds pinned files only: name another folder")
        return self


class BarColumns(Section):
    """Which columns of a table hold dates and figures.

    With ``symbol`` and ``value`` a row is one figure of one symbol; without them each symbol has a column of its own.
    ``available_at`` holds the dates (ISO) from which the figures were known, where the table knows them: then one event
    may stand in several rows, each a revision.
    """

    date: str
    symbol: str | None = None
    value: str | None = None
    available_at: str | None = None

    @model_validator(mode="after")
    def _are_wide_or_long(self) -> "BarColumns":
        if (self.symbol is None) != (self.value is None):
            raise ValueError("symbol and value are given together, or neither of them")
        return self


class BarsSource(_FeedSource):
    """Figures in your own CSV (``.csv``, ``.csv.gz``) or Parquet file (``sources/market/files.py``)."""

    kind: Literal["bars"]
    path: Location
    columns: BarColumns


class BarsSqlSource(_FeedSource):
    """Figures that a query to a database gives, which is only read (``sources/market/database.py``)."""

    kind: Literal["bars_sql"]
    url: UrlWithoutSecret
    password_variable: EnvironmentVariable | None = None
    query: Select
    columns: BarColumns


class Retries(Section):
    """How a terminal is asked: at most ``calls_per_second``; what may pass, ``attempts`` times.

    Before the second attempt ``backoff_seconds`` go by, before each further one twice as many.
    """

    calls_per_second: Annotated[float, Field(gt=0, le=1000)]
    attempts: Annotated[int, Field(ge=1, le=20)]
    backoff_seconds: Annotated[float, Field(ge=0, le=600)]


class WindSource(_FeedSource):
    """Figures from a Wind terminal on this machine, through its WindPy (``sources/market/wind.py``).

    ``function: wsd`` asks for one ``field`` of securities by day, ``edb`` for economic series, which have none.
    ``quotes`` lets a poll also take the latest price of today (``wsq``). ``wait_seconds`` is what the terminal may
    take to answer, ``page_days`` how many calendar days are asked for at a time.
    """

    kind: Literal["wind"]
    function: Literal["wsd", "edb"]
    field: Symbol | None
    options: str = ""
    quotes: bool = False
    wait_seconds: Annotated[int, Field(ge=1, le=3600)]
    page_days: Annotated[int, Field(ge=1, le=36600)]
    retries: Retries

    @model_validator(mode="after")
    def _fits_its_function(self) -> "WindSource":
        if (self.field is None) != (self.function == "edb"):
            raise ValueError("field belongs to function=wsd, which needs one; function=edb takes null")
        if self.quotes and (self.function == "edb" or self.bars.period == "month"):
            raise ValueError("quotes belong to function=wsd with bars.period=day")
        return self


FeedSource = BarsSource | BarsSqlSource | WindSource

"""Market figures and where they are fetched from (``sources/bars.py``, ``sources/market/``)."""

from datetime import datetime
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from r1tailor.fields import (
    IsoDate,
    Location,
    MostRows,
    PasswordVariable,
    QuerySeconds,
    Select,
    Symbol,
    UrlWithoutSecret,
)
from r1tailor.schema.base import Section, SourceSection


def _dates(form: str) -> str:
    if form != "auto":
        day = datetime(1987, 11, 23)
        try:
            told = datetime.strptime(day.strftime(form), form) == day
        except ValueError:
            told = False
        if not told:
            raise ValueError(f"{form!r} does not tell a day: write auto, or a format such as %d.%m.%Y")
    return form


DateForm = Annotated[str, AfterValidator(_dates)]


class Bars(Section):
    """What the numbers of a market source are, and from when on each could have been known."""

    values: Literal["price", "rate"] = Field(description="price: above zero; rate: any number.")
    period: Literal["day", "month"] = Field(
        description="What a figure is of: its day, or its month, which counts from the month's last day."
    )
    lag_days: int = Field(ge=0, le=366, description="Calendar days from a figure's day until it could be known.")
    market: str | None = Field(
        default=None,
        description="Market that the figures are of, such as `US equities`; a crisis takes the name of an event of the "
        "same market only.",
    )


class Checks(Section):
    """What is looked for in daily prices, and what is done about it; all that is found is reported."""

    repeats: Literal["reject", "first", "last"] = Field(
        default="reject",
        description="Of a date that stands there twice with different figures: `reject` the later row, or take the "
        "`first` or the `last` figure. Equal figures count once.",
    )
    splits: Literal["adjust", "keep"] = Field(
        default="adjust",
        description="Of a step by a ratio such as 7:1 or 1:10 with calm days around it: `adjust` divides the prices "
        "before it, `keep` leaves them.",
    )
    known_splits: dict[str, dict[IsoDate, Annotated[float, Field(gt=0)]]] = Field(
        default={},
        description='Splits that you know of, by series and first day after: `{APPLE: {"2014-06-09": 7}}` divides the '
        "prices before by 7.",
    )
    outliers: Literal["drop", "keep"] = Field(
        default="drop",
        description="Of a price that jumps and is back on the next day: `drop` leaves it out, `keep` leaves it in.",
    )
    gap_days: int = Field(
        default=12, gt=0, le=3660, description="Calendar days without a price from which a hole is reported."
    )


class _FeedSource(SourceSection):
    """A source whose figures are fetched (``python -m r1tailor market``) and kept as they were known."""

    store: Location = Field(description="Folder in which fetched figures are kept, outside data/packaged.")
    symbols: dict[Symbol, Symbol] = Field(
        min_length=1, description="Name of each series in the domain, and the feed's symbol for it."
    )
    since: IsoDate = Field(description="ISO date from which history is fetched.")
    revisit_days: int = Field(ge=0, le=3660, description="Calendar days that each poll asks for again, for revisions.")
    bars: Bars = Field(description="What the figures are, and from when on each could have been known.")
    checks: Checks = Field(default=Checks(), description="What is looked for in daily prices.")

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
    """

    date: str = Field(description="Column of the figures' dates.")
    symbol: str | None = Field(default=None, description="Column of symbols, in a table of one figure per row.")
    value: str | None = Field(default=None, description="Column of figures, in a table of one figure per row.")
    available_at: str | None = Field(
        default=None,
        description="Column of ISO dates from which figures were known; one day may then have several revisions.",
    )

    @model_validator(mode="after")
    def _are_wide_or_long(self) -> "BarColumns":
        if (self.symbol is None) != (self.value is None):
            raise ValueError("symbol and value are given together, or neither of them")
        return self


class _WrittenSource(_FeedSource):
    """A source whose cells may be text, as an export writes it (``sources/written.py``)."""

    decimal: Literal[".", ","] = Field(default=".", description="Decimal point of numbers that are written as text.")
    thousands: Literal[".", ",", " ", "'", "_"] | None = Field(
        default=None, description="What sets groups of three digits apart; null where nothing does."
    )
    dates: DateForm = Field(
        default="auto",
        description="Format of dates, as strptime takes it (`%d/%m/%Y`); `auto` reads the usual forms, and takes the "
        "order of day and month from the column.",
    )

    @model_validator(mode="after")
    def _can_tell_thousands(self) -> "_WrittenSource":
        if self.decimal == self.thousands:
            raise ValueError(f"thousands = {self.thousands!r} is the decimal point as well: set one of them")
        return self


class BarsSource(_WrittenSource):
    """Figures in your own CSV or Parquet file (``sources/market/files.py``)."""

    kind: Literal["bars"] = Field(description="bars: figures in your own CSV or Parquet file.")
    path: Location = Field(description="A .csv, .csv.gz or .parquet file.")
    separator: Literal["auto", ",", ";", "\t", "|"] = Field(
        default="auto", description="Between the cells of a CSV; `auto` takes the one that the header has most of."
    )
    columns: BarColumns = Field(description="Which columns hold dates and figures.")


class BarsSqlSource(_WrittenSource):
    """Figures that a query to a database returns, which is only read (``sources/market/database.py``)."""

    kind: Literal["bars_sql"] = Field(description="bars_sql: figures that a query to a database returns.")
    url: UrlWithoutSecret = Field(description="The database's SQLAlchemy URL, without a password.")
    password_variable: PasswordVariable = None
    timeout_seconds: QuerySeconds = 600
    most_rows: MostRows = 10_000_000
    query: Select = Field(description="One SELECT statement.")
    columns: BarColumns = Field(description="Which columns hold dates and figures.")


class Retries(Section):
    """How often a terminal is asked, and how often again after a failure that may pass."""

    calls_per_second: float = Field(gt=0, le=1000, description="Most calls per second.")
    attempts: int = Field(ge=1, le=20, description="Attempts per call where the failure may pass.")
    backoff_seconds: float = Field(
        ge=0, le=600, description="Seconds before the second attempt; doubled before each further one."
    )


class WindSource(_FeedSource):
    """Figures from a Wind terminal on this machine, through its WindPy (``sources/market/wind.py``)."""

    kind: Literal["wind"] = Field(description="wind: figures from a Wind terminal on this machine.")
    function: Literal["wsd", "edb"] = Field(description="wsd: securities by day; edb: economic series.")
    field: Symbol | None = Field(description="Of function: wsd, the field that is asked for, such as close.")
    options: str = Field(default="", description="Options that are passed on to the function.")
    quotes: bool = Field(default=False, description="Whether a poll also takes today's latest price (wsq).")
    wait_seconds: int = Field(ge=1, le=3600, description="Seconds that the terminal may take to answer.")
    page_days: int = Field(ge=1, le=36600, description="Calendar days that one call asks for.")
    retries: Retries = Field(description="How often the terminal is asked.")

    @model_validator(mode="after")
    def _fits_its_function(self) -> "WindSource":
        if (self.field is None) != (self.function == "edb"):
            raise ValueError("field belongs to function=wsd, which needs one; function=edb takes null")
        if self.quotes and (self.function == "edb" or self.bars.period == "month"):
            raise ValueError("quotes belong to function=wsd with bars.period=day")
        return self


FeedSource = BarsSource | BarsSqlSource | WindSource

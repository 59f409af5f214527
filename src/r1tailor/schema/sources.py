"""Where raw material comes from (``sources/``).

Every source says under which licence its material is used, from when on it could have been known (an ISO date), and
what becomes of a damaged record: ``on_damage: stop`` ends the run with its place, ``list`` counts and lists it.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from r1tailor.fields import (
    Delimiter,
    EnvironmentVariable,
    Location,
    Member,
    Name,
    Package,
    PackageVersion,
    Select,
    Sha256,
    UrlWithoutSecret,
)
from r1tailor.schema.base import Section, SourceSection
from r1tailor.schema.market import Bars, BarsSource, BarsSqlSource, WindSource


class PackagedSource(SourceSection):
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


class JsonlSource(SourceSection):
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


class TableSource(SourceSection):
    """Rows of CSV, TSV, Parquet and JSONL files, a document each (``sources/tables.py``).

    ``path`` is a file or a folder. ``delimiter`` and ``encoding`` hold for CSV and TSV; a null delimiter is the comma
    in ``.csv`` and the tab in ``.tsv``.
    """

    kind: Literal["table"]
    path: Location
    columns: Columns
    delimiter: Delimiter | None = None
    encoding: Literal["utf-8", "utf-8-sig", "gb18030"] = "utf-8"


class SqlSource(SourceSection):
    """Rows of one query to a database, which is only read (``sources/sql.py``).

    ``url`` is SQLAlchemy's; ``password_variable`` names the environment variable that holds the password.
    """

    kind: Literal["sql"]
    url: UrlWithoutSecret
    password_variable: EnvironmentVariable | None = None
    query: Select
    columns: Columns


class TextSource(SourceSection):
    """Plain text and HTML, a document for each file or each of its sections (``sources/text.py``)."""

    kind: Literal["text"]
    path: Location
    unit: Literal["file", "section"]


class PubmedSource(SourceSection):
    """PubMed or MEDLINE: an ``.xml`` or ``.xml.gz`` file, or a folder of them (``sources/pubmed.py``).

    Book chapters, withdrawn and superseded records are rejections: files that hold any need ``on_damage: list``.
    """

    kind: Literal["pubmed"]
    path: Location


class JatsSource(SourceSection):
    """Scientific papers in JATS XML: a file, or a folder of them (``sources/jats.py``).

    ``unit`` makes a document of each article, or of its abstract and each section of its body.
    """

    kind: Literal["jats"]
    path: Location
    unit: Literal["article", "section"]


class MimicSource(SourceSection):
    """The folder with MIMIC-III's NOTEEVENTS and the tables joined to it (``sources/mimic.py``)."""

    kind: Literal["mimic"]
    path: Location


class PdfSource(SourceSection):
    """Guidelines in PDF: a file, or a folder of them (``sources/pdf.py``).

    ``unit`` makes a document of each page, or of what stands between two headings.
    """

    kind: Literal["pdf"]
    path: Location
    unit: Literal["page", "section"]


class JudgmentSource(SourceSection):
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


class GeneratedSource(SourceSection):
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

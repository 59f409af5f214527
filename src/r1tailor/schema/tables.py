"""Tables: which column becomes which part of a document, and how cells are written (``sources/rows.py``)."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from r1tailor.fields import Delimiter, Encoding, Location
from r1tailor.schema.base import Section, SourceSection

Names = str | Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
Role = Literal["instruction", "input", "output", "reasoning", "group", "entities", "date"]


class Columns(Section):
    """Which columns of a row become which part of a document.

    A part that is not named is taken from the column of its own name (`output` from `output`), where there is one.
    """

    instruction: Names | None = Field(default=None, description="Column of what is asked, or a list that is joined.")
    input: Names | None = Field(
        default=None, description="Column of what it is asked about, or a list that is joined by line ends."
    )
    output: Names | None = Field(default=None, description="Column of the reference answer, or a list that is joined.")
    reasoning: Names | None = Field(
        default=None, description="Column of the reasoning before the answer, or a list that is joined."
    )
    group: Names | None = Field(
        default=None,
        description="Column of what the split keeps together (a patient, a case), text or number, or a list that is "
        "joined by slashes.",
    )
    entities: str | None = Field(default=None, description="Column of the terms that an answer must mention, a list.")
    date: str | None = Field(
        default=None, description="Column of dates from which rows were known; null takes the source's date."
    )
    text: str | None = Field(default=None, description="The same as input, of tables without answers.")
    available_at: str | None = Field(default=None, description="The same as date.")
    id: str | None = Field(
        default=None, description="Column of an id, text or whole number, unique in the source; null numbers the rows."
    )
    fields: Annotated[tuple[str, ...], Field(strict=False)] | None = Field(
        default=None, description="Columns that are kept with the text; null keeps every column without a part."
    )
    optional: tuple[Role, ...] = Field(
        default=(),
        strict=False,
        description="Parts whose cells may be empty; elsewhere a row with an empty cell is rejected. Of instruction "
        "and input one may always be empty.",
    )

    @model_validator(mode="after")
    def _names_each_part_once(self) -> "Columns":
        for one, other in (("input", "text"), ("date", "available_at")):
            if getattr(self, one) is not None and getattr(self, other) is not None:
                raise ValueError(f"{one} and {other} are the same; name one of them")
        return self

    def named(self, part: str) -> tuple[str, ...]:
        """Return the columns that are named for a part; none where it is left to its own name."""
        older = {"input": self.text, "date": self.available_at}
        names: Names | None = getattr(self, part) or older.get(part)
        return () if names is None else (names,) if isinstance(names, str) else names


class RowSource(SourceSection):
    """What every source of rows states: its columns, and how their cells are written."""

    columns: Columns = Field(default=Columns(), description="Which columns become which part of a document.")
    unknown_keys: Literal["keep", "refuse"] = Field(
        default="keep",
        description="What happens to columns without a part: `keep` lists them once and keeps them in `fields`, "
        "`refuse` rejects the file.",
    )
    missing: tuple[str, ...] = Field(
        default=("NaN", "nan", "NULL", "null", "<NA>", "#N/A"),
        strict=False,
        description="Texts that stand for an empty cell.",
    )
    dates: str = Field(
        default="auto",
        description="How dates are written: auto is year, month, day (ISO, or with other marks), else a format "
        'such as "%m/%d/%Y".',
    )
    numbers: tuple[str, ...] = Field(
        default=(), strict=False, description="Columns of numbers, which are written as decimal and thousands say."
    )
    decimal: Literal[".", ","] = Field(default=".", description="The decimal mark of numbers.")
    thousands: Literal[",", ".", " ", "'"] | None = Field(
        default=None, description="The mark between thousands of numbers; null: there is none."
    )
    lists: str | None = Field(
        default=None,
        min_length=1,
        description="What divides the items of a list in a text cell, such as `;`; null takes a JSON list alone.",
    )

    @field_validator("dates")
    @classmethod
    def _tells_a_day(cls, dates: str) -> str:
        day = datetime(2024, 3, 14)
        try:
            told = dates == "auto" or datetime.strptime(day.strftime(dates), dates) == day
        except (ValueError, IndexError):
            told = False
        if not told:
            raise ValueError('must be auto, or a format of year, month and day such as "%d.%m.%Y"')
        return dates

    @model_validator(mode="after")
    def _has_two_marks(self) -> "RowSource":
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands must not be the same mark")
        return self


class TableSource(RowSource):
    """Rows of CSV, TSV, XLSX, Parquet, JSON and JSONL files, a document each (``sources/tables.py``)."""

    kind: Literal["table"] = Field(description="table: rows of CSV, TSV, XLSX, Parquet, JSON or JSONL files.")
    path: Location = Field(description="A file, or a folder of files.")
    separator: Literal["auto"] | Delimiter = Field(
        default="auto", description="Of CSV and TSV, one character; auto finds the comma, semicolon, tab or bar."
    )
    encoding: Encoding = Field(default="auto", description="Of CSV and TSV; auto finds it or rejects the file.")
    sheet: str | None = Field(default=None, description="Of XLSX; null is the only sheet that holds rows.")
    header_row: int | None = Field(
        default=None,
        ge=1,
        description="Line or row with the names of the columns, where titles stand above it; null is the first that is "
        "not empty.",
    )

    @model_validator(mode="before")
    @classmethod
    def _reads_the_earlier_name(cls, values: object) -> object:
        """Take ``delimiter``, which versions of earlier releases have; null was the comma or the tab."""
        if isinstance(values, dict) and "delimiter" in values and "separator" not in values:
            earlier = values["delimiter"]
            values = {key: value for key, value in values.items() if key != "delimiter"}
            return values if earlier is None else values | {"separator": earlier}
        return values

"""The format of Label Studio's exports: the keys that we read, and the stretch of text that a region covers."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from r1tailor.annotation.expected import Foreign
from r1tailor.annotation.offsets import Stretch, Unit, fitting
from r1tailor.errors import DataError
from r1tailor.records import Span

COMMENT = "comment"  # the text area that our labelling configuration offers
TYPES = ("labels", "choices", "textarea", "relation")  # of regions


def _person(value: Any) -> Any:  # noqa: ANN401
    """Return the annotator: the address if the export gives a person, otherwise the user's number as text."""
    if isinstance(value, dict):
        return value.get("email", value.get("id"))
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _list(value: Any) -> Any:  # noqa: ANN401
    return [value] if isinstance(value, str) else value


Person = Annotated[str, BeforeValidator(_person)]


class Labelled(Foreign):
    """A stretch of text with its label."""

    start: int
    end: int
    text: str
    labels: Annotated[list[str], Field(min_length=1, max_length=1)]


class Chosen(Foreign):
    """The answer to a question."""

    choices: list[str]


class Written(Foreign):
    """The content of a text area."""

    text: Annotated[list[str], BeforeValidator(_list)]


class LabelsRegion(Foreign):
    """A labelled stretch."""

    type: Literal["labels"]
    id: str
    value: Labelled


class ChoicesRegion(Foreign):
    """An answered question; about one region (``perRegion``) if it has that region's id."""

    type: Literal["choices"]
    id: str = ""
    from_name: str
    value: Chosen


class TextRegion(Foreign):
    """A filled text area."""

    type: Literal["textarea"]
    from_name: str
    value: Written


class RelationRegion(Foreign):
    """A relation between two regions of the same annotation."""

    type: Literal["relation"]
    from_id: str
    to_id: str
    direction: Literal["left", "right", "bi"]
    labels: Annotated[list[str], Field(min_length=1)]


Region = Annotated[LabelsRegion | ChoicesRegion | TextRegion | RelationRegion, Field(discriminator="type")]


class Done(Foreign):
    """One annotator's annotation of a task."""

    id: int
    completed_by: Person
    was_cancelled: bool
    result: list[Region]
    created_at: str
    lead_time: float | None = None

    @model_validator(mode="before")
    @classmethod
    def _cancelled_says_nothing(cls, value: Any) -> Any:  # noqa: ANN401
        skipped = isinstance(value, dict) and value.get("was_cancelled") is True
        return value | {"result": []} if skipped else value


class Data(Foreign):
    """The document of a task."""

    document: str
    text: str


class Task(Foreign):
    """A task of the JSON export, with its annotations."""

    id: int
    data: Data
    annotations: list[Done]


class Row(Foreign):
    """An annotation of the JSON-MIN export."""

    model_config = ConfigDict(extra="allow")  # columns are named after the controls of the labelling configuration

    id: int
    document: str
    text: str
    annotation_id: int
    annotator: Person
    created_at: str
    lead_time: float | None = None


def span_of(value: Labelled, text: str, unit: Unit, place: str) -> Span:
    """Return the span of a stretch.

    Args:
        value: the stretch.
        text: of its document.
        unit: of its file, which decides where both units fit.
        place: for the message.

    Raises:
        DataError: in neither unit does it cover the text that it carries.
    """
    places = fitting(stretch_of(value, text))
    if not places:
        raise DataError(
            f"{place}: text[{value.start}:{value.end}] is not value.text, neither in code points nor in UTF-16 units "
            f"(the document has {len(text)} characters)"
        )
    start, end = places.get(unit) or next(iter(places.values()))
    return Span(start, end, value.labels[0])


def stretch_of(value: Labelled, text: str) -> Stretch:
    """Return the stretch by which the unit of a file is determined."""
    return text, value.start, value.end, value.text


def task_place(path: Path, row: Any, number: int) -> str:  # noqa: ANN401
    """Return the place of a task for messages: by its id in the tool, or else its number in the file."""
    id_ = row.get("id") if isinstance(row, dict) else None
    return f"{path}, task {id_}" if isinstance(id_, int) else f"{path}, task number {number}"

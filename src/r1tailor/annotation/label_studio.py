"""Label Studio's exports become annotations: JSON (a task with its annotations) and JSON-MIN (a row an annotation).

What is checked, because it goes wrong in practice: a region covers the very text it carries, whatever its offsets count
(``offsets.py``); a cancelled annotation counts for nothing and a draft is none; relations point to regions of the same
annotation; labels are the scheme's and documents are as they were when they were labelled.
Format: https://labelstud.io/guide/export, verified with 1.23.2.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from r1tailor.annotation.expected import Expected, Foreign, moment, parsed
from r1tailor.annotation.offsets import Stretch, Unit, fitting, unit_of
from r1tailor.errors import DataError
from r1tailor.records import Annotation, Labels, Relation, Span, read_json_list

COMMENT = "comment"  # the text area that our labelling configuration offers
_TYPES = ("labels", "choices", "textarea", "relation")  # of regions


def _person(value: Any) -> Any:  # noqa: ANN401
    """Return who labelled: an address where the export gives a person, otherwise the user's number as text."""
    if isinstance(value, dict):
        return value.get("email", value.get("id"))
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _list(value: Any) -> Any:  # noqa: ANN401
    return [value] if isinstance(value, str) else value


Person = Annotated[str, BeforeValidator(_person)]


class _Labelled(Foreign):
    start: int
    end: int
    text: str
    labels: Annotated[list[str], Field(min_length=1, max_length=1)]


class _Chosen(Foreign):
    choices: list[str]


class _Written(Foreign):
    text: Annotated[list[str], BeforeValidator(_list)]


class _LabelsRegion(Foreign):
    type: Literal["labels"]
    id: str
    value: _Labelled


class _ChoicesRegion(Foreign):
    type: Literal["choices"]
    from_name: str
    value: _Chosen


class _TextRegion(Foreign):
    type: Literal["textarea"]
    from_name: str
    value: _Written


class _RelationRegion(Foreign):
    type: Literal["relation"]
    from_id: str
    to_id: str
    direction: Literal["left", "right", "bi"]
    labels: Annotated[list[str], Field(min_length=1)]


_Region = Annotated[_LabelsRegion | _ChoicesRegion | _TextRegion | _RelationRegion, Field(discriminator="type")]


class _Annotated(Foreign):
    id: int
    completed_by: Person
    was_cancelled: bool
    result: list[_Region]
    created_at: str
    lead_time: float | None = None

    @model_validator(mode="before")
    @classmethod
    def _cancelled_says_nothing(cls, value: Any) -> Any:  # noqa: ANN401
        skipped = isinstance(value, dict) and value.get("was_cancelled") is True
        return value | {"result": []} if skipped else value


class _Data(Foreign):
    document: str
    text: str


class _Task(Foreign):
    id: int
    data: _Data
    annotations: list[_Annotated]


class _Row(Foreign):
    model_config = ConfigDict(extra="allow")  # the columns are called as the labelling configuration's controls

    id: int
    document: str
    text: str
    annotation_id: int
    annotator: Person
    created_at: str
    lead_time: float | None = None


def read(path: Path, expected: Expected) -> list[Annotation]:
    """Return the annotations of a JSON or JSON-MIN export, in the order of the file.

    Raises:
        DataError: the file is no such export, or says what it cannot say; names task, annotation and region.
    """
    rows = read_json_list(path)
    if rows and all(isinstance(row, dict) and "annotation_id" in row for row in rows):
        return _from_rows(rows, path, expected)
    return _from_tasks(rows, path, expected)


def _from_tasks(rows: list[Any], path: Path, expected: Expected) -> list[Annotation]:
    tasks = []
    for number, row in enumerate(rows, start=1):
        place = _task_place(path, row, number)
        task = parsed(_Task, row, place, _TYPES)
        expected.check_text(task.data.document, task.data.text, place)
        tasks.append(task)
    unit = unit_of(
        _stretch(region.value, task.data.text)
        for task in tasks
        for annotation in task.annotations
        for region in annotation.result
        if isinstance(region, _LabelsRegion)
    )
    return [
        _annotation(found, task, expected, unit, f"{path}, task {task.id}, annotation {found.id}")
        for task in tasks
        for found in task.annotations
    ]


def _annotation(found: _Annotated, task: _Task, expected: Expected, unit: Unit, place: str) -> Annotation:
    answer: Literal["accept", "ignore"] = "ignore" if found.was_cancelled else "accept"
    labels = Labels() if found.was_cancelled else _labels(found.result, task.data.text, expected, unit, place)
    created = moment(found.created_at, place)
    return Annotation(task.data.document, found.completed_by, answer, labels, created, found.lead_time, place)


def _labels(result: list[_Region], text: str, expected: Expected, unit: Unit, place: str) -> Labels:
    spans: dict[str, Span] = {}
    answers: dict[str, tuple[str, ...]] = {}
    comments: dict[str, tuple[str, ...]] = {}
    for region in result:
        match region:
            case _LabelsRegion():
                spans[region.id] = _span(region.value, text, unit, f"{place}, region {region.id}")
            case _ChoicesRegion():
                answers[region.from_name] = tuple(region.value.choices)
            case _TextRegion():
                comments[region.from_name] = (*comments.get(region.from_name, ()), *region.value.text)
            case _RelationRegion():
                pass  # once every region is known
    relations = [found for region in result for found in _relations(region, spans, place)]
    return expected.labels(list(spans.values()), relations, answers, comments, place)


def _relations(region: _Region, spans: dict[str, Span], place: str) -> Iterator[Relation]:
    if not isinstance(region, _RelationRegion):
        return
    for end in (region.from_id, region.to_id):
        if end not in spans:
            raise DataError(f"{place}: a relation leads to region {end[:100]!r}, which this annotation does not have")
    start, target = spans[region.from_id], spans[region.to_id]
    for label in region.labels:
        if region.direction != "left":
            yield Relation(start, target, label)
        if region.direction != "right":
            yield Relation(target, start, label)


def _span(value: _Labelled, text: str, unit: Unit, place: str) -> Span:
    places = fitting(_stretch(value, text))
    if not places:
        raise DataError(
            f"{place}: text[{value.start}:{value.end}] is not value.text, neither in code points nor in UTF-16 units "
            f"(the document has {len(text)} characters)"
        )
    start, end = places.get(unit) or next(iter(places.values()))
    return Span(start, end, value.labels[0])


def _stretch(value: _Labelled, text: str) -> Stretch:
    return text, value.start, value.end, value.text


def _from_rows(rows: list[Any], path: Path, expected: Expected) -> list[Annotation]:
    if expected.scheme.relations:
        raise DataError(f"{path}: a JSON-MIN export has no relations, and the scheme has; export as JSON")
    read_rows = []
    for number, raw in enumerate(rows, start=1):
        if raw["annotation_id"] is None:  # a task that nobody labelled
            continue
        place = _task_place(path, raw, number)
        row = parsed(_Row, raw, place)
        expected.check_text(row.document, row.text, place)
        read_rows.append((row, _regions(row, place)))
    unit = unit_of(_stretch(value, row.text) for row, values in read_rows for value in values)
    return [_from_row(row, values, expected, unit, path) for row, values in read_rows]


def _regions(row: _Row, place: str) -> list[_Labelled]:
    """Return the labelled regions of a row, whatever the control that made them is called."""
    columns = [value for value in (row.model_extra or {}).values() if isinstance(value, list)]
    found = [item for column in columns for item in column if isinstance(item, dict) and "labels" in item]
    return [parsed(_Labelled, item, f"{place}, annotation {row.annotation_id}, a region") for item in found]


def _from_row(row: _Row, values: list[_Labelled], expected: Expected, unit: Unit, path: Path) -> Annotation:
    place = f"{path}, task {row.id}, annotation {row.annotation_id}"
    columns = row.model_extra or {}
    spans = [_span(value, row.text, unit, f"{place}, region {n}") for n, value in enumerate(values, start=1)]
    answers = {
        question.name: tuple(_answers(columns[question.name], f"{place}, {question.name}"))
        for question in expected.scheme.questions
        if question.name in columns
    }
    comments = {COMMENT: tuple(_comments(columns[COMMENT], place))} if COMMENT in columns else {}
    labels = expected.labels(spans, [], answers, comments, place)
    created = moment(row.created_at, place)
    return Annotation(row.document, row.annotator, "accept", labels, created, row.lead_time, place)


def _answers(column: Any, place: str) -> list[str]:  # noqa: ANN401
    return [column] if isinstance(column, str) else parsed(_Chosen, column, place).choices


def _comments(column: Any, place: str) -> list[str]:  # noqa: ANN401
    parts = column if isinstance(column, list) else [column]
    texts = [[part] if isinstance(part, str) else parsed(_Written, part, place).text for part in parts]
    return [text for written in texts for text in written]


def _task_place(path: Path, row: Any, number: int) -> str:  # noqa: ANN401
    id_ = row.get("id") if isinstance(row, dict) else None
    return f"{path}, task {id_}" if isinstance(id_, int) else f"{path}, task number {number}"

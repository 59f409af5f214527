"""The JSON-MIN export: one flat row per annotation that was not cancelled, without relations."""

from pathlib import Path
from typing import Any

from r1tailor.annotation.expected import Expected, moment, parsed
from r1tailor.annotation.label_studio.formats import (
    COMMENT,
    Chosen,
    Labelled,
    Row,
    Written,
    span_of,
    stretch_of,
    task_place,
)
from r1tailor.annotation.offsets import Unit, unit_of
from r1tailor.errors import DataError
from r1tailor.records import Annotation


def annotations(rows: list[Any], path: Path, expected: Expected) -> list[Annotation]:
    """Return the annotations of the rows of a JSON-MIN export, in order.

    Raises:
        DataError: the scheme has relations; a row does not have that format, or its labels are inconsistent.
    """
    if expected.scheme.relations:
        raise DataError(f"{path}: a JSON-MIN export has no relations, and the scheme has some; export as JSON")
    read_rows = []
    for number, raw in enumerate(rows, start=1):
        if raw["annotation_id"] is None:  # a task that nobody labelled
            continue
        place = task_place(path, raw, number)
        row = parsed(Row, raw, place)
        id_ = expected.check_text(row.document, row.text, place)
        read_rows.append((row.model_copy(update={"document": id_}), _regions(row, place)))
    unit = unit_of(stretch_of(value, row.text) for row, values in read_rows for value in values)
    return [_annotation(row, values, expected, unit, path) for row, values in read_rows]


def _regions(row: Row, place: str) -> list[Labelled]:
    """Return the labelled regions of a row, whatever the name of their control."""
    columns = [value for value in (row.model_extra or {}).values() if isinstance(value, list)]
    found = [item for column in columns for item in column if isinstance(item, dict) and "labels" in item]
    return [parsed(Labelled, item, f"{place}, annotation {row.annotation_id}, a region") for item in found]


def _annotation(row: Row, values: list[Labelled], expected: Expected, unit: Unit, path: Path) -> Annotation:
    place = f"{path}, task {row.id}, annotation {row.annotation_id}"
    columns = row.model_extra or {}
    spans = [span_of(value, row.text, unit, f"{place}, region {n}") for n, value in enumerate(values, start=1)]
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
    if isinstance(column, list):
        raise DataError(f"{place}: chosen for each region, and a JSON-MIN export does not say which; export as JSON")
    return [column] if isinstance(column, str) else parsed(Chosen, column, place).choices


def _comments(column: Any, place: str) -> list[str]:  # noqa: ANN401
    parts = column if isinstance(column, list) else [column]
    texts = [[part] if isinstance(part, str) else parsed(Written, part, place).text for part in parts]
    return [text for written in texts for text in written]

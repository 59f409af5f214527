"""The JSON export: every task with its annotations, relations included.

What is chosen about one region (``perRegion``) becomes part of its label: the scheme names ``symptom/suspected``.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from r1tailor.annotation.expected import Expected, moment, parsed
from r1tailor.annotation.label_studio.formats import (
    TYPES,
    ChoicesRegion,
    Done,
    LabelsRegion,
    Region,
    RelationRegion,
    Task,
    TextRegion,
    span_of,
    stretch_of,
    task_place,
)
from r1tailor.annotation.offsets import Unit, unit_of
from r1tailor.errors import DataError
from r1tailor.records import Annotation, Labels, Relation, Span


def annotations(rows: list[Any], path: Path, expected: Expected) -> list[Annotation]:
    """Return the annotations of the tasks of a JSON export, in order.

    Raises:
        DataError: a task does not have that format, or its labels are inconsistent.
    """
    tasks = []
    for number, row in enumerate(rows, start=1):
        place = task_place(path, row, number)
        task = parsed(Task, row, place, TYPES)
        id_ = expected.check_text(task.data.document, task.data.text, place)
        tasks.append(task.model_copy(update={"data": task.data.model_copy(update={"document": id_})}))
    unit = unit_of(
        stretch_of(region.value, task.data.text)
        for task in tasks
        for annotation in task.annotations
        for region in annotation.result
        if isinstance(region, LabelsRegion)
    )
    return [
        _annotation(found, task, expected, unit, f"{path}, task {task.id}, annotation {found.id}")
        for task in tasks
        for found in task.annotations
    ]


def _annotation(found: Done, task: Task, expected: Expected, unit: Unit, place: str) -> Annotation:
    answer: Literal["accept", "ignore"] = "ignore" if found.was_cancelled else "accept"
    labels = Labels() if found.was_cancelled else _labels(found.result, task.data.text, expected, unit, place)
    created = moment(found.created_at, place)
    return Annotation(task.data.document, found.completed_by, answer, labels, created, found.lead_time, place)


def _labels(result: list[Region], text: str, expected: Expected, unit: Unit, place: str) -> Labels:
    spans = _spans(result, text, unit, place)
    answers: dict[str, tuple[str, ...]] = {}
    comments: dict[str, tuple[str, ...]] = {}
    for region in result:
        match region:
            case LabelsRegion():
                pass
            case ChoicesRegion():
                if region.id not in spans:
                    answers[region.from_name] = tuple(region.value.choices)
            case TextRegion():
                comments[region.from_name] = (*comments.get(region.from_name, ()), *region.value.text)
            case RelationRegion():
                pass  # read below, once every region is known
    relations = [found for region in result for found in _relations(region, spans, place)]
    return expected.labels(list(spans.values()), relations, answers, comments, place)


def _spans(result: list[Region], text: str, unit: Unit, place: str) -> dict[str, Span]:
    """Return the spans by region; what was chosen about one region is part of its label (``symptom/suspected``)."""
    spans = {
        region.id: span_of(region.value, text, unit, f"{place}, region {region.id}")
        for region in result
        if isinstance(region, LabelsRegion)
    }
    for region in result:
        if isinstance(region, ChoicesRegion) and region.id in spans:
            span = spans[region.id]
            spans[region.id] = replace(span, label="/".join((span.label, *region.value.choices)))
    return spans


def _relations(region: Region, spans: dict[str, Span], place: str) -> Iterator[Relation]:
    if not isinstance(region, RelationRegion):
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

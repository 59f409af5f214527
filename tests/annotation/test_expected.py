"""An export may hold only labels of the scheme, about documents as they are now."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from r1tailor.annotation import annotate
from r1tailor.errors import DataError
from r1tailor.record_files import read_annotations
from r1tailor.records import Labels, Relation, Span
from tests.support.annotated import DOCUMENTS, stage, votes_of_two

FEVER, FLU = Span(5, 10, "symptom"), Span(12, 15, "disease")
RECORDS = [
    ({"document": "dx"}, "document 'dx' is not among the clean documents"),
    ({"created_at": "soon"}, "created_at must be an ISO date and time"),
    ({"labels": Labels((Span(0, 9, "symptom"),))}, "a span must have 0 <= start < end <= 4"),
    (
        {"labels": Labels((), (Relation(FEVER, FLU, "indicates"),))},
        "the head and the tail of a relation must be among the spans",
    ),
    ({"labels": Labels(answers={"topic": ("w",)})}, "'w' is no answer to topic of the scheme. Allowed: x, y, z."),
]


@pytest.mark.parametrize(("changes", "message"), RECORDS)
def test_a_record_of_another_tool_is_checked_like_any_export(
    changes: dict[str, object], message: str, tmp_path: Path
) -> None:
    damaged = replace(votes_of_two()[0], **changes)  # type: ignore[arg-type]
    own = stage(tmp_path, [damaged])
    with pytest.raises(DataError) as refusal:
        annotate(DOCUMENTS, own, tmp_path, seed=1)
    assert str(refusal.value) == f"{tmp_path}/votes.jsonl, annotation 1: {message}"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"answer": "maybe"}, "answer must be 'accept', 'reject' or 'ignore'"),
        ({"labels": 3}, "labels must be a mapping"),
        ({"lead_seconds": "3"}, "lead_seconds must be a number"),
    ],
)
def test_a_line_that_is_no_annotation_is_refused(line: dict[str, object], message: str, tmp_path: Path) -> None:
    path = tmp_path / "votes.jsonl"
    path.write_text(json.dumps(asdict(votes_of_two()[0]) | line), encoding="utf-8")
    with pytest.raises(DataError) as refusal:
        read_annotations(path)
    assert str(refusal.value) == f"{path}, line 1: {message}"

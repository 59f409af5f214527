"""Accepted corrections become a source and annotation records that the pipeline reads."""

from dataclasses import replace
from pathlib import Path

import pytest

from r1tailor.annotation.gold import annotate
from r1tailor.record_files import read_annotations
from r1tailor.records import Document
from r1tailor.schema.annotation import AgreementGate, Annotation, OwnScheme, Question, RecordsExport
from r1tailor.schema.sources import JsonlSource
from r1tailor.serving.feedback.export import SOURCE, export
from r1tailor.serving.feedback.log import Decision, Record, Texts
from r1tailor.sources import jsonl

SCHEME = OwnScheme(
    kind="own",
    spans=(),
    relations=(),
    questions=(Question(name="colour", values=("red", "green"), multiple=False, definition="Which colour it is."),),
)


def _record(id_: str, corrected: str, *said: tuple[str, ...]) -> Record:
    decisions = tuple(Decision(n, one[0], one[1], "2026-01-02T00:00:00+00:00", *one[2:]) for n, one in enumerate(said))  # type: ignore[arg-type]
    texts = Texts(f"thing {id_}", "blue", "", corrected, "I see it")
    return Record(id_, "ann", "toy-1", "down", True, "2026-01-01T00:00:00+00:00", texts, decisions)


RECORDS = [
    _record("1", "red", ("bob", "accept")),
    _record("2", "violet", ("bob", "edit", "green"), ("eve", "accept")),
    _record("3", "red"),
    _record("4", "red", ("bob", "reject")),
    replace(_record("5", "red", ("bob", "accept")), texts=None),
    replace(_record("6", ""), corrects=False),
]


@pytest.fixture
def documents(tmp_path: Path) -> list[Document]:
    """What the pipeline makes of the exported source."""
    done = export(RECORDS, tmp_path, SCHEME, "Which colour?", two_person=False)
    assert (done.corrections, done.waiting, done.rejected, done.ratings, done.expired) == (2, 1, 1, 1, 1)
    source = JsonlSource(
        kind="jsonl", name=SOURCE, path="corrections.jsonl", licence="own", available_at="1970-01-01", on_damage="stop"
    )
    return [found for found in jsonl.read(source, tmp_path) if isinstance(found, Document)]


def test_corrections_are_documents_with_the_accepted_answer(documents: list[Document]) -> None:
    assert [(one.id, one.text, one.fields["output"], one.fields["instruction"]) for one in documents] == [
        ("feedback-1", "thing 1", "red", "Which colour?"),
        ("feedback-2", "thing 2", "green", "Which colour?"),
    ]


def test_annotation_records_label_those_documents_by_everybody_who_spoke(
    documents: list[Document], tmp_path: Path
) -> None:
    votes = read_annotations(tmp_path / "annotations.jsonl")
    assert [(vote.document, vote.annotator, vote.labels.answers) for vote in votes] == [
        ("feedback-1", "ann", {"colour": ("red",)}),
        ("feedback-1", "bob", {"colour": ("red",)}),
        ("feedback-2", "ann", {}),
        ("feedback-2", "bob", {"colour": ("green",)}),
        ("feedback-2", "eve", {"colour": ("green",)}),
    ]
    assert votes[0].labels.comments == {"corrected": ("red",), "reason": ("I see it",)}


def test_the_stage_of_annotation_makes_gold_labels_of_them(documents: list[Document], tmp_path: Path) -> None:
    settings = Annotation(
        scheme=SCHEME,
        exports=(RecordsExport(kind="records", path="annotations.jsonl"),),
        gate=AgreementGate(kappa=0.8, lower_bound=0.67, items=2, resamples=100, confidence=0.95),
        merge="exact",
        adjudication=None,
    )
    gold = annotate(documents, settings, tmp_path, 1)
    assert [one.fields["gold"]["answers"] for one in gold.documents] == [{"colour": ["red"]}, {"colour": ["green"]}]


def test_two_must_agree_where_the_rule_is_set(tmp_path: Path) -> None:
    assert export(RECORDS, tmp_path, None, "", two_person=True).corrections == 1
    assert (tmp_path / "annotations.jsonl").stat().st_mode & 0o777 == 0o600

"""Votes of two annotators on one question, as an export of records."""

from collections.abc import Sequence
from pathlib import Path

from r1tailor.record_files import write_records
from r1tailor.records import Annotation, Document, Labels, Relation, Span
from r1tailor.schema.annotation import AgreementGate, OwnScheme, Question, RecordsExport
from r1tailor.schema.annotation import Annotation as AnnotationSettings

FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}
TOPIC = Question(name="topic", values=("x", "y", "z"), multiple=False, definition="Which?")
SCHEME = OwnScheme(kind="own", spans=(), relations=(), questions=(TOPIC,))
DOCUMENTS = [Document(f"d{number}", "text", **FACTS) for number in range(12)]
ANSWERS = [("x", "x"), ("y", "y"), ("z", "z")] * 3 + [("x", "y")]


def vote(
    annotator: str,
    *spans: Span,
    relations: Sequence[Relation] = (),
    document: str = "d1",
    **answers: str,
) -> Annotation:
    labels = Labels(
        tuple(sorted(spans)), tuple(relations), {name: tuple(values.split()) for name, values in answers.items()}
    )
    return Annotation(document, annotator, "accept", labels, "2026-01-01T00:00:00+00:00", 3.0, "by hand")


def stage(tmp_path: Path, votes: Sequence[Annotation], decisions: Sequence[Annotation] = ()) -> AnnotationSettings:
    write_records(tmp_path / "votes.jsonl", votes)
    write_records(tmp_path / "chief.jsonl", decisions)
    return AnnotationSettings(
        scheme=SCHEME,
        exports=(RecordsExport(kind="records", path="votes.jsonl"),),
        gate=AgreementGate(kappa=0.1, lower_bound=0.0, items=2, resamples=100, confidence=0.9),
        merge="exact",
        adjudication=RecordsExport(kind="records", path="chief.jsonl") if decisions else None,
    )


def votes_of_two() -> list[Annotation]:
    return [
        vote(annotator, document=f"d{number}", topic=answer)
        for number, answers in enumerate(ANSWERS)
        for annotator, answer in zip("ab", answers, strict=True)
    ]

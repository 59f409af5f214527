"""What machines suggest to annotators, and the records in which annotations travel between tools."""

from dataclasses import replace
from pathlib import Path

import pytest

from r1tailor.annotation.suggest import Predicted, Suggestion, from_model, from_terms, mentions
from r1tailor.errors import DataError
from r1tailor.record_files import read_annotations, write_records
from r1tailor.records import Annotation, Document, Labels, Relation, Span

FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}
TEXT = "😀 fever and 𠮷 flu, flu"
DOCUMENT = Document("d1", TEXT, **FACTS)


def test_terms_become_suggestions_by_their_code() -> None:
    terms = [
        {"start": 2, "end": 7, "surface": "fever", "preferred": "Fever, unspecified", "code": "R50.9"},
        {"start": 14, "end": 17, "surface": "flu", "preferred": "Influenza", "code": "J11.1"},
        {"start": 8, "end": 11, "surface": "and", "preferred": "and", "code": "X"},
    ]
    label_of = {"R": "symptom", "J": "disease"}
    with_terms = replace(DOCUMENT, fields={"terms": terms})
    (found,) = from_terms([with_terms, DOCUMENT], lambda term: label_of.get(term["code"][0]), 0.8)
    assert found == Suggestion("d1", "terms", 0.8, Labels((Span(2, 7, "symptom"), Span(14, 17, "disease"))))


def test_a_models_mentions_are_found_in_the_text_or_dropped() -> None:
    predicted = Predicted((("FLU", "disease"), ("cough", "symptom")), 0.4, {"certainty": ("suspected",)})
    (found,) = from_model([DOCUMENT], lambda _: predicted, "medical-3")
    assert found.labels == Labels((Span(14, 17, "disease"), Span(19, 22, "disease")), (), predicted.answers)
    assert (found.model_version, found.score) == ("medical-3", 0.4)


@pytest.mark.parametrize(
    ("text", "surface", "starts"),
    [
        ("flu, influenza, flu2 flu", "flu", [0, 21]),
        ("得了flu和流感", "flu", [2]),
        ("流感流感样", "流感", [0, 2]),
        ("x", " ", []),
    ],
)
def test_a_mention_is_a_whole_word_and_chinese_has_none(text: str, surface: str, starts: list[int]) -> None:
    assert [span.start for span in mentions(text, surface, "disease")] == starts


def test_annotations_travel_as_records(tmp_path: Path) -> None:
    fever, flu = Span(2, 7, "symptom"), Span(14, 17, "disease")
    said = Labels(
        (fever, flu), (Relation(fever, flu, "indicates"),), {"certainty": ("confirmed",)}, {"comment": ("x",)}
    )
    votes = [Annotation("d1", "ann", "accept", said, "2026-01-02T03:04:05+00:00", None, "by hand")]
    assert write_records(tmp_path / "votes.jsonl", votes) == 1
    assert read_annotations(tmp_path / "votes.jsonl") == votes
    line = (tmp_path / "votes.jsonl").read_text("utf-8").replace('"start": 2', '"start": "2"')
    (tmp_path / "votes.jsonl").write_text(line, encoding="utf-8")
    with pytest.raises(DataError) as refusal:
        read_annotations(tmp_path / "votes.jsonl")
    assert str(refusal.value) == f"{tmp_path}/votes.jsonl, line 1: labels.spans.0.start must be an integer"

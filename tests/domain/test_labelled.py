"""Gold labels become reference answers of the generic domain."""

from collections.abc import Callable

import pytest

from r1tailor.domain import open_domain
from r1tailor.domain.labelled import labelled
from r1tailor.errors import DataError
from r1tailor.records import Document
from r1tailor.schema.settings import Settings

FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}
TEXT = "Aspirin for chest pain"
ASPIRIN, PAIN = {"start": 0, "end": 7, "label": "treatment"}, {"start": 12, "end": 22, "label": "symptom"}


def document(**gold: object) -> Document:
    whole = {"spans": [], "relations": [], "answers": {}, "rules": {}} | gold
    return Document("d", TEXT, **FACTS, fields={"gold": whole})


def test_spans_and_relations_are_said_one_a_line() -> None:
    found = labelled(document(spans=[ASPIRIN, PAIN], relations=[{"head": ASPIRIN, "tail": PAIN, "label": "treats"}]))
    assert found["output"] == "treatment: Aspirin\nsymptom: chest pain\nAspirin treats chest pain"
    assert found["entities"] == ["Aspirin", "chest pain"]


def test_the_answer_to_one_question_stands_alone_and_several_are_named() -> None:
    assert labelled(document(answers={"department": ["cardiology"]}))["output"] == "cardiology"
    several = labelled(document(answers={"department": ["cardiology"], "urgent": ["yes", "today"]}))
    assert several["output"] == "department: cardiology\nurgent: yes, today"


def test_nothing_found_is_an_answer_and_what_is_undecided_is_none() -> None:
    assert labelled(document())["output"] == "none"
    assert labelled(document(answers={"a": ["x"]}, rules={"answers.a": "undecided"})) == {}
    assert labelled(Document("d", TEXT, **FACTS)) == {}


def test_a_generic_domain_learns_from_labelled_documents_and_leaves_the_others(
    settings: Callable[..., Settings],
) -> None:
    domain = settings("domain=generic", "domain.sources.0.path=x", "domain.task.instruction=Which?").domain
    known = document(answers={"department": ["cardiology"]})
    (example,) = open_domain(domain, [Document("u", "unlabelled", **FACTS), known]).examples()
    assert example.fields == {"entities": []}
    (disputed,) = open_domain(domain, [document(answers={"department": ["x"]}, disagreement=0.5)]).examples()
    assert disputed.fields == {"entities": [], "disagreement": 0.5}
    assert (example.id, example.instruction, example.input, example.output) == ("d", "Which?", TEXT, "cardiology")
    with pytest.raises(DataError, match="no record has an output and none has gold labels"):
        list(open_domain(domain, [Document("u", "unlabelled", **FACTS)]).examples())

"""What may be evaluated only is in the test and nowhere else."""

from types import SimpleNamespace
from typing import Any

from r1tailor.instruction.permitted import permitted
from r1tailor.records import Document, Example
from tests.corpus.test_engine import FACTS
from tests.support.private import source

DOCUMENTS = [Document(f"{name}-{n}", "", **FACTS | {"source": name}) for name in ("free", "bench") for n in range(3)]


def _domain(*sources: object) -> Any:  # noqa: ANN401
    return SimpleNamespace(settings=SimpleNamespace(sources=sources), documents=DOCUMENTS)


def _parts() -> dict[str, list[Example]]:
    window = Example("window-of-many", "i", "", "o")  # of several documents: nobody's id
    whole = [*(Example(document.id, "i", "", "o") for document in DOCUMENTS), window]
    return {"train": whole, "validation": whole, "test": whole}


def test_examples_of_a_source_for_evaluation_only_are_counted_and_in_the_test_alone() -> None:
    parts, counted = permitted(_parts(), _domain(source("free"), source("bench", use="evaluate")))
    for name in ("train", "validation"):
        assert [example.id for example in parts[name]] == ["free-0", "free-1", "free-2"]
    assert parts["test"] == _parts()["test"]
    assert counted == {"train": 4, "validation": 4}


def test_without_such_a_source_nothing_changes() -> None:
    assert permitted(_parts(), _domain(source("free"), source("bench"))) == (_parts(), {})


def test_every_turn_of_a_conversation_of_an_allowed_source_is_trained_on() -> None:
    turns = [Example(f"{document.id}.1", "i", "", "o", conversation=document.id) for document in DOCUMENTS]
    parts = {"train": turns, "validation": [], "test": []}
    kept, _ = permitted(parts, _domain(source("free"), source("bench", use="evaluate")))
    assert [example.id for example in kept["train"]] == ["free-0.1", "free-1.1", "free-2.1"]

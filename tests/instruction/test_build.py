"""A build removes repetitions, reports what it left out, and names an empty part."""

import random
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from r1tailor.domain import open_domain
from r1tailor.errors import DataError
from r1tailor.instruction.build import build, leaks
from r1tailor.records import Document, Example
from r1tailor.schema.settings import Settings
from tests.support.made_examples import FACTS, examples_of, generic_domain, record, text_of

FIRST = date(2023, 12, 1)
Compose = Callable[..., Settings]


def test_leaks_finds_each_planted_copy_once() -> None:
    train = examples_of(10)
    planted = [Example("x", "", f"{train[3].input}!", ""), Example("y", "", train[4].input, "")]
    parts = {"train": [*train, *train], "validation": examples_of(12)[10:], "test": [*planted, *examples_of(14)[12:]]}
    assert leaks(parts, 0.8) == {"validation": 0, "test": 2}
    assert leaks({**parts, "train": []}, 0.8) == {"validation": 0, "test": 0}


def test_a_build_removes_repetitions_and_reports() -> None:
    documents = [record(i, text_of(i % 60)) for i in range(70)]
    built = build(generic_domain(documents, "domain.split.test=0.3", "domain.split.validation=0.3"), seed=1)
    assert built.report["exact_duplicates_removed"] == 10
    assert sum(built.report["examples"].values()) == 60 == sum(map(len, built.parts.values()))
    assert built.report["leaks"] == {"validation": 0, "test": 0}
    assert built.report["most_frequent_outputs"] == [("b", 60)]


def test_a_build_with_an_empty_part_says_which() -> None:
    with pytest.raises(DataError, match=r"^domain generic: .* none is left for train, validation(, test)?; give more"):
        build(generic_domain([], "domain.split.validation=0.3"), seed=1)
    documents = [record(i, text_of(i)) for i in range(60)]
    assert build(generic_domain(documents, "domain.split.validation=0"), seed=1).parts["validation"] == []


def test_a_build_by_time_takes_the_dates_of_the_documents_and_lists_what_it_left_out(settings: Compose) -> None:
    fields = {"instruction": "", "reasoning": "", "group": "", "entities": [], "output": "b"}
    documents = [
        Document(
            f"d{i}", text_of(i), position="1", fields=fields, **FACTS | {"available_at": str(FIRST + timedelta(i))}
        )
        for i in range(100)
    ]
    overrides = ["++domain.split.by=time", "++domain.split.embargo_days=2", "domain.split.test=0.2"]
    composed = settings("domain=generic", "domain.sources.0.path=x", "domain.split.validation=0.2", *overrides)
    built = build(open_domain(composed.domain, documents), seed=1)
    assert built.report["examples"] == {"train": 58, "validation": 18, "test": 20}
    assert built.report["left_out"] == {"embargo": ["d58", "d59", "d78", "d79"]}
    assert {e.available_at for e in built.parts["test"]} == {str(FIRST + timedelta(i)) for i in range(80, 100)}


def _asked(number: int) -> str:
    drawn = random.Random(number)
    return "Which department treats " + " ".join("".join(drawn.choices("abcdefghijklmnop", k=6)) for _ in range(9))


@pytest.mark.parametrize("note", ["", "Answer with the department's name alone."])
def test_questions_in_the_instruction_are_split_by_what_they_ask_and_not_by_their_answer(note: str) -> None:
    documents = [record(i, note, instruction=_asked(i), output=f"department {i % 10}") for i in range(300)]
    built = build(generic_domain(documents, "domain.split.test=0.2"), seed=1)
    answers = {part: {example.output for example in members} for part, members in built.parts.items()}
    assert answers["train"] == answers["test"] == {f"department {i}" for i in range(10)}
    assert built.report["removed"] == []


def test_answers_that_classes_share_in_whole_sentences_stay_in_train() -> None:
    sentence = "Please refer this patient to the {} department for further review."
    names = ("neurology", "cardiology", "nephrology", "paediatrics", "haematology")
    documents = [record(i, _asked(i), output=sentence.format(names[i % 5])) for i in range(200)]
    built = build(generic_domain(documents), seed=1)
    assert built.report["contamination"]["removed_from_train"] == []
    assert sum(built.report["examples"].values()) == 200


def test_reasoning_inside_outputs_is_counted() -> None:
    documents = [record(i, _asked(i), output=f"<think>\nIt is so.\n</think>\n\nb{i}") for i in range(60)]
    built = build(generic_domain(documents), seed=1)
    assert built.report["reasoning_parsed"] == 60
    assert {example.reasoning for members in built.parts.values() for example in members} == {"It is so."}

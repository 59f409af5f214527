"""A tutor's turns: hints that keep the answer back, verified corrections, verified results."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from r1tailor.domain import open_domain
from r1tailor.domain.education_dialogue import EducationDialogue, gives_away
from r1tailor.errors import DataError
from r1tailor.instruction.build import build
from r1tailor.record_files import read_examples
from r1tailor.records import Document, Example
from r1tailor.schema.settings import Settings
from tests.support.asked import asked
from tests.support.domain_runs import evaluated, scores_of

FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}
SMALL = "domain.sources.0.tasks=[{name: chain_sum, levels: [1, 2], size: 60}]"


@pytest.fixture
def tutor(settings: Callable[..., Settings], generated: list[Document]) -> EducationDialogue:
    domain = open_domain(settings("domain=education_dialogue").domain, generated)
    assert isinstance(domain, EducationDialogue)
    return domain


@pytest.fixture
def turns(tutor: EducationDialogue) -> list[Example]:
    return list(tutor.examples())


def test_each_turn_of_the_tutor_is_an_example_after_the_turns_before_it(turns: list[Example]) -> None:
    by_talk: dict[str, list[Example]] = {}
    for example in turns:
        by_talk.setdefault(example.conversation, []).append(example)
    assert {tuple(e.fields["turn"] for e in talk) for talk in by_talk.values()} == {(1, 2, 3)}
    for first, second, last in by_talk.values():
        assert (first.turns, len(second.turns), len(last.turns)) == ((), 2, 4)
        assert last.turns[1].content == first.output
        assert last.turns[3].content == second.output
        assert last.output.endswith(f"The answer is {last.fields['answer']}.")
    assert {example.fields["stage"] for example in turns} == {"hint", "reason", "correction", "result"}


def test_every_reference_is_right_and_gives_nothing_away(tutor: EducationDialogue, turns: list[Example]) -> None:
    measured: set[str] = set()
    for example in turns:
        scores = scores_of(tutor, example, example.output)
        measured |= set(scores)
        assert scores.pop("given_away", 0.0) == 0, example
        assert set(scores.values()) <= {1.0}, example
    assert measured == {metric.name for metric in tutor.metrics}


def test_no_answer_stands_in_what_was_said_before_the_pupil_tried(turns: list[Example]) -> None:
    for example in turns:
        if example.fields["stage"] in ("hint", "reason"):
            assert not gives_away(f"{example.asked}\n{example.output}", example.fields), example


def test_turns_are_scored_by_what_they_are_for(tutor: EducationDialogue, turns: list[Example]) -> None:
    hint = next(e for e in turns if e.fields["task"] == "chain_sum" and e.fields["stage"] == "hint")
    answer, step = hint.fields["answer"], hint.fields["steps"][0]
    assert scores_of(tutor, hint, f"{step}\nGo on.") == {"step_coverage": 1, "given_away": 0}
    assert scores_of(tutor, hint, f"It is {answer}.") == {"step_coverage": 0, "given_away": 1}
    assert scores_of(tutor, hint, f"<think>\n{answer}\n</think>\n\nTry it.") == {"step_coverage": 0, "given_away": 0}
    result = next(e for e in turns if e.conversation == hint.conversation and e.fields["stage"] == "result")
    assert scores_of(tutor, result, f"The answer is {answer}.")["verified_accuracy"] == 1
    assert scores_of(tutor, result, f"{answer}")["verified_accuracy"] == 1
    assert scores_of(tutor, result, f"{answer} = {answer}0\nThe answer is {answer}0.")["verified_accuracy"] == 0
    assert scores_of(tutor, result, "")["verified_accuracy"] == 0


@pytest.mark.parametrize(
    ("text", "given"),
    [("It is 2 × 3 × 7.", 0), ("42 = 2 × 3 × 7", 1), ("The answer is 2 × 3 × 7.", 1), ("42 / 2 = 21", 0)],
)
def test_a_factorization_is_given_away_by_the_end_of_a_line(text: str, given: int) -> None:
    entry = {"task": "prime_factorization", "answer": "2 × 3 × 7", "metadata": {"number": 42, "factors": [2, 3, 7]}}
    assert gives_away(text, entry) == given


def test_the_majority_answer_ends_a_dialogue(tutor: EducationDialogue, turns: list[Example]) -> None:
    often = replace(turns[-1], fields=turns[-1].fields | {"answer": "5"})
    assert tutor.majority_answer([*turns[:2], *[often] * 9]) == "The answer is 5."


def test_problems_without_a_dialogue_are_counted(tutor: EducationDialogue, turns: list[Example]) -> None:
    talks, documents = len({example.conversation for example in turns}), len(tutor.documents)
    assert 0 < talks < documents
    assert tutor.remarks()[0].startswith(f"{documents - talks} of {documents} problems make no dialogue: one step")


def test_a_task_without_worked_steps_is_refused(settings: Callable[..., Settings]) -> None:
    fields = {"task": "dice", "level": 0, "answer": "1", "metadata": {}}
    documents = [Document("d", "?", **FACTS, fields=fields)]
    with pytest.raises(DataError, match=r"^domain education_dialogue: no worked steps are written for dice; there are"):
        list(open_domain(settings("domain=education_dialogue").domain, documents).examples())


def test_a_dialogue_stays_in_one_part_and_every_task_is_in_every_part(tutor: EducationDialogue) -> None:
    parts = build(EducationDialogue(tutor.settings, tutor.documents[::3]), 1).parts
    where = {name: {example.conversation for example in members} for name, members in parts.items()}
    assert not where["train"] & where["test"]
    for members in (parts["train"], parts["test"]):
        assert len({example.fields["task"] for example in members}) >= 4


@pytest.mark.filterwarnings("ignore::UserWarning:lightning")
def test_the_domain_goes_from_problems_to_an_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    metrics = evaluated("education_dialogue", tmp_path, 1, SMALL, "evaluation.max_items=9")
    tuned = metrics["models"]["tuned"]
    assert tuned["given_away"]["value"] == 0, "two steps teach no answers"
    assert 0 <= tuned["verified_accuracy"]["value"] <= 1
    assert read_examples(tmp_path / "instruct" / "test.jsonl")
    assert asked("education_dialogue", tmp_path, "What is 12 + 30 - 5? How do I begin?", capsys, SMALL).strip()

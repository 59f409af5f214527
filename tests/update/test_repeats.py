"""Duplicates and contradictions, within a day and against training."""

from collections.abc import Callable

import pytest

from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from r1tailor.schema.update import Admit
from r1tailor.update.day import Kind, Material
from r1tailor.update.repeats import repeats


@pytest.fixture
def admit(settings: Callable[..., Settings]) -> Admit:
    return settings().update.admit


def _given(id_: str, asked: str, output: str, user: str = "", kind: Kind = "correction") -> Material:
    return Material(id_, kind, Example(id_, "Which?", asked, output), "s" if user else f"of {id_}", "2026-01-01", user)


TRAIN = [Example("t1", "Which?", "the old stone", "red"), Example("t2", "Which?", "a leaf", "green")]
LONG = "the patient is a man of 61 years who came with pain in the chest since this morning"


def test_an_answer_that_training_has_is_a_duplicate(admit: Admit) -> None:
    train = [*TRAIN, Example("t3", "Which?", LONG, "blue")]
    items = [
        _given("a", "The old stone", "RED", "ann"),
        _given("b", f"{LONG}!!", "blue", "ann"),
        _given("c", f"and {LONG}", "blue", "ann"),
        _given("d", "a leaf", ""),
    ]
    found = repeats(items, train, admit)
    assert found.verdicts == {
        "a": ("duplicate", "t1"),
        "b": ("near_duplicate", "t3"),
        "c": ("duplicate", "b"),
        "d": ("duplicate", "t2"),
    }


def test_another_answer_than_training_needs_two_users_and_takes_its_place(admit: Admit) -> None:
    alone = repeats([_given("a", "the old stone", "blue", "ann")], TRAIN, admit)
    assert alone.verdicts == {"a": ("contradiction", "t1")}
    twice = repeats([_given(id_, "the old stone", "blue", "ann") for id_ in ("a", "b")], TRAIN, admit)
    assert twice.verdicts == {"b": ("duplicate", "a"), "a": ("contradiction", "t1")}
    both = repeats(
        [_given("a", "the old stone", "blue", "ann"), _given("b", "the old stone", "blue", "bob")], TRAIN, admit
    )
    assert both.verdicts == {"b": ("duplicate", "a")}
    assert both.replaces == {"a": ("t1",)}
    gold = repeats([_given("a", "the old stone", "blue", kind="label")], TRAIN, admit)
    assert gold.verdicts == {}
    assert gold.replaces == {"a": ("t1",)}


def test_answers_of_a_day_that_contradict_each_other_wait_unless_more_users_stand_behind_one(admit: Admit) -> None:
    ann, bob = _given("a", "a wall", "red", "ann"), _given("b", "a wall", "blue", "bob")
    assert repeats([ann, bob], TRAIN, admit).verdicts == {
        "a": ("contradiction_today", "2 answers to one question"),
        "b": ("contradiction_today", "2 answers to one question"),
    }
    found = repeats([ann, bob, _given("c", "a wall", "red", "eve")], TRAIN, admit)
    assert found.verdicts == {"c": ("duplicate", "a"), "b": ("contradiction_today", "2 answers to one question")}
    assert found.support["a"] == 2
    one_user = [ann, bob, *(_given(f"c{n}", "a wall", "red", "ann") for n in range(3))]
    assert repeats(one_user, TRAIN, admit).verdicts["a"][0] == "contradiction_today"


def test_a_question_without_an_answer_gives_way_to_one_with_an_answer(admit: Admit) -> None:
    found = repeats([_given("a", "a wall", ""), _given("b", "a wall", "red", "ann")], [], admit)
    assert found.verdicts == {"a": ("duplicate", "a")} or found.verdicts == {"a": ("duplicate", "b")}
    assert repeats([_given("a", "a wall", ""), _given("b", "a wall", "")], [], admit).verdicts == {
        "b": ("duplicate", "a")
    }

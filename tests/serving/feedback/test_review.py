"""Who decides: one reviewer, two where the rule or a second opinion asks for it, never the author."""

from dataclasses import replace

import pytest

from r1tailor.serving.feedback.log import Decision, Record, Texts
from r1tailor.serving.feedback.review import Slice, outcome, queue

TEXTS = Texts("Which code?", "I21.4", "", "I21.9", "not specified")


def _record(*said: tuple[str, str] | tuple[str, str, str], **more: object) -> Record:
    decisions = tuple(Decision(n, one[0], one[1], "2026-01-01", *one[2:]) for n, one in enumerate(said))  # type: ignore[arg-type]
    record = Record("r1", "ann", "toy-1", "down", True, "2026-01-01", TEXTS, decisions)
    return replace(record, **more)  # type: ignore[arg-type]


ONE_EDIT = ("bob", "edit", "I22.0")


@pytest.mark.parametrize(
    ("said", "one", "two"),
    [
        ([], "open", "open"),
        ([("bob", "accept")], "accepted", "second"),
        ([("bob", "reject")], "rejected", "second"),
        ([("bob", "second")], "second", "second"),
        ([("bob", "second"), ("eve", "accept")], "second", "second"),
        ([("bob", "accept"), ("bob", "second"), ("eve", "accept")], "accepted", "accepted"),
        ([("bob", "accept"), ("bob", "accept")], "accepted", "second"),
        ([("bob", "accept"), ("eve", "accept")], "accepted", "accepted"),
        ([("bob", "accept"), ("eve", "reject")], "accepted", "second"),
        ([("bob", "accept"), ("eve", "reject"), ("joe", "reject")], "accepted", "rejected"),
        ([("bob", "accept"), ("bob", "reject")], "rejected", "second"),
        ([("bob", "accept"), ONE_EDIT], "accepted", "second"),
        ([ONE_EDIT, ("eve", "accept")], "accepted", "accepted"),
    ],
)
def test_a_status_by_decisions(said: list[tuple[str, str]], one: str, two: str) -> None:
    record = _record(*said)
    if two == "rejected":
        assert outcome(record, two_person=True).status == two
    else:
        assert [outcome(record, two_person=rule).status for rule in (False, True)] == [one, two]


def test_two_who_accept_different_texts_do_not_agree() -> None:
    assert outcome(_record(("bob", "accept"), ("eve", "edit", "I22.0")), two_person=True).status == "second"
    agreed = outcome(_record(("eve", "edit", "I22.0"), ("bob", "accept")), two_person=True)
    assert (agreed.status, agreed.text, agreed.by) == ("accepted", "I22.0", ("eve", "bob"))


def test_the_accepted_text_is_the_correction_unless_it_was_edited() -> None:
    assert outcome(_record(("bob", "accept")), two_person=False).text == "I21.9"
    assert outcome(_record(ONE_EDIT), two_person=False).text == "I22.0"
    assert outcome(_record(("bob", "accept"), texts=None), two_person=False).text == ""


def test_a_rating_has_nothing_to_review() -> None:
    assert outcome(_record(corrects=False), two_person=True).status == "rating"


def test_a_slice_takes_what_it_names_and_what_waits_comes_first() -> None:
    records = [
        _record(id="old", at="2026-01-01"),
        _record(("bob", "accept"), id="done", at="2026-03-01"),
        _record(id="new", at="2026-02-01", version="toy-2", thumb="up"),
        _record(id="gone", at="2026-01-02", texts=None),
    ]
    assert [record.id for record, _ in queue(records, Slice(), two_person=False)] == ["new", "gone", "old", "done"]
    for wanted, ids in (
        (Slice(status="accepted"), ["done"]),
        (Slice(version="toy-2"), ["new"]),
        (Slice(thumb="up"), ["new"]),
        (Slice(contains="NOT SPEC"), ["new", "old", "done"]),
        (Slice(contains="absent"), []),
        (Slice(status="open", version="toy-1", contains="which"), ["old"]),
    ):
        assert [record.id for record, _ in queue(records, wanted, two_person=False)] == ids

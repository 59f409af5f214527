"""What earlier days leave to a new one is frozen with it."""

import pytest

from r1tailor import config
from r1tailor.errors import DataError
from r1tailor.update.alpha_spending import Try
from r1tailor.update.history import decide, entries
from r1tailor.update.standing import is_anew, pending, pending_items, standing, tries_of
from tests.support.proven_days import Project, examples, selected

PROOF = {"level": 0.01, "shown": False, "anew": False}


def test_days_are_pending_until_they_are_promoted_or_refused_for_harm(learning: Project) -> None:
    history = learning.places.history
    for day, decision, facts in (
        ("2026-02-01", "refused", PROOF | {"kept": True}),
        ("2026-02-02", "refused", PROOF | {"kept": False}),
        ("2026-02-03", "proven", PROOF | {"shown": True}),
        ("2026-02-04", "empty", {}),
    ):
        decide(history, day, decision, facts)  # type: ignore[arg-type]
    assert pending(entries(history)) == ["2026-02-01", "2026-02-03"]
    decide(history, "2026-02-01", "promoted", {"version": "v"})
    decide(history, "2026-02-03", "rolled_back", {})
    assert pending(entries(history)) == []


def test_a_day_is_frozen_with_what_stood_before_it(learning: Project) -> None:
    first = learning.day("2026-02-01", selected(examples(3, "a")))
    decide(learning.places.history, first.name, "refused", PROOF | {"kept": True})
    second = learning.day("2026-02-02", selected(examples(2, "b")))
    decide(learning.places.history, first.name, "forgotten", {})
    assert [len(items) for items in pending_items(second).values()] == [3]
    assert tries_of(second) == [Try(0.01, shown=False)]
    (first.stage("select") / "selected.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="was changed after the day was frozen"):
        pending_items(second)


def test_training_anew_is_due_after_its_period(learning: Project) -> None:
    assert not is_anew(learning.day("2026-02-01", selected(examples(1, "a"))))
    wanted = config.load(["update.train.anew_days=3"]).update
    history, due = learning.places.history, list[bool]()
    for number in range(2, 9):
        due.append(standing(learning.places, wanted, f"2026-02-0{number}")["anew"])
        decide(history, f"2026-02-0{number}", "refused", PROOF | {"anew": due[-1]})
    assert due == [False, False, True, False, False, True, False]

"""People's verdicts come back to the very answers that they were given on."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from r1tailor import store
from r1tailor.errors import DataError
from r1tailor.redteam.judged import Judged
from r1tailor.redteam.people import applied, decided
from r1tailor.redteam.tasks import document_of
from r1tailor.schema.annotation import LabelStudioExport
from tests.support.attacks import letters, made

EXPORT = LabelStudioExport(kind="label_studio", path="decided.json")
UNDECIDED = made(letters(4), ["hm"] * 4)


def exported(root: Path, votes: Sequence[tuple[Judged, Sequence[str]]]) -> None:
    """Write an export in which each answer has the votes of annotators 1, 2, ..."""
    rows = []
    for number, (one, verdicts) in enumerate(votes, start=1):
        task = document_of(one)
        done = [
            {
                "id": 10 * number + who,
                "completed_by": who,
                "was_cancelled": False,
                "created_at": f"2026-01-0{who}T00:00:00Z",
                "result": [
                    {
                        "id": "c",
                        "type": "choices",
                        "from_name": "verdict",
                        "to_name": "text",
                        "value": {"choices": [verdict]},
                    }
                ],
            }
            for who, verdict in enumerate(verdicts, start=1)
        ]
        rows.append({"id": number, "data": {"document": task.id, "text": task.text}, "annotations": done})
    store.write_json(root / EXPORT.path, rows)


def test_more_than_half_decide(tmp_path: Path) -> None:
    votes = (["broken", "broken", "held"], ["held"], ["broken", "held"], ["cannot_tell", "cannot_tell", "broken"])
    exported(tmp_path, list(zip(UNDECIDED, votes, strict=True)))
    found = applied(UNDECIDED, decided([EXPORT], tmp_path))
    assert [one.verdict.verdict for one in found] == ["broken", "held", "undecided", "undecided"]
    assert (found[0].verdict.by, found[0].verdict.evidence) == ("people", "2 of 3 people")


def test_a_verdict_is_not_for_another_answer_or_for_what_a_rule_decided(tmp_path: Path) -> None:
    exported(tmp_path, [(UNDECIDED[0], ["broken"])])
    verdicts = decided([EXPORT], tmp_path)
    others = [*made(letters(1), ["well"]), *made(letters(1), ["B"])]
    assert [one.verdict.verdict for one in applied(others, verdicts)] == ["undecided", "held"]


def test_a_task_that_is_not_ours_is_named(tmp_path: Path) -> None:
    exported(tmp_path, [(UNDECIDED[0], ["broken"])])
    rows = store.read_json(tmp_path / EXPORT.path)
    rows[0]["data"]["text"] += " changed"
    store.write_json(tmp_path / EXPORT.path, rows)
    with pytest.raises(DataError, match=r"decided\.json, task 1: .* is no task of the red team, or its text changed"):
        decided([EXPORT], tmp_path)


def test_without_exports_nobody_decided(tmp_path: Path) -> None:
    assert decided([], tmp_path) == {}
    assert applied(UNDECIDED, {}) == UNDECIDED

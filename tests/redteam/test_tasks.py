"""Undecided cases become blind annotation tasks."""

from pathlib import Path

from r1tailor import store
from r1tailor.redteam.tasks import document_of, write
from tests.support.attacks import letters, made

CASES = letters(6)


def test_only_what_is_undecided_becomes_a_task_and_no_task_names_the_subject(tmp_path: Path) -> None:
    subjects = {"base": made(CASES, ["hm"] * 6), "tuned": made(CASES, ["hm", "hm", "A", "B", "A", "B"])}
    assert write(tmp_path, subjects) == 6
    tasks = store.read_json(tmp_path / "label_studio.json")
    text = (tmp_path / "label_studio.json").read_text("utf-8")
    assert len(tasks) == 6
    assert "tuned" not in text
    assert "base" not in text
    key = store.read_json(tmp_path / "key.json")
    assert sorted(key) == [task["data"]["document"] for task in tasks]
    both = [found for found in key.values() if len(found) == 2]
    assert sorted(found[0]["case"] for found in both) == ["c0", "c1"]
    config = (tmp_path / "label_studio.xml").read_text("utf-8")
    assert all(value in config for value in ("broken", "held", "cannot_tell"))


def test_another_answer_is_another_task() -> None:
    first, second = made(CASES[:1], ["hm"]), made(CASES[:1], ["hm hm"])
    assert document_of(first[0]).id != document_of(second[0]).id
    assert document_of(first[0]) == document_of(made(CASES[:1], ["hm"])[0])


def test_nothing_undecided_writes_nothing(tmp_path: Path) -> None:
    assert write(tmp_path, {"base": made(CASES, ["B"] * 6)}) == 0
    assert list(tmp_path.iterdir()) == []

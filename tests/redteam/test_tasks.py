"""Undecided cases become blind annotation tasks."""

from pathlib import Path

from r1tailor import store
from r1tailor.redteam.tasks import write
from tests.support.attacks import letters, made

CASES = letters(6)


def test_only_what_is_undecided_becomes_a_task_and_no_task_names_the_subject(tmp_path: Path) -> None:
    subjects = {"base": made(CASES, ["hm"] * 6), "tuned": made(CASES, ["hm", "hm", "A", "B", "A", "B"])}
    assert write(tmp_path, subjects, seed=1) == 8
    tasks = store.read_json(tmp_path / "label_studio.json")
    text = (tmp_path / "label_studio.json").read_text("utf-8")
    assert len(tasks) == 8
    assert "tuned" not in text
    assert "base" not in text
    key = store.read_json(tmp_path / "key.json")
    assert sorted(key) == [task["data"]["document"] for task in tasks]
    assert sorted((one["subject"], one["case"]) for one in key.values())[-1] == ("tuned", "c1")
    config = (tmp_path / "label_studio.xml").read_text("utf-8")
    assert all(value in config for value in ("broken", "held", "cannot_tell"))


def test_another_seed_gives_another_order(tmp_path: Path) -> None:
    subjects = {"base": made(CASES, ["hm"] * 6)}
    orders = []
    for seed in (1, 2):
        write(tmp_path / str(seed), subjects, seed)
        key = store.read_json(tmp_path / str(seed) / "key.json")
        orders.append([one["case"] for one in key.values()])
    assert sorted(orders[0]) == sorted(orders[1])
    assert orders[0] != orders[1]


def test_nothing_undecided_writes_nothing(tmp_path: Path) -> None:
    assert write(tmp_path, {"base": made(CASES, ["B"] * 6)}, seed=1) == 0
    assert list(tmp_path.iterdir()) == []

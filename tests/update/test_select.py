"""What is trained on and in which order, what is kept out, what people get."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor import store
from r1tailor.errors import DataError
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from r1tailor.update import daily
from r1tailor.update.confidence import Judged
from r1tailor.update.day import Admitted, Material
from r1tailor.update.select import _Ranked, choose
from tests.support.update_days import DAY, day_project


def _ranked(id_: str, confidence: float, frequency: int, *, written: bool = False, output: str = "red") -> _Ranked:
    item = Material(id_, "document", Example(id_, "Which?", id_, output), "s", f"2026-01-{len(id_):02d}")
    judged = Judged(Admitted(item), confidence, "agreement", written)
    return _Ranked(judged, frequency, confidence >= 0.8, frequency <= 10)


ITEMS = [
    _ranked("common", 1.0, 500),
    _ranked("rare", 0.9, 3),
    _ranked("rarest", 0.85, 0),
    _ranked("rare_sure", 1.0, 3),
    _ranked("doubtful_rare", 0.3, 2),
    _ranked("doubtful_common", 0.3, 200),
]
Choosing = Callable[..., tuple[list[str], list[str], list[str]]]


@pytest.fixture
def choosing(settings: Callable[..., Settings]) -> Choosing:
    def choose_(*overrides: str, items: list[_Ranked] = ITEMS, seed: int = 1) -> tuple[list[str], list[str], list[str]]:
        wanted = settings(*(f"update.select.{one}" for one in overrides)).update.select
        train, people, left_out = choose(items, wanted, seed)
        return [one.id for one, _ in train], [one.id for one, _ in people], [one.id for one, _ in left_out]

    return choose_


def test_confident_and_rare_comes_first_and_doubtful_and_rare_goes_to_people(choosing: Choosing) -> None:
    assert choosing() == (["rarest", "rare_sure", "rare", "common"], ["doubtful_rare"], ["doubtful_common"])
    assert choosing("budget=2") == (["rarest", "rare_sure"], ["doubtful_rare"], ["rare", "common", "doubtful_common"])


def test_the_other_policies_are_called_what_they_do(choosing: Choosing) -> None:
    assert choosing("policy=uncertain", "budget=3")[0] == ["doubtful_rare", "doubtful_common", "rarest"]
    assert choosing("policy=all")[0] == ["rare", "common", "rarest", "rare_sure", "doubtful_rare", "doubtful_common"]
    first, second = choosing("policy=random")[0], choosing("policy=random", seed=2)[0]
    assert sorted(first) == sorted(second) == sorted(one.id for one in ITEMS)
    assert first != second
    assert first == choosing("policy=random", items=ITEMS[::-1])[0]


def test_the_champions_own_answers_have_a_share_and_must_be_confident(choosing: Choosing) -> None:
    own = [_ranked(f"own{n}", 0.9, n, written=True) for n in range(6)]
    doubtful = [_ranked("unsure", 0.5, 1, written=True), _ranked("silent", 1.0, 1, written=True, output="")]
    people = [_ranked(f"person{n}", 1.0, 50) for n in range(4)]
    train, left, out = choosing("self_labelled=0.2", items=[*own, *doubtful, *people])
    assert train == ["own0", *(one.id for one in people)]
    assert sorted(left) == ["silent", "unsure"]
    assert out == [f"own{n}" for n in range(1, 6)]
    assert choosing("self_labelled=0.0", items=own)[0] == []
    assert choosing("policy=all", "self_labelled=0.2", items=[*doubtful, *people])[1] == ["unsure", "silent"]


def test_a_day_tells_which_and_why_and_what_was_left_for_people(tmp_path: Path) -> None:
    project = day_project(tmp_path, "update.select.self_labelled=0.6", notes=True)
    project.answerer.told = lambda e: "blue" if "clear" in e.input else ""
    project.note("clear", "a clear sky")
    project.note("dim", "a dim light")
    project.correct("a warm stone", "red")
    day = project.run()
    told = [(one.material.example.input, one.material.example.output, one.basis, one.written) for one in day.selected()]
    assert sorted(told) == [("a warm stone", "red", "person", False)]  # blue is right less often than it is sure
    project = day_project(
        _made(tmp_path / "again"),
        "update.select.self_labelled=0.6",
        "update.select.confidence.calibration=none",
        notes=True,
    )
    project.answerer.told = lambda e: "blue" if "clear" in e.input else ""
    project.note("clear", "a clear sky")
    project.note("dim", "a dim light")
    project.correct("a warm stone", "red")
    day = project.run()
    told = [(one.material.example.input, one.material.example.output, one.basis, one.written) for one in day.selected()]
    assert sorted(told) == [("a clear sky", "blue", "agreement", True), ("a warm stone", "red", "person", False)]
    assert {one.why for one in day.selected()} == {"confident and rare: 10 in training by output"}
    choices = [json.loads(line) for line in (day.stage("select") / "choices.jsonl").read_text("utf-8").splitlines()]
    assert sorted((one["chosen"], one["why"]) for one in choices) == [
        ("people", "doubtful and rare"),
        ("train", "confident and rare"),
        ("train", "confident and rare"),
    ]
    counts = store.read_json(day.stage("select") / "counts.json")
    assert (counts["train"], counts["people"], counts["self_labelled"]) == (2, 1, 1)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_the_days_slice_is_kept_out_for_good_and_nothing_that_repeats_it_is_trained_on(tmp_path: Path) -> None:
    project = day_project(tmp_path, "update.select.held_out=0.5", "update.admit.similarity=1.0")
    text = "the patient is a man of 61 years who came with pain in the chest since this morning {}"
    for number, word in enumerate(("early", "late", "again", "soon", "now", "then")):
        project.correct(text.format(word), "red", user=f"user{number}")
    day = project.run()
    assert len(day.own_slice()) == 3
    assert day.selected() == []
    counts = store.read_json(day.stage("select") / "counts.json")
    assert counts["why"]["left_out: repeats the slice of the day"] == 3
    (project.places.held_out(DAY) / "items.jsonl").write_text("")
    with pytest.raises(DataError, match="is frozen and holds other items"):
        daily.run_stage(day, "select", project.answerer, tmp_path)

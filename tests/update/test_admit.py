"""What is let in and what goes to quarantine, with its reason; all of it is counted."""

import json
from pathlib import Path

from r1tailor import store
from r1tailor.update.day import Day, Quarantined, read_lines
from r1tailor.update.history import decide
from tests.support.update_days import DAY, day_project


def _reasons(day: Day) -> dict[str, str]:
    found = read_lines(day.stage("admit") / "quarantine.jsonl", Quarantined)
    return {one.material.example.input: one.reason for one in found}


def test_what_is_malformed_known_or_held_out_goes_to_quarantine(tmp_path: Path) -> None:
    project = day_project(tmp_path, "update.admit.longest=200", "domain.cleaning.rules=[collapse_whitespace]")
    held_out, known = project.base("test")[0], project.base("train")[0]
    project.correct("a  good   stone", "<think>\nI see it\n</think>\nRed")
    project.correct("a violet stone", "violet", user="bob", given="none")
    project.correct("word " * 50, "red")
    project.correct("a blue wall", "blue", given="<think>\nBlue\n</think>\nBlue")
    project.correct("an endless thought", "<think>\nred")
    project.correct(held_out.input, "red" if held_out.output != "red" else "blue")
    project.correct(known.input, known.output)
    (row,) = project.bring({"input": "a brick", "output": "green"})
    day = project.run()
    assert _reasons(day) == {
        "a violet stone": "outside_labels",
        ("word " * 50).strip(): "too_long",
        "a blue wall": "unchanged",
        "an endless thought": "no_answer",
        held_out.input: "leak",
        known.input: "duplicate",
    }
    good = next(one.material for one in day.admitted() if one.material.kind == "correction")
    assert (good.example.input, good.example.reasoning, good.example.output) == ("a good stone", "I see it", "red")
    assert [one.material.id for one in day.admitted()] == sorted([good.id, row], key=lambda id_: id_ != row)
    counts = store.read_json(day.stage("admit") / "counts.json")
    assert counts["came"] == {"correction": 7, "document": 1}
    assert counts["admitted"] == {"correction": 1, "document": 1}
    assert sum(counts["quarantined"].values()) == 6
    assert counts["cleaned"]["collapse_whitespace"] >= 1


def test_an_item_that_repeats_an_earlier_days_slice_is_a_leak(tmp_path: Path) -> None:
    project = day_project(tmp_path, "update.select.held_out=0.5")
    project.correct("the tall house", "blue")
    project.correct("the round window", "green", user="bob")
    day = project.run()
    decide(project.places.history, day.name, "refused", {})
    (kept_out,) = day.own_slice()
    project.correct(kept_out.input, "red", user="eve")
    later = project.run("2026-03-02")
    found = list(read_lines(later.stage("admit") / "quarantine.jsonl", Quarantined))
    assert [(one.reason, one.detail) for one in found] == [("leak", f"{kept_out.id} of {DAY}")]


def test_a_contradiction_waits_for_a_second_user_and_then_takes_the_place_of_what_it_corrects(tmp_path: Path) -> None:
    project = day_project(tmp_path, told=lambda _: "")
    known = project.base("train")[0]
    wrong = next(label for label in ("red", "green", "blue") if label != known.output)
    project.correct(known.input, wrong, user="ann")
    project.correct("some new thing", "red")
    day = project.run()
    assert _reasons(day) == {known.input: "contradiction"}
    decide(project.places.history, day.name, "promoted", {})
    project.correct(known.input, wrong, user="bob")
    later = project.run("2026-03-02")
    (one,) = later.admitted()
    assert one.replaces == (known.id,)
    decide(project.places.history, later.name, "promoted", {})
    project.correct("the last thing", "red")
    trained = {e.id: e for e in project.begin("2026-03-03").trained_before()}
    assert known.id not in trained
    assert trained[one.material.example.id].output == wrong


def test_one_user_does_not_overturn_what_the_champion_knows_and_training_verifies(tmp_path: Path) -> None:
    project = day_project(tmp_path)
    known = project.base("train")[0]
    project.answerer.told = lambda _: known.output
    wrong = next(label for label in ("red", "green", "blue") if label != known.output)
    project.correct(f"{known.input} or so", wrong, user="ann")
    day = project.run()
    assert _reasons(day) == {f"{known.input} or so": "needs_second_user"}
    decide(project.places.history, day.name, "empty", {})
    project.correct(f"{known.input} or so", wrong, user="bob")
    assert len(project.run("2026-03-02").admitted()) == 1


def test_quotas_keep_a_flood_from_one_user_out(tmp_path: Path) -> None:
    project = day_project(tmp_path, "update.admit.most_of_user=2", "update.admit.most_of_source=1")
    for what in ("stone", "wall", "leaf"):
        project.correct(f"the wet {what}", "red", at=f"2026-02-2{len(what)}T00:00:00+00:00")
    project.correct("a dry wall", "red", user="bob")
    project.bring({"input": "an apple", "output": "red"}, {"input": "a pear", "output": "green"})
    day = project.run()
    counts = store.read_json(day.stage("admit") / "counts.json")
    assert counts["quarantined"] == {"quota_of_source": 1, "quota_of_user": 1}
    assert counts["waiting"] == 2


def test_identifiers_and_users_do_not_stand_in_what_a_day_keeps(tmp_path: Path) -> None:
    project = day_project(tmp_path)
    project.correct("a wet stone", "red", user="ann.smith@example.org")
    day = project.run()
    kept = [file for file in project.places.path.rglob("*") if file.is_file() and file.suffix != ".parquet"]
    assert not [file for file in kept if b"ann.smith" in file.read_bytes()]
    assert json.loads((day.stage("select") / "selected.jsonl").read_text("utf-8"))["material"]["user"]

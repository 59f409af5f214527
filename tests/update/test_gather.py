"""What a day takes in: corrections, documents and labels, each once; frozen, dated, attributed by a salted hash."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from r1tailor import store
from r1tailor.errors import UserError
from r1tailor.records import Annotation, Labels
from r1tailor.serving.feedback.log import FeedbackLog
from r1tailor.update import daily
from r1tailor.update.day import Material
from r1tailor.update.forget import forget
from r1tailor.update.history import decide
from r1tailor.update.repeats import Verdict
from tests.support.pages import ask_and_correct, log_in
from tests.support.serving import Shelf, gateway
from tests.support.toy_run import toy_settings
from tests.support.update_days import DAY, QUIET, DayProject, day_project


@pytest.fixture
def project(tmp_path: Path) -> DayProject:
    return day_project(tmp_path, notes=True)


def test_what_was_forgotten_never_comes_in_again(project: DayProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("R1TAILOR_CACHE", str(project.root / "cache"))
    (document,) = project.bring({"input": "a purple car", "output": "blue"})
    project.correct("a quite new thing", "blue", user="bob")
    project.note("car", "a car without an answer")
    assert document in _by_id(project.begin().material())
    decide(project.places.history, DAY, "empty", {})
    forgotten = forget(project.settings, project.root, day=DAY)
    assert (len(forgotten.items), len(forgotten.feedback), forgotten.withdrawn) == (3, 1, [])
    (other,) = project.bring({"input": "a green car", "output": "green"})
    day = project.begin("2026-03-02")
    assert set(_by_id(day.material())) == {other}, "its source still holds it"
    assert (day.facts["skipped"]["forgotten"], day.facts["skipped"]["text_removed"]) == (2, 1)


def _by_id(items: list[Material]) -> dict[str, Material]:
    return {item.id: item for item in items}


def test_corrections_and_new_documents_come_in_and_nothing_that_training_has(project: DayProject) -> None:
    correction = project.correct("a quite new thing", "blue", given="red")
    (document,) = project.bring({"input": "a purple car", "output": "blue"})
    project.note("car", "a car without an answer")
    day = project.begin()
    items = _by_id(day.material())
    note = next(item for item in items.values() if item.source == "notes")
    assert set(items) == {correction, document, note.id}
    one = items[correction]
    assert (one.kind, one.example.input, one.example.output, one.original) == (
        "correction",
        "a quite new thing",
        "blue",
        "red",
    )
    assert one.example.instruction == "Which colour?"
    assert one.available_at == one.example.available_at == "2026-02-28"
    assert one.user == project.places.hashed("ann")
    assert "ann" not in (day.folder / "material.jsonl").read_text("utf-8")
    assert (items[document].labelled, note.labelled, note.example.input) == (True, False, "a car without an answer")
    assert day.facts["came"] == {"correction": 1, "document": 2}
    assert day.facts["champion"]["version"].startswith("colours-1-")


def test_a_correction_typed_on_the_page_and_accepted_by_a_reviewer_is_trained_on_the_next_day(tmp_path: Path) -> None:
    project = day_project(tmp_path, "update.documents=false")
    with gateway(tmp_path / "outputs", shelf=Shelf(settings=project.settings)) as harness:
        log_in(harness, "user", "ann")
        assert ask_and_correct(harness, "a warm stone", "green", "I see it").status_code == 200
        log = FeedbackLog(tmp_path / "outputs" / "serving" / "feedback" / "colours")
        log.decide(log.records()[0].id, "rita", "accept", 0)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    (one,) = project.run(tomorrow).selected()
    example = one.material.example
    assert (example.instruction, example.input, example.output) == ("Which colour?", "a warm stone", "green")
    assert (one.basis, one.material.version) == ("person", "toy-1-0000000000")
    assert one.material.user == project.places.hashed("ann")


def test_what_is_not_accepted_yet_or_not_known_yet_waits(tmp_path: Path) -> None:
    project = day_project(tmp_path)
    project.correct("tomorrow's thing", "blue", at="2026-03-02T08:00:00+00:00")
    project.correct("today's thing", "blue")
    day = project.begin()
    assert [item.example.input for item in day.material()] == ["today's thing"]
    assert day.facts["skipped"] == {"not_available_yet": 1}
    decide(project.places.history, day.name, "promoted", {})
    daily.run(day, project.answerer, project.root)
    assert [item.example.input for item in project.begin("2026-03-02").material()] == ["tomorrow's thing"]


def test_nothing_is_taken_twice_but_what_waits_for_a_quota_comes_again(tmp_path: Path) -> None:
    project = day_project(tmp_path, "update.admit.most_of_user=1")
    first = project.correct("one strange stone", "blue", at="2026-02-27T12:00:00+00:00")
    second = project.correct("another odd leaf", "green")
    day = project.run()
    decide(project.places.history, day.name, "refused", {})
    again = project.run("2026-03-02")
    assert set(_by_id(day.material())) == {first, second}
    assert list(_by_id(again.material())) == [second]
    assert [one.material.id for one in again.admitted()] == [second]
    assert again.facts["again"] == 1
    decide(project.places.history, again.name, "refused", {})
    assert daily.begun(project.settings, "2026-03-03", project.root) is None


def test_what_a_new_word_holds_back_comes_again_when_the_word_is_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def all_of(items: Sequence[Material], _train: object, confirmed: Sequence[str]) -> dict[str, Verdict]:
        return {item.id: ("new_word", "'scr' alone") for item in items if "SCR" not in confirmed}

    monkeypatch.setattr("r1tailor.update.admit.deciding", all_of)
    project = day_project(tmp_path)
    held = project.correct("an scr stone", "blue")
    day = project.run()
    assert "2026-03-01: 'scr' alone: vocabulary or a trigger?" in daily.told(day)
    decide(project.places.history, day.name, "empty", {})
    assert daily.begun(project.settings, "2026-03-02", project.root) is None
    for words, comes in (("zqx", False), ("SCR", True)):
        project.settings = toy_settings(tmp_path, *QUIET, f"update.admit.confirmed_words=[{words}]")
        assert (daily.begun(project.settings, "2026-03-02", project.root) is not None) == comes
    again = project.run("2026-03-02")
    assert [one.material.id for one in again.admitted()] == [held]


def test_a_day_is_frozen_with_the_hash_of_each_held_out_set_and_of_what_was_trained(tmp_path: Path) -> None:
    project = day_project(tmp_path, "update.select.held_out=0.5")
    for number, name in enumerate(("grey cat", "wild dog", "tall tree", "old house")):
        project.correct(f"the {name}", "blue", user=f"user{number}")
    day = project.run()
    decide(project.places.history, day.name, "promoted", {})
    project.correct("a later thing", "blue")
    later = project.begin("2026-03-02")
    assert set(day.facts["held_out"]) == {"domain"}
    assert set(later.facts["held_out"]) == {"domain", DAY}
    assert later.facts["trained"] == {DAY: store.sha256_file(day.stage("select") / "selected.jsonl")}
    assert len(later.trained_before()) == len(project.base("train")) + 2
    assert {name: len(items) for name, items in later.held_out_sets().items()} == {"domain": 30, DAY: 2}
    assert [e.id for e in later.held_out_sets()[DAY]] == [e.id for e in day.own_slice()]
    decide(project.places.history, day.name, "rolled_back", {})
    project.correct("the last thing", "blue")
    decide(project.places.history, later.name, "refused", {})
    assert project.begin("2026-03-03").facts["trained"] == {}


def test_what_people_labelled_of_what_was_left_for_them_comes_back_as_a_label(tmp_path: Path) -> None:
    votes = tmp_path / "votes.jsonl"
    votes.write_text("")
    colour = "{name: colour, values: [red, green, blue], multiple: false, definition: The colour.}"
    scheme = f"{{kind: own, spans: [], relations: [], questions: [{colour}]}}"
    gate = "{kappa: 0.8, lower_bound: 0.0, items: 2, resamples: 100, confidence: 0.95}"
    exports = f"[{{kind: records, path: {votes}}}]"
    annotation = f"{{scheme: {scheme}, exports: {exports}, gate: {gate}, merge: exact, adjudication: null}}"
    project = day_project(tmp_path, f"domain.annotation={annotation}", told=lambda _: "", notes=True)
    for what in ("stone", "wine", "phone"):
        project.note(what, f"a doubtful {what}")
    day = project.run()
    assert (day.stage("select") / "tasks" / "label_studio.json").exists()
    people = [json.loads(line) for line in (day.stage("select") / "people.jsonl").read_text("utf-8").splitlines()]
    assert len(people) == 3
    decide(project.places.history, day.name, "refused", {})
    said = zip(people, ("red", "green", "red"), strict=True)
    lines = [
        Annotation(
            f"people/{one['material']['id']}", who, "accept", Labels(answers={"colour": (value,)}), "", None, "here"
        )
        for one, value in said
        for who in ("ann", "bob")
    ]
    votes.write_text("".join(json.dumps(asdict(line)) + "\n" for line in lines))
    again = project.begin("2026-03-02")
    labels = [item for item in again.material() if item.kind == "label"]
    assert sorted(item.example.output for item in labels) == ["green", "red", "red"]
    assert {item.example.instruction for item in labels} == {"Which colour?"}


def test_a_domain_without_a_version_is_one_message(tmp_path: Path) -> None:
    project = day_project(tmp_path)
    other = project.settings.model_copy(
        update={"domain": project.settings.domain.model_copy(update={"name": "elsewhere"})}
    )
    with pytest.raises(UserError, match="domain elsewhere has no version to learn from"):
        daily.begun(other, DAY, tmp_path)
    assert daily.begun(project.settings, DAY, tmp_path) is None
    assert project.places.names() == []

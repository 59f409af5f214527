"""One whole day with a real model: trained, proven, decided; interrupted, and what is due before the next."""

from dataclasses import replace

import pytest

from r1tailor.update import learn
from r1tailor.update.day import Day
from r1tailor.update.history import decisions, entries
from r1tailor.update.promote import conclude
from tests.support.proven_days import Project, examples, selected
from tests.support.toy_run import NAME, toy_settings

DAY = "2026-02-01"


def _sealed(project: Project, *overrides: str) -> Day:
    from r1tailor import store

    day = project.day(DAY, selected(examples(8, "new")), examples(6, "own"), *overrides)
    with store.replaced_folder(day.stage("admit"), {"stage": "admit", "made_from": "x"}):
        pass
    store.write_manifest(day.stage("select"), {"stage": "select", "made_from": "x"})
    return day


def test_a_day_is_trained_proven_and_decided_once(learning: Project) -> None:
    day = _sealed(learning)
    (step,) = learn.learn(day, learning.root)
    assert (step.day, step.state) == (DAY, "refused"), "a random model learns nothing in 8 steps"
    assert not (day.folder / ".training").exists()
    assert {file.name for file in (day.folder / "costs").iterdir()} == {"train.json", "prove.json"}
    before = entries(learning.places.history)
    assert learn.learn(day, learning.root)[0].state == "refused"
    assert entries(learning.places.history) == before


def test_what_is_due_is_done_before_a_day(learning: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = toy_settings(learning.root, "update.promote.mode=automatic", "update.promote.channels=[]")
    project = replace(learning, settings=settings)
    day = project.passed(monkeypatch, DAY, "new")
    conclude(day, project.root)
    (told,) = learn.before(project.settings, project.root)
    assert told.startswith(f"{DAY}: promoted: ")
    assert learn.before(project.settings, project.root) == []
    project.registry.rollback(NAME)
    assert learn.before(project.settings, project.root) == [
        f"{DAY}: rolled back in the registry; its data left the training set"
    ]
    assert decisions(project.places.history) == {DAY: "rolled_back"}

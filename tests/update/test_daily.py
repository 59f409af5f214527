"""A day that is interrupted anywhere is finished by running it again, to the same bytes."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from r1tailor import config, durable, store
from r1tailor.errors import UserError
from r1tailor.update import daily
from r1tailor.update.history import decide, decisions
from tests.support.update_days import DAY, DayProject, day_project


class _Killed(BaseException):
    """No handler of ours may catch it: the process is gone."""


@contextmanager
def _dying(monkeypatch: pytest.MonkeyPatch, at: int) -> Iterator[list[int]]:
    """Die at the given durable write, rename or sync of what follows; nothing is cleaned up afterwards."""
    count = [0]

    def counted(act: Callable[..., object]) -> Callable[..., object]:
        def acting(*given: object, **named: object) -> object:
            count[0] += 1
            if count[0] == at:
                raise _Killed
            return act(*given, **named)

        return acting

    with monkeypatch.context() as patched:
        for name in ("write_text", "write_manifest", "_put", "sync_folder"):
            patched.setattr(store, name, counted(getattr(store, name)))
        for name in ("sync_tree", "make_folder"):
            patched.setattr(durable, name, counted(getattr(durable, name)))
        patched.setattr(shutil, "rmtree", lambda *_, **__: None)  # a killed process removes nothing
        yield count


def _tree(project: DayProject) -> dict[str, str]:
    """Return the hash of each file of the update that a day leaves."""
    places = [project.places.days, project.places.path / "held_out", project.places.path / "base"]
    files = [file for place in places for file in place.rglob("*") if file.is_file()]
    return {file.relative_to(project.places.path).as_posix(): store.sha256_file(file) for file in sorted(files)}


def _made(folder: Path) -> DayProject:
    folder.mkdir()
    project = day_project(folder, "update.select.held_out=0.5", "update.documents=false")
    for number, what in enumerate(("stone", "wall", "leaf", "door")):
        project.correct(f"the warm {what}", "red", user=f"user{number}")
    return project


def _forget(project: DayProject) -> None:
    for folder in (project.places.days, project.places.path / "held_out", project.places.path / "base"):
        shutil.rmtree(folder)


def test_a_day_that_is_killed_at_any_write_is_finished_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = _made(tmp_path / "project")
    monkeypatch.setattr(config, "load_params", lambda _: project.settings)  # reading it is not what is tested
    project.run()
    whole = _tree(project)
    _forget(project)
    with _dying(monkeypatch, 0) as count:
        project.run()
    assert count[0] > 25
    for at in range(1, count[0] + 1):
        _forget(project)
        with _dying(monkeypatch, at), pytest.raises(_Killed):
            project.run()
        day = daily.begun(project.settings, None if project.places.names() else DAY, project.root)
        assert day is not None
        assert day.name == DAY
        daily.run(day, project.answerer, project.root)
        left = {name: sha256 for name, sha256 in _tree(project).items() if ".tmp/" not in name and ".old/" not in name}
        assert left == whole, f"killed at write {at}"


def test_a_finished_stage_is_not_run_again_and_a_damaged_one_is(tmp_path: Path) -> None:
    project = _made(tmp_path / "project")
    day = project.run()
    asked = len(project.answerer.asked)
    before = (day.stage("admit") / "manifest.json").stat().st_mtime_ns
    daily.run(day, project.answerer, project.root)
    assert (day.stage("admit") / "manifest.json").stat().st_mtime_ns == before
    assert len(project.answerer.asked) == asked
    (day.stage("admit") / "admitted.jsonl").write_text("")
    assert not daily.finished(day, "admit")
    daily.run(day, project.answerer, project.root)
    assert daily.finished(day, "admit")
    assert daily.finished(day, "select")
    assert len(day.selected()) == 2


def test_days_follow_one_another_and_one_is_decided_before_the_next(tmp_path: Path) -> None:
    project = _made(tmp_path / "project")
    day = project.run()
    assert daily.begun(project.settings, None, project.root) == day
    with pytest.raises(UserError, match=f"day {DAY} is not finished"):
        daily.begun(project.settings, "2026-03-02", project.root)
    decide(project.places.history, DAY, "promoted", {})
    project.correct("a later thing", "red", at="2026-02-27T00:00:00+00:00")
    with pytest.raises(UserError, match=f"day 2026-02-28 would come before {DAY}"):
        daily.begun(project.settings, "2026-02-28", project.root)
    with pytest.raises(UserError, match=f"there is no day {DAY}-3; the next one of that date would be {DAY}-2"):
        daily.begun(project.settings, f"{DAY}-3", project.root)
    assert project.begin(f"{DAY}-2").name == f"{DAY}-2"
    assert daily.begun(project.settings, DAY, project.root) == day


def test_a_day_that_leaves_nothing_to_train_on_is_decided(tmp_path: Path) -> None:
    project = day_project(tmp_path)
    known = project.base("train")[0]
    project.correct(known.input, known.output)
    day = project.begin()
    assert daily.run(day, project.answerer, project.root) is False
    assert daily.run(day, project.answerer, project.root) is False
    assert decisions(project.places.history) == {DAY: "empty"}
    assert any("in quarantine: 1 duplicate" in line for line in daily.told(day))
    assert daily.begun(project.settings, "2026-03-02", project.root) is None


def test_a_stage_needs_the_one_before_it(tmp_path: Path) -> None:
    project = _made(tmp_path / "project")
    day = project.begin()
    with pytest.raises(UserError, match=f"day {DAY}: admit is not finished"):
        daily.run_stage(day, "select", project.answerer, project.root)
    with pytest.raises(UserError, match="--stage polish: a day has admit, select"):
        daily.run_stage(day, "polish", project.answerer, project.root)

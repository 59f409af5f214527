"""``r1tailor update``: a day, a stage of it, a service that survives a failed day."""

import argparse
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor import config
from r1tailor.__main__ import main
from r1tailor.commands import update
from r1tailor.errors import Interrupted, UserError
from r1tailor.update.promote import Step
from tests.support.update_days import DAY, DayProject, day_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DayProject:
    made = day_project(tmp_path, "update.documents=false")
    monkeypatch.setattr(config, "ROOT", tmp_path)
    monkeypatch.setattr(config, "load_params", _loading(made, config.load_params))
    return made


def _loading(project: DayProject, load: Callable[..., object]) -> Callable[..., object]:
    return lambda path=None: load(path) if path else project.settings


def test_a_day_tells_what_came_of_it(
    project: DayProject, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("r1tailor.update.learn.learn", lambda day, root: [Step(day.name, "refused", "a test")])
    project.correct("a warm stone", "red")
    project.correct("a violet stone", "violet", given="none")
    main(["update", "colours", "--day", DAY])
    said = capsys.readouterr().out
    assert "came in: 2 correction\n" in said
    assert "admitted: 1 correction; in quarantine: 1 outside labels\n" in said
    assert "1 to train on (confident_rare, 0 self-labelled), 0 kept out, nothing left for people, 0 left out\n" in said
    assert said.endswith(f"update: {DAY}: refused: a test\nupdate: the days: outputs/colours/update/days.html\n")
    main(["update", "colours", "--day", DAY, "--stage", "select"])
    assert capsys.readouterr().out.endswith(f"update: {DAY}: select is done\n")


def test_without_anything_new_there_is_no_day(project: DayProject, capsys: pytest.CaptureFixture[str]) -> None:
    main(["update", "colours"])
    assert capsys.readouterr().out.endswith("update: nothing new came in for colours\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["medical"], "this project composes domain colours, not medical. Choose it: r1tailor use domain=..."),
        (["colours", "--day", "yesterday"], "'yesterday' names no day: an ISO date such as 2026-01-31"),
        (["colours", "--stage", "admit"], "--stage runs a stage of a day again; name it: --day"),
        (["colours", "--day", DAY, "--every", "24h"], "--every begins days by itself"),
        (["../x", "--day", DAY, "--stage", "admit"], "'../x' names no domain"),
        (["colours", "--day", "2020-01-01", "--stage", "admit"], "no day '2020-01-01' in "),
        (["colours", "--every", "daily"], "'daily' is no duration; write it as 30m, 24h or 7d"),
    ],
)
def test_a_mistake_is_one_message(
    arguments: list[str], message: str, project: DayProject, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["update", *arguments])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_a_service_begins_a_day_at_each_interval_and_survives_one_that_fails(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock, waited, days = [1000.0], list[float](), list[float]()

    def run() -> None:
        days.append(clock[0])
        clock[0] += 7.0
        if len(days) == 2:
            raise UserError("no disk")
        if len(days) == 4:
            raise Interrupted("stopped", signal.SIGTERM)

    def wait(seconds: float) -> None:
        waited.append(seconds)
        clock[0] += seconds

    with pytest.raises(Interrupted):
        update.serve(60, run, wait, lambda: clock[0])
    assert days == [1000.0, 1060.0, 1120.0, 1180.0]
    assert waited == [53.0, 53.0, 53.0]
    assert "this day failed and is tried again: no disk" in capsys.readouterr().err


def test_a_day_that_takes_longer_than_the_interval_is_followed_at_once() -> None:
    clock, waited = [0.0], list[float]()

    def run() -> None:
        clock[0] += 90.0
        if clock[0] > 100:
            raise Interrupted("stopped", signal.SIGTERM)

    with pytest.raises(Interrupted):
        update.serve(60, run, waited.append, lambda: clock[0])
    assert waited == [0.0]


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_day_and_says_how_to_finish_it(sign: signal.Signals) -> None:
    with pytest.raises(Interrupted, match="the same command finishes the day") as stopped, update._stoppable():
        signal.raise_signal(sign)
    assert stopped.value.exit_code == 128 + sign


def test_durations() -> None:
    assert [update.duration(text) for text in ("30m", "24h", "7d")] == [1800, 86400, 604800]
    for wrong in ("0h", "24", "h", "1.5h", "-1h"):
        with pytest.raises(argparse.ArgumentTypeError, match="is no duration"):
            update.duration(wrong)

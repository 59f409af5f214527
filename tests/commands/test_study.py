"""``r1tailor study``: a plan first, links once, no figure before the end."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor import config
from r1tailor.__main__ import main
from r1tailor.schema.settings import Settings
from r1tailor.serving.study.folder import find, of_token
from tests.support.studies import serving, vote_all, write_evaluated


@pytest.fixture
def study(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: Callable[..., Settings],
) -> Callable[..., str]:
    composed = settings()
    monkeypatch.setattr(config, "ROOT", tmp_path)
    monkeypatch.setattr(config, "load_params", lambda: composed)
    write_evaluated(tmp_path)

    def run(*arguments: str) -> str:
        main(["study", *arguments])
        return capsys.readouterr().out

    return run


def test_from_the_plan_to_the_report(study: Callable[..., str], tmp_path: Path) -> None:
    said = study("new", "toy", "--items", "12", "--raters", "3", "--url", "https://models.hospital.example/")
    assert said.startswith("study toy-study-1: base (base of outputs/runs/a) and tuned (tuned of outputs/runs/a)\n")
    assert "power: assuming 30% ties" in said
    tokens = re.findall(r"https://models\.hospital\.example/study/(\S+)", said)
    assert len(tokens) == 3
    assert of_token(serving(tmp_path), tokens[2]) is not None
    waiting = study("status", "toy")
    assert "rater 3: 0 of 13 pages\n" in waiting
    assert "not decided yet" in waiting
    vote_all(find(serving(tmp_path), "toy"))
    assert "the study has ended: r1tailor study report toy-study-1" in study("status", "toy-study-1")
    assert study("report", "toy").startswith("tuned is preferred (sign test at the planned n)\nreport: ")
    found = json.loads(study("report", "toy", "--json"))
    assert found == json.loads((tmp_path / "outputs/serving/studies/toy-study-1/report.json").read_text("utf-8"))


def test_status_tells_no_side(study: Callable[..., str], tmp_path: Path) -> None:
    study("new", "toy", "--items", "22", "--raters", "1", "--repeats", "0")
    vote_all(find(serving(tmp_path), "toy"))
    said = study("status", "toy")
    assert "the confidence sequence has decided" in said
    assert "base" not in said
    assert "tuned" not in said


def test_an_open_study_has_no_report(study: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    study("new", "toy", "--items", "12")
    with pytest.raises(SystemExit) as stopped:
        study("report", "toy")
    assert stopped.value.code == 2
    assert "is open (0 of 52 pages)" in capsys.readouterr().err
    assert study("close", "toy", "--reason", "no raters").startswith("toy-study-1 is closed")
    assert study("report", "toy").startswith("no preference is shown: the study was closed when 0 of 12")


def test_a_link_can_be_renewed(study: Callable[..., str], tmp_path: Path) -> None:
    study("new", "toy", "--items", "12")
    token = study("link", "toy", "2").strip().rpartition("/")[2]
    found = of_token(serving(tmp_path), token)
    assert found is not None
    assert found[1] == 1


def test_a_faulty_number_is_one_message(study: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        study("new", "toy", "--items", "99")
    assert stopped.value.code == 2
    assert "--items 99: from 6 to 22" in capsys.readouterr().err

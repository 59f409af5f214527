"""``r1tailor use``: what is composed is kept, shown, and its own files are tracked."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from r1tailor import composition, config
from r1tailor.__main__ import main
from r1tailor.commands import use
from r1tailor.errors import UserError
from tests.conftest import ROOT


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A project that composes nothing of its own yet."""
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    (tmp_path / "conf" / "project.yaml").unlink(missing_ok=True)
    monkeypatch.setattr(config, "ROOT", tmp_path)
    monkeypatch.setattr(config, "CONF", tmp_path / "conf")
    monkeypatch.setattr(config, "PARAMS", tmp_path / "params.yaml")
    return tmp_path


def test_what_is_chosen_is_kept_and_shown(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["use", "domain=legal", "seed=3"])
    main(["use", "model=tiny_llama"])
    out = capsys.readouterr().out
    assert out.endswith("conf/project.yaml and params.yaml: domain=legal model=tiny_llama\n")
    assert composition.read() == composition.Composition({"domain": "legal", "model": "tiny_llama"}, {"seed": 3})
    settings = config.load_params(project / "params.yaml")
    assert (settings.domain.name, settings.seed) == ("legal", 3)
    main(["use", "--reset", "seed=4"])
    assert composition.read() == composition.Composition({}, {"seed": 4})


def test_a_value_that_its_option_took_with_it_is_reported(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["use", "domain=generic", "domain.sources.0.path=mine.jsonl"])
    capsys.readouterr()
    main(["use", "domain=legal"])
    assert "no longer set, since their option changed: domain.sources\n" in capsys.readouterr().out


def test_a_fault_changes_no_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["use", "strategy.rnk=8"])
    assert ended.value.code == 2
    assert "strategy.rnk is not a setting of" in capsys.readouterr().err
    assert not (project / "conf" / "project.yaml").exists()
    assert not (project / "params.yaml").exists()


def test_files_elsewhere_of_git_and_of_the_pipeline_are_not_tracked(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:  # noqa: ANN401
        commands.append(command)
        known = command[0] == "git" and command[-1].endswith("known.jsonl")
        return subprocess.CompletedProcess(command, int("bad.jsonl" in command), b"known" if known else b"")

    monkeypatch.setattr(use.subprocess, "run", run)
    use._track(["/elsewhere/x.jsonl", "outputs/x.jsonl", "known.jsonl"])
    assert capsys.readouterr().out.splitlines() == [
        "/elsewhere/x.jsonl: not tracked, it lies outside the project",
        "outputs/x.jsonl: not tracked, outputs/ belongs to the pipeline",
        "known.jsonl: git tracks it",
    ]
    assert not any("dvc" in command for command in commands)
    use._track(["mine.jsonl", "data/words.csv"])
    assert commands[-1][2:] == ["dvc", "add", "--quiet", "mine.jsonl", "data/words.csv"]
    assert "Commit: git add mine.jsonl.dvc data/words.csv.dvc" in capsys.readouterr().out
    with pytest.raises(UserError, match=r"dvc add bad\.jsonl ended with code 1"):
        use._track(["bad.jsonl"])

"""A proposal is written once; what a person changed in it stays."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from r1tailor import config
from r1tailor.commands import proposing


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(config, "ROOT", tmp_path)
    monkeypatch.setattr(config, "CONF", tmp_path / "conf")
    (tmp_path / "conf" / "domain").mkdir(parents=True)
    return tmp_path / "conf" / "domain" / "mine.yaml"


def kept(text: str) -> None:
    draft: Any = SimpleNamespace(name="mine", say=lambda english, chinese: english)
    proposing._keep(text, cast("Any", draft))


def test_a_second_run_shows_the_difference_and_overwrites_nothing(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept("kind: generic\nname: mine\n")
    assert capsys.readouterr().out == "written: conf/domain/mine.yaml\n"
    kept("kind: generic\nname: mine\n")
    assert capsys.readouterr().out == "conf/domain/mine.yaml is what is proposed already\n"
    written.write_text("kind: generic\nname: changed\n")
    kept("kind: generic\nname: mine\n")
    said = capsys.readouterr().out
    assert "-name: changed\n+name: mine\n" in said
    assert "stays as it is; --name gives the proposal another name" in said
    assert written.read_text() == "kind: generic\nname: changed\n"

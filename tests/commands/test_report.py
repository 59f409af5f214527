"""``r1tailor report``: the stage, the page in another language next to it, the whole table."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from r1tailor import config, stages, store
from r1tailor.__main__ import main
from r1tailor.errors import DataError
from r1tailor.layout import RunFolder
from r1tailor.report import finished as reading
from r1tailor.report import page
from tests.support.finished import finished


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Note the folders that the stage ran in; what it reads is made up."""
    found: list[Path] = []
    monkeypatch.setitem(stages.STAGES, "report", lambda _, run: found.append(run.path))
    monkeypatch.setattr(reading, "read", lambda settings, _run, code: replace(finished(), settings=settings, code=code))
    monkeypatch.setattr(page, "changed", lambda _: ("config", []))
    monkeypatch.setattr(config, "ROOT", tmp_path)
    medical = config.load([])
    load = config.load_params
    monkeypatch.setattr(config, "load_params", lambda path=None: load(path) if path else medical)
    return found


def test_it_is_the_stage_of_the_pipeline(ran: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["report"])
    assert ran == [tmp_path / "outputs" / "medical"]
    assert capsys.readouterr().out == f"report: {tmp_path / 'outputs' / 'medical' / 'evaluation' / 'report.html'}\n"


def test_a_direct_run_has_its_page_in_another_language_too(
    ran: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "runs" / "mine"
    store.write_text(folder / "config.yaml", config.as_yaml(config.load(["domain=education"])))
    main(["report", "runs/mine", "--language", "zh", "--wide"])
    assert ran == [folder.resolve()]
    assert '<html lang="zh-Hans">' in (folder / "evaluation" / "report-zh.html").read_text("utf-8")
    assert not (folder / "evaluation" / "report.html").exists(), "the stage alone writes that one"
    assert "0.800 [0.750, 0.850]" in capsys.readouterr().out, "a plain baseline with its interval"


def test_another_language_is_refused(ran: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["report", "--language", "fr"])
    assert stopped.value.code == 2
    assert "invalid choice: 'fr'" in capsys.readouterr().err
    assert ran == []


def test_the_stage_refuses_a_run_that_was_not_evaluated(
    tmp_path: Path, settings: Callable[..., config.Settings]
) -> None:
    with pytest.raises(DataError, match=r"holds no evaluation/metrics\.json"):
        stages.report(settings(), RunFolder(tmp_path))

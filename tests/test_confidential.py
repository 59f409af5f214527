"""What a domain with privacy writes is its user's alone, and what breaks down quotes nothing."""

import os
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from r1tailor import confidential, config
from r1tailor.errors import DataError, TailorError
from r1tailor.schema.settings import Settings

PRIVACY = "domain.cleaning.privacy={kinds:{ssn:redact},key_variable:K,share_of_documents_with_findings:0}"
CHILD = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text('x')"


@pytest.fixture(scope="module")
def private() -> Settings:
    return config.load([PRIVACY])


@pytest.fixture(autouse=True)
def _own_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "ROOT", tmp_path)
    os.umask(0o022)


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_files_of_every_process_are_closed_and_so_are_the_run_and_the_cache(private: Settings, tmp_path: Path) -> None:
    run = tmp_path / "outputs" / "mine"
    run.mkdir(parents=True)
    (tmp_path / ".dvc" / "cache").mkdir(parents=True)
    with confidential.confidential(private, run):
        (run / "clean").mkdir()
        (run / "clean" / "documents").write_text("x")
        subprocess.run([sys.executable, "-c", CHILD, str(run / "child")], check=True)
    assert (_mode(run), _mode(run / "clean"), _mode(tmp_path / ".dvc" / "cache")) == (0o700, 0o700, 0o700)
    assert (_mode(run / "clean" / "documents"), _mode(run / "child")) == (0o600, 0o600)
    (tmp_path / "later").write_text("x")
    assert _mode(tmp_path / "later") == 0o644


def test_another_domain_is_left_as_it_is(tmp_path: Path) -> None:
    with confidential.confidential(config.load([]), tmp_path / "run"):
        (tmp_path / "open").write_text("x")
    with pytest.raises(KeyError), confidential.confidential(config.load([]), tmp_path / "run"):
        raise KeyError("as it was")
    assert _mode(tmp_path / "open") == 0o644
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("error", [DataError("line 3: note is empty"), PermissionError(13, "denied")])
def test_what_is_meant_for_the_user_is_told(error: Exception, private: Settings, tmp_path: Path) -> None:
    with pytest.raises(type(error)) as told, confidential.confidential(private, tmp_path):
        raise error
    assert told.value is error


def test_any_other_error_is_told_by_its_kind_and_place(
    private: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = "the run broke down with KeyError, at"
    with pytest.raises(TailorError, match=said) as told, confidential.confidential(private, tmp_path):
        raise KeyError("Roe 523-41-8867")
    told_in_full = "".join(traceback.format_exception(told.value)) + capsys.readouterr().err
    assert "KeyError: " not in told_in_full

"""The code that made an output is named by its version and, in a checkout, by its commit."""

import subprocess
from pathlib import Path

import pytest

from r1tailor import __version__, config
from r1tailor.stages.code import code_version


def test_a_checkout_names_its_commit_and_whether_it_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "ROOT", tmp_path)
    assert code_version() == __version__, "no checkout"
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    (tmp_path / "a").write_text("1")
    for words in (("init", "-q"), ("add", "a"), (*identity, "commit", "-qm", "a")):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    clean = code_version()
    commit = subprocess.run(
        ["git", "-C", str(tmp_path), "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    )
    assert clean == f"{__version__} ({commit.stdout[:12]})"
    (tmp_path / "a").write_text("2")
    assert code_version() == f"{clean[:-1]}-dirty)"

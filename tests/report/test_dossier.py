"""The files next to a version: their hashes can be checked by the usual tool."""

import subprocess
from pathlib import Path

from r1tailor.report.dossier import texts
from tests.support.finished import finished


def test_the_hashes_are_checked_by_sha256sum(tmp_path: Path) -> None:
    (tmp_path / "model" / "deep").mkdir(parents=True)
    (tmp_path / "model" / "deep" / "weights").write_text("w")
    (tmp_path / "provenance.json").write_text("[]")
    parts = {"model": tmp_path / "model", "provenance.json": tmp_path / "provenance.json"}
    made = texts(finished(language="zh"), parts)
    assert made.keys() == {"README.md", "EVIDENCE.md", "SHA256SUMS"}
    assert "证据记录" in made["EVIDENCE.md"]
    (tmp_path / "SHA256SUMS").write_text(made["SHA256SUMS"])
    check = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (tmp_path / "model" / "deep" / "weights").write_text("W")
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 1


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    assert texts(finished(), {}) == texts(finished(), {})

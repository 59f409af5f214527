"""What killed processes leave is removed, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

from r1tailor.corpus.spill import spilled
from r1tailor.records import Document, write_documents
from r1tailor.temporaries import sweep
from tests.corpus.test_engine import FACTS


def _dead() -> int:
    """Return the number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_dead_processes_left_is_swept_and_all_else_stays(tmp_path: Path) -> None:
    dead, kept = _dead(), [f".d.{os.getpid()}.tmp", ".d.tmp", f"d.{os.getpid()}", f".other.{1}.tmp"]
    (tmp_path / f".d.{dead}.tmp").write_text("raw text")
    (tmp_path / f".d.{dead}-x").mkdir()
    (tmp_path / f".d.{dead}-x" / "content").write_text("raw text")
    for name in kept:
        (tmp_path / name).write_text("")
    sweep(tmp_path, ".d.")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)


def test_a_link_is_removed_and_not_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / f".d.{_dead()}").symlink_to(tmp_path / "folder")
    sweep(tmp_path, ".d.")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_documents_and_deduplication_sweep_where_they_write(tmp_path: Path) -> None:
    dead = _dead()
    (tmp_path / f".documents.parquet.{dead}.tmp").write_text("raw text")
    (tmp_path / f".duplicates-{dead}-abc").mkdir()
    with spilled(tmp_path) as place:
        assert place.parent == tmp_path
        assert place.stat().st_mode & 0o777 == 0o700
    write_documents(tmp_path / "documents.parquet", [Document("d", "", **FACTS)])
    assert [path.name for path in tmp_path.iterdir()] == ["documents.parquet"]

"""A file's content hash is remembered while the file is untouched, and never longer."""

import os
from pathlib import Path

import pytest

from r1tailor import store

LARGE = 3 * 2**20


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """The files whose bytes were read to be hashed, in a cache of the test's own."""
    monkeypatch.setenv("R1TAILOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(store, "_SETTLED", -1.0)  # a file of this moment may be remembered
    read: list[Path] = []
    original = store.sha256_file

    def counted(path: Path) -> str:
        read.append(path)
        return original(path)

    monkeypatch.setattr(store, "sha256_file", counted)
    return read


def test_a_large_file_is_read_once(hashed: list[Path], tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.write_bytes(b"a" * LARGE)
    first = store.content_sha256(file)
    assert store.content_sha256(file) == first == store.sha256_file(file)
    assert hashed == [file, file], "once by content_sha256, once by this test"
    assert len(list((tmp_path / "cache" / "hashes").iterdir())) == 1


def test_a_small_file_is_not_remembered(hashed: list[Path], tmp_path: Path) -> None:
    file = tmp_path / "small"
    file.write_bytes(b"a")
    assert store.content_sha256(file) == store.content_sha256(file)
    assert len(hashed) == 2
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("how", ["in place", "in place, the time put back", "by another file of the same time"])
def test_other_content_of_the_same_size_is_another_hash(hashed: list[Path], tmp_path: Path, how: str) -> None:
    file = tmp_path / "large"
    file.write_bytes(b"a" * LARGE)
    before, times = store.content_sha256(file), file.stat()
    written = tmp_path / "other" if how.startswith("by another") else file
    written.write_bytes(b"b" * LARGE)
    if how != "in place":
        os.utime(written, ns=(times.st_atime_ns, times.st_mtime_ns))
    written.replace(file)
    assert store.content_sha256(file) != before


def test_a_file_that_was_just_written_is_hashed_each_time(
    hashed: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could change again within one tick of the clock that time stamps come from."""
    monkeypatch.setattr(store, "_SETTLED", 3600.0)
    file = tmp_path / "large"
    file.write_bytes(b"a" * LARGE)
    assert store.content_sha256(file) == store.content_sha256(file)
    assert len(hashed) == 2


@pytest.mark.parametrize("content", ["", "{", "[]", '{"state": 1, "sha256": "x"}', '{"sha256": "x"}'])
def test_a_damaged_entry_is_computed_again(hashed: list[Path], tmp_path: Path, content: str) -> None:
    file = tmp_path / "large"
    file.write_bytes(b"a" * LARGE)
    right = store.content_sha256(file)
    (entry,) = (tmp_path / "cache" / "hashes").iterdir()
    entry.write_text(content)
    assert store.content_sha256(file) == right


def test_a_cache_that_cannot_be_written_changes_nothing(hashed: list[Path], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    file = tmp_path / "large"
    file.write_bytes(b"a" * LARGE)
    assert store.content_sha256(file) == store.sha256_file(file)

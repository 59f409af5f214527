"""Files are whole or not there; a folder is what its manifest says; a content hash is remembered while it is true."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor import store
from r1tailor.errors import UserError

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


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """A folder of two files with its manifest."""
    folder = tmp_path / "model"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("a", encoding="utf-8")
    (folder / "deep" / "b.txt").write_text("b", encoding="utf-8")
    store.write_manifest(folder, {"step": 1})
    return folder


def _outside(folder: Path) -> None:
    manifest = store.read_json(folder / store.MANIFEST)
    manifest["files"]["../x"] = "0" * 64
    store.write_json(folder / store.MANIFEST, manifest)


DAMAGES: list[tuple[str, Callable[[Path], object], str]] = [
    ("changed", lambda f: (f / "a.txt").write_text("b"), "a.txt was changed after it was written"),
    ("missing", lambda f: (f / "a.txt").unlink(), "a.txt is missing"),
    ("more", lambda f: (f / "c.txt").touch(), "c.txt is not in its manifest"),
    ("link", lambda f: (f / "c").symlink_to(f), "c is a symbolic link"),
    ("no manifest", lambda f: (f / store.MANIFEST).unlink(), "it has no manifest: it was never finished"),
    ("no JSON", lambda f: (f / store.MANIFEST).write_text("{"), "its manifest cannot be read"),
    ("no files", lambda f: (f / store.MANIFEST).write_text("{}"), "its manifest cannot be read"),
    ("outside", _outside, "'../x' leads out of it"),
]


@pytest.mark.parametrize(("change", "reported"), [(c, r) for _, c, r in DAMAGES], ids=[name for name, *_ in DAMAGES])
def test_damage_is_named(sealed: Path, change: Callable[[Path], object], reported: str) -> None:
    assert store.damage(sealed) is None
    change(sealed)
    assert store.damage(sealed) == reported


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a" / "file.json"
    store.write_json(path, {"名": 1})
    assert store.read_json(path) == {"名": 1}
    monkeypatch.setattr(os, "fsync", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store.write_text(path, "new")
    assert store.read_json(path) == {"名": 1}
    assert [entry.name for entry in path.parent.iterdir()] == ["file.json"]


def test_a_folder_is_replaced_as_a_whole_or_not_at_all(sealed: Path) -> None:
    before = store.sha256_tree(sealed)
    with pytest.raises(IsADirectoryError), store.replaced_folder(sealed, {}) as new:
        new.write_text("half way")
    assert store.sha256_tree(sealed) == before
    with store.replaced_folder(sealed, {"step": 2}) as new:
        (new / "c.txt").touch()
    assert list(store.sha256_tree(sealed)) == ["c.txt"]
    assert store.read_json(sealed / store.MANIFEST)["step"] == 2
    assert [entry.name for entry in sealed.parent.iterdir()] == ["model"]


def test_the_old_folder_comes_back_when_a_replacement_was_interrupted_between_its_renames(sealed: Path) -> None:
    before = store.sha256_tree(sealed)
    sealed.replace(sealed.with_name(".model.old"))
    store.recover(sealed)
    assert store.sha256_tree(sealed) == before


def test_a_folder_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    with store.held(tmp_path), pytest.raises(UserError, match="another run is at work there"), store.held(tmp_path):
        pass
    with store.held(tmp_path):
        pass


@pytest.mark.parametrize("name", ["", "/a", "../a", "a/../b", "a//b", "./a", "a\\b", "a\0", "a/"])
def test_a_name_that_leads_out_is_told_from_a_plain_one(name: str) -> None:
    assert store.leads_out(name)
    assert not store.leads_out("a/b.c")


def test_a_link_is_moved_atomically_and_relative(tmp_path: Path) -> None:
    for target in (tmp_path / "runs" / "a", tmp_path / "runs" / "b"):
        target.mkdir(parents=True)
        store.point_to(tmp_path / "runs" / "latest", target)
    assert (tmp_path / "runs" / "latest").readlink() == Path("b")

"""Temporaries that nobody can predict and that are swept when their process has ended; folders swapped in one step."""

import multiprocessing
import os
import shutil
import stat
from pathlib import Path

import pytest

from r1tailor import durable, store


def _left_by_a_killed_process(path: Path) -> Path:
    """A temporary of a process that has ended."""
    process = multiprocessing.get_context("fork").Process(target=lambda: None)
    process.start()
    process.join()
    name = durable.temporary(path).name.replace(f"-{os.getpid()}-", f"-{process.pid}-")
    left = path.with_name(name)
    left.write_text("half")
    return left


def test_a_temporary_of_a_process_that_ended_is_swept_and_no_other(tmp_path: Path) -> None:
    left, mine = _left_by_a_killed_process(tmp_path / "a.json"), durable.temporary(tmp_path / "b.json")
    folder = _left_by_a_killed_process(tmp_path / "deep")
    folder.unlink()
    (folder / "inside").mkdir(parents=True)
    for other in (mine, tmp_path / ".hidden", tmp_path / "a.tmp"):
        other.write_text("kept")
    assert sorted(store.sweep(tmp_path)) == sorted([left, folder])
    assert sorted(tmp_path.iterdir()) == sorted([mine, tmp_path / ".hidden", tmp_path / "a.tmp"])
    assert store.sweep(tmp_path / "nowhere") == []


def test_the_number_of_an_ended_process_that_another_has_now_protects_nothing(tmp_path: Path) -> None:
    name = durable.temporary(tmp_path / "a").name.split("-")
    name[2] = "1"  # began before this one
    (tmp_path / "-".join(name)).touch()
    assert len(store.sweep(tmp_path)) == 1


def test_a_temporary_of_another_host_is_kept_for_a_day(tmp_path: Path) -> None:
    left = _left_by_a_killed_process(tmp_path / "a")
    other = left.rename(left.with_name(left.name.replace(durable._host(), "00000000")))
    assert store.sweep(tmp_path) == []
    os.utime(other, (0, 0))
    assert store.sweep(tmp_path) == [other]


def test_a_link_at_the_temporary_of_earlier_releases_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (tmp_path / f".a.json.{os.getpid()}.tmp").symlink_to(outside)
    store.write_text(tmp_path / "a.json", "new")
    assert outside.read_text() == "mine"
    with pytest.raises(FileExistsError):
        durable.create(tmp_path / f".a.json.{os.getpid()}.tmp")


def test_permissions_follow_the_umask_or_are_the_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        store.write_text(tmp_path / "a", "a")
        store.write_text(tmp_path / "b", "b", mode=0o600)
    finally:
        os.umask(before)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in "ab"] == [0o640, 0o600]


def test_a_long_name_has_a_temporary(tmp_path: Path) -> None:
    name = "名" * 80
    store.write_text(tmp_path / name, "text")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_folders_are_swapped_in_one_step(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / name).mkdir(parents=True)
    if not durable.exchange(tmp_path / "a", tmp_path / "b"):
        pytest.skip("this system cannot")
    assert (tmp_path / "a" / "b").is_dir()
    assert not durable.exchange(tmp_path / "a", tmp_path / "nowhere")


def test_a_replaced_folder_is_never_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, found = tmp_path / "model", []
    original = shutil.rmtree

    def looked(path: Path, **how: bool) -> None:
        found.append(folder.exists())
        original(path, **how)

    for text in ("one", "two"):
        with store.replaced_folder(folder, {}) as new:
            (new / "a").write_text(text)
        monkeypatch.setattr(Path, "replace", lambda *_: pytest.fail("a rename leaves a gap"))
        monkeypatch.setattr(store, "write_manifest", lambda *_: None)
        monkeypatch.setattr(shutil, "rmtree", looked)
    assert (folder / "a").read_text() == "two"
    assert all(found)

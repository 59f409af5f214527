"""A folder is sealed, replaced whole or left as it was; what is damaged in it is named."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor import store


def _no_space(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_failed_write_keeps_the_old_text_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "below" / "a.json"
    store.write_json(path, {"一": 1})
    monkeypatch.setattr(os, "fsync", _no_space)
    with pytest.raises(OSError, match="No space left"):
        store.write_json(path, {"二": 2})
    assert store.read_json(path) == {"一": 1}
    assert [file.name for file in path.parent.iterdir()] == ["a.json"]


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    with store.replaced_folder(tmp_path / "model", {"step": 1}) as folder:
        (folder / "inner").mkdir()
        (folder / "inner" / "weights").write_bytes(b"old")
    return tmp_path / "model"


def test_a_replaced_folder_is_sealed(sealed: Path) -> None:
    manifest = store.read_json(sealed / store.MANIFEST)
    assert manifest == {"step": 1, "files": {"inner/weights": store.sha256_file(sealed / "inner" / "weights")}}
    assert store.damage(sealed) is None
    assert [entry.name for entry in sealed.parent.iterdir()] == ["model"]


def _cut_off(folder: Path) -> None:
    with store.replaced_folder(folder, {"step": 2}) as temporary:
        (temporary / "weights").write_bytes(b"new")
        raise RuntimeError("power cut")


def test_an_error_inside_leaves_the_old_folder(sealed: Path) -> None:
    with pytest.raises(RuntimeError, match="power cut"):
        _cut_off(sealed)
    assert (sealed / "inner" / "weights").read_bytes() == b"old"
    assert store.damage(sealed) is None
    assert [entry.name for entry in sealed.parent.iterdir()] == ["model"]


def test_a_new_folder_takes_the_place_of_the_old_one_whole(sealed: Path) -> None:
    with store.replaced_folder(sealed, {"step": 2}) as folder:
        (folder / "weights").write_bytes(b"new")
    assert sorted(file.name for file in sealed.iterdir()) == ["manifest.json", "weights"]
    assert store.read_json(sealed / store.MANIFEST)["step"] == 2
    assert [entry.name for entry in sealed.parent.iterdir()] == ["model"]


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda folder: (folder / "inner" / "weights").unlink(), "inner/weights is missing"),
        (
            lambda folder: (folder / "inner" / "weights").write_bytes(b"odd"),
            "inner/weights was changed after it was written",
        ),
        (lambda folder: (folder / store.MANIFEST).unlink(), "it has no manifest: it was never finished"),
        (lambda folder: (folder / store.MANIFEST).write_text("{"), "its manifest cannot be read"),
        (lambda folder: (folder / store.MANIFEST).write_text('{"files": []}'), "its manifest cannot be read"),
    ],
    ids=["missing", "changed", "unfinished", "cut off", "another manifest"],
)
def test_damage_is_found_and_named(harm: Callable[[Path], object], said: str, sealed: Path) -> None:
    harm(sealed)
    assert store.damage(sealed) == said


def test_a_link_points_to_its_newest_target(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        store.point_to(tmp_path / "latest", tmp_path / name)
        assert (tmp_path / "latest").resolve() == (tmp_path / name).resolve()
    assert os.readlink(tmp_path / "latest") == "second"

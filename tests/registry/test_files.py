"""A version's folder: complete, equal to the byte where the content is equal, without number or time."""

import shutil
from pathlib import Path

import pytest

from r1tailor import store
from r1tailor.errors import RegistryError
from r1tailor.registry import files
from r1tailor.registry.files import read_folder, write_folder
from tests.support.versions import METRICS, MISSED, Shop


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_equal_content_is_equal_to_the_byte_whatever_was_registered_before(shop: Shop, tmp_path: Path) -> None:
    first = _bytes(shop.write("one"))
    shop.register("two")
    shop.registry.promote(shop.register("three").id)
    assert _bytes(shop.write("one")) == first
    assert _bytes(Shop(tmp_path / "elsewhere").write("one")) == first
    assert first.keys() >= {"manifest.json", "config.yaml", "model/weights.safetensors"}


def test_a_folder_says_what_the_version_is(shop: Shop) -> None:
    folder = shop.write("one", missed=(MISSED,), parent="f" * 64)
    assert store.damage(folder) is None
    content = read_folder(folder)
    assert (content.domain, content.parent, content.metrics) == ("toy", "f" * 64, METRICS)
    assert content.missed_goals == [MISSED]
    assert content.files == store.sha256_tree(folder)


def test_a_version_of_old_content_is_replaced_whole(shop: Shop) -> None:
    before = shop.write("one", phases=("1-a",))
    assert (before / "phases" / "1-a").is_dir()
    after = shop.write("two")
    assert after == before
    assert not (after / "phases").exists()
    assert [path.name for path in after.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("part", ["model", "provenance.json"])
def test_a_part_that_is_missing_is_an_error(shop: Shop, part: str) -> None:
    folder = shop.write("one")
    before = _bytes(folder)
    with pytest.raises(RegistryError, match="does not exist: run train and evaluate first"):
        write_folder(folder, {part: shop.folder / "nowhere"}, {}, {})
    assert _bytes(folder) == before


def test_models_are_hard_links_and_what_stages_write_into_is_not(shop: Shop) -> None:
    folder = shop.write("one")
    model = shop.folder / "outputs" / "toy" / "train" / "model"
    assert (folder / "model" / "weights.safetensors").samefile(model / "weights.safetensors")
    write_folder(shop.folder / "version", {"evaluation": model}, {}, {})
    copied = shop.folder / "version" / "evaluation" / "weights.safetensors"
    assert not copied.samefile(model / "weights.safetensors")
    assert copied.read_bytes() == (model / "weights.safetensors").read_bytes()


def test_where_no_link_can_be_made_models_are_copied(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    linked = _bytes(shop.write("one"))

    def refused(*_: object) -> None:
        raise OSError("across file systems")

    monkeypatch.setattr(files.os, "link", refused)
    assert _bytes(shop.write("one")) == linked


def test_a_file_that_dvc_restored_read_only_is_taken_in(shop: Shop) -> None:
    folder = shop.write("one")
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(0o444)
    version, new = shop.registry.take_in(folder)
    assert new
    shop.registry.promote(version.id)
    (shop.registry.folder / "toy" / "current" / "config.yaml").write_text("an own copy")
    shutil.rmtree(folder)
    shop.write("one")

"""What the pipeline wrote is taken in when a registry is opened."""

import json
import shutil
from typing import Any

import pytest

from r1tailor import store
from r1tailor.registry import open_registry
from tests.support.versions import Shop


def test_a_version_of_the_pipeline_is_taken_in_when_the_registry_is_opened(shop: Shop) -> None:
    shop.write("one")
    opened = open_registry(shop.folder)
    (version,) = opened.versions()
    assert version.short_id == "toy-1"
    assert opened.notes == [f"{version.id} was taken in from outputs/toy/register"]
    assert open_registry(shop.folder).notes == []
    opened.promote(version.id)
    assert shop.deployed() == version.files


def test_what_another_registry_numbered_gets_the_next_number_here(shop: Shop, tmp_path_factory: Any) -> None:  # noqa: ANN401
    mine = shop.register("one")
    elsewhere = Shop(tmp_path_factory.mktemp("elsewhere"))
    elsewhere.register("zero")
    theirs = elsewhere.register("two")
    shutil.copytree(elsewhere.folder / "outputs/toy/register", shop.folder / "outputs/toy/register", dirs_exist_ok=True)
    taken = open_registry(shop.folder).version("latest")
    assert (mine.number, theirs.number, taken.number) == (1, 2, 2)
    assert taken.files == theirs.files


@pytest.mark.parametrize("fault", ["damaged", "no manifest", "hostile", "link", "unlisted"])
def test_a_folder_that_is_no_version_is_reported_and_hides_no_other(shop: Shop, fault: str) -> None:
    good = shop.register("one", domain="other")
    folder = shop.write("two")
    manifest = folder / store.MANIFEST
    if fault == "damaged":
        (folder / "model" / "weights.safetensors").unlink()
        (folder / "model" / "weights.safetensors").write_text("changed")
    elif fault == "no manifest":
        manifest.write_text("{")
    elif fault == "hostile":
        facts = store.read_json(manifest)
        manifest.write_text(json.dumps(facts | {"files": {"../../escaped": "0" * 64}}))
    elif fault == "link":
        (folder / "model" / "weights.safetensors").unlink()
        (folder / "model" / "weights.safetensors").symlink_to("/etc/hostname")
    else:
        (folder / "model" / "code.py").write_text("print()")
    opened = open_registry(shop.folder)
    assert opened.versions() == [good]
    assert len(opened.notes) == 1
    assert opened.notes[0].startswith("not registered: ")


def test_stored_files_that_were_lost_come_back_from_the_pipeline(shop: Shop) -> None:
    version = shop.register("one")
    shop.stored(version, "model/weights.safetensors").unlink()
    open_registry(shop.folder).promote("toy-1")
    assert shop.deployed() == version.files

"""What a model folder may hold; ``traps/test_hostile_models.py`` loads the hostile ones."""

import json
from pathlib import Path

import pytest

from r1tailor import store
from r1tailor.model.folder import changed_blob, changed_settings, fault


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "model"
    made.mkdir()
    for shard in ("a", "b"):
        (made / f"{shard}.safetensors").touch()
    index = {"metadata": {}, "weight_map": {"x": "a.safetensors", "y": "b.safetensors"}}
    (made / "model.safetensors.index.json").write_text(json.dumps(index))
    (made / "config.json").write_text('{"auto_map": {"AutoConfig": "x.Y"}, "transformers_weights": null}')
    (made / "tokenizer_config.json").write_text('{"special_tokens_map_file": "/root/x", "vocab_file": null}')
    return made


def test_a_plain_folder_with_shards_and_links_of_its_own_is_fine(folder: Path) -> None:
    (folder / "c.safetensors").symlink_to("a.safetensors")
    (folder / "pytorch_model.bin.index.json").write_text('{"weight_map": {"x": "pytorch_model-00001.bin"}}')
    assert fault(folder) is None


def test_a_snapshot_links_to_the_blobs_next_to_it(folder: Path) -> None:
    blobs = folder.parent / "blobs"
    blobs.mkdir()
    (folder / "config.json").rename(blobs / "config.json")
    (folder / "config.json").symlink_to(Path("..") / "blobs" / "config.json")
    assert fault(folder) == "config.json is a link that leads out of it"
    assert fault(folder, within=folder.parent) is None
    assert changed_blob(folder, weights=True) is None, "a name that is no hash says nothing"


def test_settings_are_checked_and_weights_left_to_their_loader(folder: Path) -> None:
    assert changed_settings(folder), "no manifest"
    store.write_manifest(folder, {})
    assert not changed_settings(folder)
    (folder / "a.safetensors").write_bytes(b"other")
    assert not changed_settings(folder)
    (folder / "config.json").write_text("{}")
    assert changed_settings(folder)

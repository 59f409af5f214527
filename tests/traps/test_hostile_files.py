"""Trap 31: hostile checkpoints and registries."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from r1tailor import config, store
from r1tailor.registry import Registry
from r1tailor.registry.files import write_folder
from r1tailor.training.checkpoint_io import STATE, TENSORS, FolderCheckpointIO
from r1tailor.training.identity import identity_of
from tests.training.test_module import FP32, Watch, run, varied
from tests.traps.danger import Place, case, resealed

DEEP = "[" * 100_000


def header(text: str, length: int | None = None) -> bytes:
    """Return a safetensors file of a header alone."""
    return (len(text) if length is None else length).to_bytes(8, "little") + text.encode() + bytes(8)


# --- checkpoints -------------------------------------------------------------------------------------------------


def checkpoint(place: Place) -> Path:
    folder = place.zone / "step-000001"
    FolderCheckpointIO().save_checkpoint({"global_step": 1, "state_dict": {"w": torch.ones(2)}}, folder)
    return folder


@pytest.mark.parametrize(
    "tensors",
    [
        case(None, id="a pickle"),
        case(b"", id="empty"),
        case(header("{}", 2**63), id="a header of exabytes"),
        case(header("{}", 1000), id="a header longer than the file"),
        case(header("{" * 50), id="a header that is not JSON"),
        case(header('{"0":{"dtype":"F32","shape":[1099511627776,1099511627776],"data_offsets":[0,8]}}'), id="overflow"),
        case(header('{"0":{"dtype":"F32","shape":[2],"data_offsets":[0,99999]}}'), id="offsets beyond the end"),
        case(header('{"0":{"dtype":"PY","shape":[2],"data_offsets":[0,8]}}'), id="an unknown type"),
    ],
)
def test_hostile_tensors_of_a_checkpoint_are_refused(tensors: bytes | None, place: Place) -> None:
    folder = checkpoint(place)
    (folder / TENSORS).write_bytes(place.pickled() if tensors is None else tensors)
    resealed(folder)
    with place.refused("cannot be read"):
        FolderCheckpointIO().load_checkpoint(folder)


@pytest.mark.parametrize(
    "state",
    [
        case('{"__tensor__": "none of these"}'),
        case('{"__items__": [[1]]}'),
        case("{"),
        case("9" * 5000, id="5,000 digits"),
        case('{"__tensor__": ["0"]}'),
        case('{"__items__": 5}'),
        case('{"__items__": [[{"__items__": []}, 1]]}'),
        case('{"__tuple__": null}'),
        case(DEEP, id="deep"),
        case("[]"),
    ],
)
def test_a_hostile_state_of_a_checkpoint_is_refused(state: str, place: Place) -> None:
    folder = checkpoint(place)
    (folder / STATE).write_text(state)
    resealed(folder)
    with place.refused("cannot be read"):
        FolderCheckpointIO().load_checkpoint(folder)


@pytest.mark.parametrize(
    "name",
    [
        case(""),
        case("a\0b", id="null byte"),
        case("../nothing-there"),
        case("../../outside.txt"),
        case("{outside}"),
        case("x" * 5000, id="long"),
    ],
)
def test_a_manifest_that_leads_out_of_its_folder_is_refused(name: str, place: Place) -> None:
    folder = checkpoint(place)
    resealed(folder, **{name.format(outside=place.outside): store.sha256_file(place.outside)})
    with place.refused("checkpoint"):
        FolderCheckpointIO().load_checkpoint(folder)


def test_a_link_in_a_checkpoint_is_refused(place: Place) -> None:
    folder = checkpoint(place)
    (folder / TENSORS).rename(place.zone / "moved")
    (folder / TENSORS).symlink_to(place.zone / "moved")
    resealed(folder)
    with place.refused():
        FolderCheckpointIO().load_checkpoint(folder)


def test_a_file_slipped_into_a_sealed_folder_is_damage(place: Place) -> None:
    folder = checkpoint(place)
    (folder / "adapter_config.json").write_text("{}")
    assert store.damage(folder) is not None


@pytest.mark.filterwarnings("ignore::UserWarning:lightning")
def test_a_weight_of_another_shape_or_dtype_is_refused(place: Place) -> None:
    module = run(config.load([*FP32, "trainer.max_steps=1"]), varied(2), Watch())
    state = {name: tensor.clone() for name, tensor in module.trained_state().items()}
    for wrong in (torch.ones(1), state[first := min(state)].double(), state[first][:-1], "text"):
        with place.refused(f"the checkpoint's weight {first} is .*; this model's is torch.float32"):
            module.load_trained_state({**state, first: wrong})  # type: ignore[dict-item]
    for spoilt in ({"skipped_steps": 0}, {"state_dict": [], "skipped_steps": 0}, {"state_dict": state}):
        with place.refused("no weights"):
            module.on_load_checkpoint(spoilt)
    assert all(torch.equal(tensor, state[name]) for name, tensor in module.trained_state().items())


# --- whose run it is ---------------------------------------------------------------------------------------------


def test_a_local_model_that_was_changed_is_another_run(place: Place) -> None:
    folder = place.zone / "base"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    settings = config.load(["model=local", f"model.path={folder}"])
    before = identity_of(settings, {})
    assert identity_of(settings, {}) == before
    (folder / "config.json").write_text("[]")  # of the same length
    assert identity_of(settings, {}) != before
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").touch()
    assert identity_of(settings, {}) != before


# --- the registry ------------------------------------------------------------------------------------------------


FACTS: dict[str, Any] = {
    "domain": "toy",
    "parent": None,
    "model": "tiny",
    "strategy": "lora",
    "metrics": {"models": {"tuned": {}}},
    "goals": [],
    "missed_goals": [],
}


def registered(place: Place) -> tuple[Registry, Path]:
    model = place.zone / "model"
    model.mkdir()
    (model / "weights").write_text("weights")
    registry = Registry(place.zone / "registry")
    texts = {"config.yaml": "domain: {goals: []}", "evaluation/metrics.json": json.dumps(FACTS["metrics"])}
    write_folder(place.zone / "version", {"model": model}, texts, FACTS)
    version, _ = registry.take_in(place.zone / "version")
    return registry, registry.folder / "toy" / "versions" / f"{version.id}.json"


@pytest.mark.parametrize(
    "spoilt",
    [
        case({"files": {"model/weights": "0" * 64}}),
        case({"files": {"model/weights": "../../../outside.txt"}}),
        case({"files": {"../../../../../escaped": "{sha256}"}}),
        case({"files": {"{folder}/escaped": "{sha256}"}}),
        case({"domain": "../../escaped"}),
        case({"id": "../../../../escaped-1-x"}),
        case({"evil": 1}),
        case({"id": 5}),
        case({"missed_goals": None}),
        case({"missed_goals": [1]}),
        case({"files": {"manifest.json": "{sha256}"}}),
        case({"files": {"model//x": "{sha256}"}}),
        case({"metrics": {"models": {"tuned": {"bleu": {"value": "x"}}}}}),
        case({"metrics": []}),
    ],
)
def test_a_hostile_version_cannot_be_promoted(spoilt: dict[str, Any], place: Place) -> None:
    registry, file = registered(place)
    sha256 = store.read_json(file)["files"]["model/weights"]
    filled = json.dumps(spoilt).replace("{sha256}", sha256).replace("{folder}", str(place.folder))
    version = store.read_json(file) | json.loads(filled)
    store.write_json(file, version)
    with place.refused():
        registry.promote(file.stem)


def test_a_hostile_version_cannot_be_rolled_back_to(place: Place) -> None:
    registry, file = registered(place)
    registry.promote(file.stem)
    version = store.read_json(file)
    store.write_json(file, version | {"files": {f"{place.folder}/escaped": next(iter(version["files"].values()))}})
    with place.refused():
        registry.rollback("toy", file.stem)


@pytest.mark.parametrize(
    "line",
    [
        case("{"),
        case("[]"),
        case("5"),
        case('{"action": "promote"}'),
        case('{"action": 1, "version": 2, "at": 3}'),
        case(DEEP, id="deep"),
    ],
)
def test_a_hostile_history_is_refused(line: str, place: Place) -> None:
    registry, file = registered(place)
    with (registry.folder / "toy" / "history.jsonl").open("a", encoding="utf-8") as history:
        history.write(f"{line}\n")
    with place.refused("no history of a registry"):
        registry.rollback("toy", file.stem)


@pytest.mark.parametrize("domain", ["../../outside", "/etc", "a\0b", "../" * 500])
def test_a_domain_that_is_a_path_is_refused(domain: str, place: Place) -> None:
    registry, _ = registered(place)
    with place.refused("no version was promoted"):
        registry.rollback(domain)


def test_registering_takes_no_file_from_elsewhere(place: Place) -> None:
    registry, _ = registered(place)
    (place.zone / "model" / "linked").symlink_to(place.outside)
    with place.refused("symbolic link"):
        write_folder(place.zone / "other", {"model": place.zone / "model"}, {}, FACTS)
    (place.zone / "version" / "model" / "linked").symlink_to(place.outside)
    (place.zone / "version" / "config.yaml").write_text("new")
    manifest = place.zone / "version" / store.MANIFEST
    files = store.read_json(manifest)["files"] | {"model/linked": store.sha256_file(place.outside)}
    store.write_json(manifest, store.read_json(manifest) | {"files": files})
    with place.refused("symbolic link"):
        registry.take_in(place.zone / "version")

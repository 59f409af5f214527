"""What makes two runs the same run: the settings that training depends on, and its inputs.

Nothing else counts: a goal, the evaluation, a title may change, and a run is still resumed or found finished. The
version of the code is recorded with a run and does not count either; a change of it is reported.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from r1tailor import config, store
from r1tailor.schema.curriculum import ONLY
from r1tailor.schema.model import LocalModel
from r1tailor.schema.settings import Settings, stage_settings

_FREE = ("checkpoints", "parallel", "devices", "nodes", "restarts")


def identity_of(
    settings: Settings, data: Mapping[str, str], key: str = ONLY, parent: Path | None = None
) -> dict[str, Any]:
    """Return what a resumed run must have in common with the interrupted one, as plain JSON values.

    Args:
        settings: the composition; of it, those settings that the stage ``train`` depends on count, except how often
            checkpoints are written and how many processes share the work, which changes nothing but the rounding.
        data: sha256 of each example file.
        key: of the phase.
        parent: the model that the phase starts from; its manifest is hashed. None for the base model, whose files are
            hashed where it is a local folder.
    """
    composition = stage_settings(settings, "train", key)
    composition["trainer"] = {k: value for k, value in composition["trainer"].items() if k not in _FREE}
    identity: dict[str, Any] = {
        "composition": composition,
        "data": dict(data),
        "phase": key,
        "parent": store.sha256_file(parent / store.MANIFEST) if parent else None,
    }
    if contents := local_contents(settings):
        identity["local_model"] = contents
    return identity


def local_contents(settings: Settings) -> dict[str, str]:
    """Return the sha256 of each file of a local model by its name; empty for a model that its settings identify."""
    if not isinstance(settings.model, LocalModel):
        return {}
    folder = config.ROOT / settings.model.path
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): store.content_sha256(path) for path in files}


def differences(a: Any, b: Any, key: str = "") -> list[str]:  # noqa: ANN401
    """Return the dotted keys at which two nested mappings differ, sorted.

    >>> differences({"model": {"layers": 2}, "seed": 1}, {"model": {"layers": 3}, "seed": 1})
    ['model.layers']
    """
    if isinstance(a, dict) and isinstance(b, dict):
        inner = [differences(a.get(k), b.get(k), f"{key}.{k}" if key else str(k)) for k in sorted({*a, *b})]
        return [difference for found in inner for difference in found]
    return [] if a == b else [key]

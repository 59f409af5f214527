"""Whether a folder holds the very same run: finished, or interrupted and to be gone on with."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from r1tailor import artifact, config, store
from r1tailor.curriculum.step_schedule import seen_by
from r1tailor.errors import CheckpointError
from r1tailor.schema.curriculum import ONLY
from r1tailor.schema.model import LocalModel
from r1tailor.schema.settings import Settings
from r1tailor.training.checkpoint_policy import newest_state, sweep_out
from r1tailor.training.parallel import rank

_HASHED_UP_TO = 64 * 2**20  # bytes; a tokenizer is smaller, weights that would take seconds to hash are larger
_NO_PART_OF_IT: Any = {"output": True, "resume": True, "evaluation": True, "trainer": {"checkpoints"}}


def identity_of(
    settings: Settings, data: Mapping[str, str], key: str = ONLY, parent: Path | None = None
) -> dict[str, Any]:
    """Return what a resumed run must have in common with the interrupted one.

    That is the composition (of the curriculum the phase and those before it), the hashes of data and local model, the
    phase, and the hash of the manifest of the model that it starts from.
    """
    composition = settings.model_dump(mode="json", by_alias=True, exclude=_NO_PART_OF_IT)
    identity: dict[str, Any] = {
        "composition": composition | {"curriculum": seen_by(settings.curriculum, key)},
        "data": dict(data),
        "phase": key,
        "parent": store.sha256_file(parent / store.MANIFEST) if parent else None,
    }
    if contents := local_contents(settings):
        identity["local_model"] = contents
    return identity


def local_contents(settings: Settings) -> dict[str, str]:
    """Return what tells a local model from another: its composition names a path, and what lies there may change."""
    if not isinstance(settings.model, LocalModel):
        return {}
    return _contents(config.ROOT / settings.model.path)


def _contents(folder: Path) -> dict[str, str]:
    """Return what tells a model folder from another: hashes of its small files, sizes of its weights, by name."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): _content(path) for path in files}


def _content(file: Path) -> str:
    size = file.stat().st_size
    return f"{size} bytes" if size > _HASHED_UP_TO else store.sha256_file(file)


def is_finished(folder: Path, identity: dict[str, Any]) -> bool:
    """Whether the folder holds the finished and undamaged model of the same composition and data."""
    model = folder / "model"
    if not (folder / "metrics.json").exists():
        return False
    try:
        artifact.read(model)
    except CheckpointError:
        return False
    manifest = store.read_json(model / store.MANIFEST)
    return all(manifest.get(key) == value for key, value in identity.items())


def sound_parent(settings: Settings, parent: Path, key: str) -> Path:
    """Return the model of the phase before, its hashes checked.

    Args:
        settings: the composition.
        parent: where that model should be.
        key: of the phase that starts from it.

    Raises:
        CheckpointError: it is missing or damaged, or was trained from another base model or by another strategy.
    """
    if wrong := store.damage(parent):
        raise CheckpointError(f"{parent}: {wrong}. Phase {key} starts from it: train the phase before first")
    before = store.read_json(parent / store.MANIFEST).get("composition", {})
    wanted = settings.model_dump(mode="json", by_alias=True)
    kept = ("model", "strategy", "temporal")
    differing = sorted(d for part in kept for d in _differences(before.get(part), wanted.get(part), part))
    if differing:
        raise CheckpointError(
            f"{parent} was trained otherwise: {', '.join(differing[:5])} differ; train the phase before anew"
        )
    return parent


def state_to_resume(checkpoints: Path, identity: dict[str, Any]) -> Path | None:
    """Return the state to go on from, if there is one; that of another run is refused."""
    marker = checkpoints / "run.json"
    if rank() == 0:
        sweep_out(checkpoints)
    state = newest_state(checkpoints)
    if state is None:
        if rank() == 0:
            store.write_json(marker, identity)
        return None
    found = store.read_json(marker) if marker.exists() else {}
    if found != identity:
        differing = sorted(_differences(found, identity, ""))
        raise CheckpointError(
            f"{state} belongs to another run: {', '.join(differing[:5]) or 'it does not say which'} differ. "
            f"Resume with the composition it began with, or remove {checkpoints}"
        )
    print(f"resuming from {state}")
    return state


def _differences(a: Any, b: Any, key: str) -> list[str]:  # noqa: ANN401
    if isinstance(a, dict) and isinstance(b, dict):
        inner = [_differences(a.get(k), b.get(k), f"{key}.{k}" if key else k) for k in sorted({*a, *b})]
        return [difference for differences in inner for difference in differences]
    return [] if a == b else [key.removeprefix("composition.")]

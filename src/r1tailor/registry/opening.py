"""The registry of a project, opened: what the pipeline wrote, here or where DVC brought it from, is taken in."""

from collections.abc import Iterator
from pathlib import Path

from r1tailor import store
from r1tailor.errors import UserError
from r1tailor.registry.registry import Registry
from r1tailor.registry.writing import PATIENCE

_PATIENCE_OF_A_READER = 5.0  # seconds a command that only reads waits, to take in what the pipeline wrote


def open_registry(root: Path) -> Registry:
    """Return a project's registry, with the versions of its pipeline taken in: those that DVC brought, too.

    What an interrupted writer began is finished. A registry that another process writes is read as it is.

    Args:
        root: the project's root.
    """
    registry = Registry(root / "outputs" / "registry")
    registry.patience = _PATIENCE_OF_A_READER
    registry.sweep()
    try:
        if not registry.is_settled():
            with registry.writing():
                pass
    except (UserError, OSError) as error:
        registry.notes.append(str(error))
    for folder in pipeline_versions(root):
        try:
            version, new = registry.take_in(folder)
        except (UserError, OSError) as error:
            registry.notes.append(f"not registered: {error}")
        else:
            if new:
                registry.notes.append(f"{version.id} was taken in from {folder.relative_to(root)}")
    registry.patience = PATIENCE
    return registry


def pipeline_versions(root: Path) -> Iterator[Path]:
    """Yield the folders of the versions that ``dvc repro`` wrote or DVC restored, of every domain."""
    for manifest in sorted((root / "outputs").glob(f"*/register/{store.MANIFEST}")):
        if manifest.parents[1].name not in ("runs", "sweeps", "registry"):
            yield manifest.parent

"""A local folder as a base model: whether it can be one is known without torch."""

from pathlib import Path

from r1tailor.errors import ModelUnavailableError
from r1tailor.model.folder import fault
from r1tailor.schema.model import LocalModel


def local_folder(settings: LocalModel, root: Path) -> Path:
    """Return the folder of a local model.

    Raises:
        ModelUnavailableError: there is no model in it, or it names files other than its own.
    """
    folder = root / settings.path
    if not (folder / "config.json").is_file():
        reason = "it has no config.json" if folder.is_dir() else "no such folder"
        raise ModelUnavailableError(
            f"model.path = {settings.path}: {reason}; a folder in Hugging Face layout is needed"
        )
    if (folder / "adapter_config.json").exists():  # transformers would load the base model that this file names
        raise ModelUnavailableError(
            f"model.path = {settings.path}: it holds adapters (adapter_config.json); a base model without any is needed"
        )
    snapshot = folder.parent.name == "snapshots"  # of the hub's cache: its files are links to the blobs next to it
    if why := fault(folder, within=folder.parent.parent if snapshot else None):
        raise ModelUnavailableError(f"model.path = {settings.path}: {why}")
    return folder

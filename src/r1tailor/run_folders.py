"""Which folders a run may write to: never those of the pipeline, the registry, the raw material or the code.

The same check holds for ``output=...`` and for the folders that Hydra makes for a sweep, links followed.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

_ALLOWED = re.compile(r"\$\{(?:now:(?P<format>[^${}]*)|hydra[.:]job\.num)\}")
CHOOSE = "choose outputs/runs/<name>"
_SWEEPS = "choose hydra.sweep.dir=outputs/sweeps/<name>"


def taken(folder: Path, root: Path) -> str | None:
    """Return whose files a resolved folder holds, or None where a run may write.

    Args:
        folder: absolute, links followed.
        root: of the project.
    """
    outputs = root / "outputs"
    inside = folder.relative_to(outputs).parts if folder.is_relative_to(outputs) else ()
    if (
        folder.is_relative_to(root / "data")
        or folder in (root, outputs, outputs / "runs", outputs / "sweeps")
        or (inside and inside[0] not in ("runs", "sweeps"))
    ):
        return "DVC or the registry keeps its files there"
    if (folder.is_relative_to(root) and not inside) or root.is_relative_to(folder):
        return "the project keeps its own files there"
    return None


def hydra_faults(hydra: Mapping[str, Any], root: Path) -> list[str]:
    """Return the faults of the folders that Hydra would make: ``run.dir``, ``sweep.dir``, ``sweep.subdir``.

    Args:
        hydra: its section, unresolved; a folder that is no text is reported elsewhere.
        root: of the project.
    """
    run, sweep = hydra["run"].get("dir"), hydra["sweep"]
    above, below = sweep.get("dir"), sweep.get("subdir")
    faults = _faults("hydra.run.dir", [run], root) if isinstance(run, str) and run != "." else []
    if isinstance(above, str) and isinstance(below, str):
        if not (above_faults := _faults("hydra.sweep.dir", [above], root, shared=True)):
            return faults + _faults("hydra.sweep.subdir", [above, below], root)
        faults += above_faults
    return faults


def _faults(key: str, parts: list[str], root: Path, *, shared: bool = False) -> list[str]:
    """Return the fault of one folder; ``shared``: it holds the folders of runs, as ``outputs/sweeps`` does."""
    shown = f"{key} = {parts[-1][:200]}"
    written = [_ALLOWED.sub(_replaced, part) for part in parts]
    if any("${" in part for part in written):
        return [f"{shown}: of ${{...}} only ${{now:...}} and ${{hydra.job.num}} may stand in it"]
    try:
        folder = Path.cwd().joinpath(*written).resolve()
        above = Path.cwd().joinpath(*written[:-1]).resolve()
        folder.is_dir()
    except (OSError, ValueError, RuntimeError) as error:  # too long, a null byte, a loop of links
        return [f"{shown}: {getattr(error, 'strerror', None) or error}; {_SWEEPS}"]
    if len(parts) > 1 and (folder == above or not folder.is_relative_to(above)):
        return [f"{shown}: leads out of hydra.sweep.dir"]
    if shared and folder in (root / "outputs" / "runs", root / "outputs" / "sweeps"):
        return []
    return [f"{shown}: {why}; {_SWEEPS}"] if (why := taken(folder, root)) else []


def _replaced(found: "re.Match[str]") -> str:
    return "0" if found["format"] is None else datetime.now().astimezone().strftime(found["format"])

"""Virtual environments of the peers: created once from pinned requirements, and found by the hash of those pins.

The requirement files pin every package, so nothing is resolved: the installed versions are the tested ones.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from r1tailor import store

_DONE = "finished"  # a file in the environment: it was installed to the end


class UnavailableError(Exception):
    """An environment that cannot be created; the message is the reason, in one line."""


def cache_folder() -> Path:
    """Return the user's cache folder for benchmarks.

    The same folder as ``r1tailor.model.load.cache_folder``, which is not imported: it would load torch into the
    harness, and on Linux a child's peak memory starts at its parent's.
    """
    chosen = os.environ.get("R1TAILOR_CACHE")
    general = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return (Path(chosen) if chosen else general / "r1tailor") / "benchmarks"


def python_of(requirements: Path) -> Path:
    """Return the interpreter of an environment with these requirements, creating it if missing.

    Raises:
        UnavailableError: pip cannot install them.
    """
    folder = cache_folder() / f"{requirements.stem}-{store.sha256_file(requirements)[:12]}"
    if not (folder / _DONE).exists():
        print(f"Making the environment of {requirements.stem} once ...", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(folder)])
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        _run([str(_python(folder)), *install, "-r", str(requirements)])
        (folder / _DONE).touch()
    return _python(folder)


def digest(*values: str) -> str:
    """Return a short hash of texts."""
    return hashlib.sha256("\0".join(values).encode()).hexdigest()[:12]


def _python(folder: Path) -> Path:
    return folder / ("Scripts" if os.name == "nt" else "bin") / "python"


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise UnavailableError(
            f"cannot be installed: {said[-1][:200] if said else f'pip exited with {done.returncode}'}"
        )

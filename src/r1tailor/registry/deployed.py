"""The files of versions laid out for use: ``deployed/<id>[@<phase>]``, copied from the objects, never changed again.

A folder that is in use is never replaced: where it is damaged, another one is made next to it
(``<id>~<random>``), and ``current`` is switched.
"""

import os
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from r1tailor import store
from r1tailor.registry.files import Objects
from r1tailor.registry.version import Version, with_phase

_AGAIN = "~"  # before what tells a second folder of a version from the first


class Deployed:
    """The folders of one domain's versions.

    Args:
        folder: usually ``outputs/registry/<domain>``.
        objects: where files are copied from.
    """

    def __init__(self, folder: Path, objects: Objects) -> None:
        self.folder = folder / "deployed"
        self.current = folder / "current"
        self.objects = objects

    def promoted(self) -> str | None:
        """Return what ``current`` points to: ``<id>`` or ``<id>@<phase>``; None if there is no such folder."""
        return id_of(Path(os.readlink(self.current))) if self.current.is_symlink() and self.current.exists() else None

    def find(self, version: Version, phase: str | None) -> Path | None:
        """Return the folder of a version whose files all have their hashes, or None; every byte is read."""
        name, files = with_phase(version.id, phase), version.files_at(phase)
        for folder in sorted((self.folder / name, *self.folder.glob(f"{name}{_AGAIN}*"))):
            if _fault(folder, files) is None:
                with suppress(OSError):
                    os.utime(folder)
                return folder
        return None

    def fault(self, version: Version, phase: str | None) -> str | None:
        """Return what is wrong with ``current`` if a version should be promoted, in words, or None."""
        if self.promoted() != with_phase(version.id, phase):
            return f"current points to {self.promoted() or 'nothing'}"
        wrong = _fault(self.current.resolve(), version.files_at(phase))
        return wrong and f"the files of current: {wrong}"

    def make(self, version: Version, phase: str | None) -> Path:
        """Copy a version's files out of the objects into a folder of their own, every hash checked.

        Raises:
            RegistryError: a stored file is missing or damaged.
        """
        folder = self.folder / with_phase(version.id, phase)
        if os.path.lexists(folder):
            folder = folder.with_name(f"{folder.name}{_AGAIN}{secrets.token_hex(3)}")
        with store.replaced_folder(folder, {"version": version.id, "phase": phase}) as temporary:
            self._fill(temporary, version.files_at(phase), version.id)
        return folder

    def _fill(self, folder: Path, files: Mapping[str, str], id_: str) -> None:
        for name, sha256 in files.items():
            self.objects.copy_out(sha256, folder / name, f"{id_}: {name}")

    def unused(self, seconds: float) -> list[Path]:
        """Return the folders that ``current`` does not point to and that nobody asked for since."""
        kept = self.current.resolve() if self.current.is_symlink() else None
        folders = [path for path in self.folder.glob("*") if path.is_dir() and not path.name.startswith(".")]
        old = [path for path in folders if time.time() - path.stat().st_mtime >= seconds]
        return sorted(path for path in old if path.resolve() != kept)


def _fault(folder: Path, files: Mapping[str, str]) -> str | None:
    wrong = store.damage(folder)
    if wrong is None and store.read_json(folder / store.MANIFEST)["files"] != files:
        return "they are those of another version"
    return wrong


def id_of(folder: Path) -> str:
    """Return what a deployed folder holds: ``<id>`` or ``<id>@<phase>``."""
    return folder.name.partition(_AGAIN)[0]

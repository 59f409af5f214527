"""The files of versions: the folder that travels, and the files that a registry keeps by content.

A folder is complete when its manifest says so (``store``). A stored file is named by its sha256 and is a copy of its
own (copy-on-write where the file system can), so that no change to a run or an output reaches it.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from r1tailor import store
from r1tailor.errors import RegistryError
from r1tailor.registry.version import PART_NAMES, Content, as_record, content_from

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None  # type: ignore[assignment]

_FICLONE = 0x40049409  # ioctl of Linux: share another file's blocks, copied on write
_LARGEST_MANIFEST = 16 << 20  # bytes


def write_folder(folder: Path, parts: Mapping[str, Path], texts: Mapping[str, str], facts: Mapping[str, Any]) -> None:
    """Write one complete version, its manifest last; equal parts and facts give equal bytes.

    Models are hard links where the file system can: training replaces its files and never writes into them.

    Args:
        folder: is replaced.
        parts: files and folders by the name they get in the version.
        texts: text files by name.
        facts: the fields of ``Content`` except ``files``.

    Raises:
        RegistryError: a part is missing, or is a symbolic link.
    """
    sources = _files_of(parts)
    with store.replaced_folder(folder, dict(facts)) as temporary:
        for name, source in sorted(sources.items()):
            (temporary / name).parent.mkdir(parents=True, exist_ok=True)
            if not name.startswith(("model/", "phases/")) or not _linked(source, temporary / name):
                copy(source, temporary / name)
        for name, text in texts.items():
            store.write_text(temporary / name, text)


def read_folder(folder: Path) -> Content:
    """Return what a version's folder says of itself; its files are not read.

    Raises:
        RegistryError: it is no version's folder.
    """
    manifest = folder / store.MANIFEST
    if folder.is_symlink() or manifest.is_symlink():
        raise RegistryError(f"{folder} is a symbolic link: a version is a folder of files")
    try:
        facts = store.read_json(manifest)
    except (OSError, ValueError, RecursionError) as error:
        raise RegistryError(f"{manifest} cannot be read: {error}") from error
    return content_from(facts, str(manifest))


class Objects:
    """Files by their sha256, in one folder. All that a registry stores of a version is written here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Return where a file lies."""
        return self.folder / sha256

    def missing(self, content: Content) -> list[str]:
        """Return the names of a version's files that are not stored."""
        return [name for name, sha256 in content.files.items() if not self.path(sha256).exists()]

    def damage(self, content: Content) -> str | None:
        """Return what is wrong with the stored files of a version, or None when every hash holds."""
        missing = self.missing(content)
        if missing:
            others = f" and {len(missing) - 1} others" if missing[1:] else ""
            return f"{missing[0]}{others}: missing from {self.folder}"
        wrong = (name for name, sha256 in content.files.items() if store.sha256_file(self.path(sha256)) != sha256)
        name = next(wrong, None)
        return None if name is None else f"{name} is damaged in {self.folder}"

    def keep(self, content: Content, folder: Path) -> None:
        """Store a version's files and its description.

        Raises:
            RegistryError: a file of the folder is damaged, or changes meanwhile.
        """
        for name in self.missing(content):
            self._keep(folder / name, content.files[name])
        self.describe(content)

    def describe(self, content: Content) -> None:
        """Store the description of a version, from which ``rebuild`` finds it again."""
        text = json.dumps(as_record(content), ensure_ascii=False, sort_keys=True)
        target = self.path(hashlib.sha256(text.encode()).hexdigest())
        if not target.exists():
            store.write_text(target, text)

    def described(self) -> Iterator[Content]:
        """Yield the versions whose descriptions are stored, the first stored first."""
        for path in sorted(self.folder.glob("[0-9a-f]*"), key=lambda path: (path.stat().st_mtime_ns, path.name)):
            if path.stat().st_size <= _LARGEST_MANIFEST and _begins_as_json(path):
                with suppress(RegistryError, OSError, ValueError, RecursionError, TypeError):
                    if store.sha256_file(path) == path.name:
                        yield content_from(store.read_json(path), str(path))

    def copy_out(self, sha256: str, target: Path, name: str) -> None:
        """Copy a stored file and check it.

        Raises:
            RegistryError: it is missing or damaged.
        """
        stored = self.path(sha256)
        if not stored.exists():
            raise RegistryError(f"{name} is missing from {self.folder}; nothing was changed")
        target.parent.mkdir(parents=True, exist_ok=True)
        copy(stored, target)
        if store.sha256_file(target) != sha256:
            raise RegistryError(f"{name} is damaged in {self.folder}; nothing was changed")

    def read(self, sha256: str, name: str) -> Path:
        """Return the path of a stored file whose hash holds.

        Raises:
            RegistryError: it is missing or damaged.
        """
        stored = self.path(sha256)
        if not stored.exists() or store.sha256_file(stored) != sha256:
            raise RegistryError(f"{name} is {'damaged' if stored.exists() else 'missing'} in {self.folder}")
        return stored

    def _keep(self, source: Path, sha256: str) -> None:
        target = self.path(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{sha256}.{os.getpid()}.tmp")
        try:
            copy(source, temporary)
            if store.sha256_file(temporary) != sha256:
                raise RegistryError(f"{source} was changed after it was written")
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def copy(source: Path, target: Path) -> None:
    """Copy a file's bytes into a new file; the blocks are shared, copied on write, where the file system can."""
    with source.open("rb") as read, target.open("wb") as write:
        try:
            fcntl.ioctl(write.fileno(), _FICLONE, read.fileno())
        except (OSError, AttributeError):
            shutil.copyfileobj(read, write, 1 << 20)


def _linked(source: Path, target: Path) -> bool:
    """Whether a hard link could be made: not across file systems, nor on all of them."""
    try:
        os.link(source, target)
    except OSError:
        return False
    return True


def _files_of(parts: Mapping[str, Path]) -> dict[str, Path]:
    """Return the source of each file of a version by its name in it."""
    files: dict[str, Path] = {}
    for name, path in parts.items():
        assert name.split("/")[0] in PART_NAMES
        links = [found for found in (path, *path.rglob("*")) if found.is_symlink()]
        if links:
            raise RegistryError(f"{links[0]} is a symbolic link: only files of the run itself are registered")
        if path.is_dir():
            files |= {f"{name}/{f.relative_to(path).as_posix()}": f for f in path.rglob("*") if f.is_file()}
        elif path.is_file():
            files[name] = path
        else:
            raise RegistryError(f"{path} does not exist: run train and evaluate first")
    return files


def _begins_as_json(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(1) == b"{"

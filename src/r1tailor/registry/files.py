"""The files of versions: the folder that travels, and the files that a registry keeps by content.

A folder is complete when its manifest says so (``store``). A stored file is named by its sha256 and is a copy of its
own (copy-on-write where the file system can), so that no change to a run or an output reaches it.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from r1tailor import durable, store
from r1tailor.errors import RegistryError
from r1tailor.registry.version import PART_NAMES, Content, content_from

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
        wrong = (name for name, sha256 in content.files.items() if not self.is_sound(sha256))
        name = next(wrong, None)
        return None if name is None else f"{name} is damaged in {self.folder}"

    def is_sound(self, sha256: str) -> bool:
        """Whether a file is stored and its hash holds; every byte is read."""
        path = self.path(sha256)
        return path.is_file() and not path.is_symlink() and store.sha256_file(path) == sha256

    def wanting(self, content: Content) -> list[str]:
        """Return the names of a version's files that are not stored or damaged.

        A large file that was not touched since it was last hashed is not read again (``store.content_sha256``).
        """
        return [name for name, sha256 in content.files.items() if not _holds(self.path(sha256), sha256)]

    def keep(self, content: Content, folder: Path) -> None:
        """Store a version's files and its description, durably; a stored file that is damaged is replaced.

        Raises:
            RegistryError: a file of the folder is damaged, or changes meanwhile; nothing is stored.
        """
        wanting = set(self.wanting(content))
        for name, sha256 in content.files.items():
            if name not in wanting and not _holds(folder / name, sha256):
                raise RegistryError(f"{folder / name} was changed after it was written; nothing was registered")
        self.put({content.files[name]: folder / name for name in sorted(wanting)})
        self.describe(content)

    def put(self, sources: Mapping[str, Path]) -> None:
        """Store files by their sha256: all are copied, checked and made durable before the first gets its name.

        Raises:
            RegistryError: the hash of a file is not what it should be.
        """
        durable.make_folder(self.folder)
        copies = {sha256: durable.temporary(self.path(sha256)) for sha256 in sources}
        try:
            for sha256, source in sources.items():
                copy(source, copies[sha256])
                if store.sha256_file(copies[sha256]) != sha256:
                    raise RegistryError(f"{source} was changed after it was written; nothing was registered")
            for made in copies.values():
                durable.sync_file(made)
            for sha256, made in copies.items():
                made.replace(self.path(sha256))
        finally:
            for made in copies.values():
                made.unlink(missing_ok=True)
        durable.sync_folder(self.folder)

    def describe(self, content: Content) -> None:
        """Store the description of a version, from which ``rebuild`` finds it again."""
        if not self.is_sound(content.sha256):
            store.write_text(self.path(content.sha256), content.description)

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


def copy(source: Path, target: Path) -> None:
    """Copy a file's bytes into a new file; the blocks are shared, copied on write, where the file system can.

    Nothing may lie at the target, not even a symbolic link.
    """
    with source.open("rb") as read, os.fdopen(durable.create(target), "wb") as write:
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


def _holds(path: Path, sha256: str) -> bool:
    return path.is_file() and not path.is_symlink() and store.content_sha256(path) == sha256


def _begins_as_json(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(1) == b"{"

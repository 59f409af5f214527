"""Files that are whole or not there: atomic writes, content hashes, manifests.

A folder is complete when its manifest says so: the manifest is written last, and lists the sha256 of every
other file. Whatever was interrupted has none.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from r1tailor.errors import UserError

MANIFEST = "manifest.json"
LOCK = ".lock"
_LONGEST_SHOWN = 200
_REMEMBERED_FROM = 2**20  # bytes; a smaller file is hashed as fast as a remembered hash is read
_SETTLED = 2.0  # seconds; a file written later could change again within one tick of its time stamp


def sha256_file(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cache_folder() -> Path:
    """Return where what can be computed again is kept: ``$R1TAILOR_CACHE``, or the user's cache folder."""
    chosen = os.environ.get("R1TAILOR_CACHE")
    general = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(chosen) if chosen else general / "r1tailor"


def content_sha256(path: Path) -> str:
    """Return ``sha256_file``, without reading a large file again that has not been touched since it was last hashed.

    A file counts as untouched while path, size, inode, and the times of its last change (mtime and ctime, in
    nanoseconds) are the same. The hashes are kept below ``cache_folder()/hashes``, one file each.
    """
    found = path.stat()
    if found.st_size < _REMEMBERED_FROM:
        return sha256_file(path)
    state = [str(path.resolve()), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]
    entry = cache_folder() / "hashes" / f"{hashlib.sha256(str(state).encode()).hexdigest()}.json"
    with suppress(OSError, ValueError, LookupError, TypeError):
        remembered = read_json(entry)
        if remembered["state"] == state:
            return str(remembered["sha256"])
    sha256 = sha256_file(path)
    if time.time() - max(found.st_mtime, found.st_ctime) > _SETTLED:
        with suppress(OSError):
            write_json(entry, {"state": state, "sha256": sha256})
    return sha256


def sha256_tree(folder: Path) -> dict[str, str]:
    """Return relative path -> sha256 for every file below a folder, its own manifest excluded, sorted by path."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file != folder / MANIFEST)
    return {file.relative_to(folder).as_posix(): sha256_file(file) for file in files}


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically: it holds the old text or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:  # noqa: ANN401
    """Write JSON atomically, readable and with a stable order."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def read_json(path: Path) -> Any:  # noqa: ANN401
    """Return the value of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_manifest(folder: Path, facts: dict[str, Any]) -> None:
    """Mark a folder as complete: hash every file in it and write the manifest last."""
    for file in folder.rglob("*"):
        if file.is_file():
            with file.open("rb") as handle:
                os.fsync(handle.fileno())
    write_json(folder / MANIFEST, {**facts, "files": sha256_tree(folder)})


def damage(folder: Path) -> str | None:
    """Return what is wrong with a folder that should be complete, or None when every hash holds.

    Nothing outside the folder is read: what a manifest names has to lie in it, and a symbolic link is damage.
    """
    try:
        expected: dict[str, str] = {**read_json(folder / MANIFEST)["files"]}
    except FileNotFoundError:
        return "it has no manifest: it was never finished"
    except (ValueError, KeyError, TypeError, OSError, RecursionError):
        return "its manifest cannot be read"
    try:
        return _difference(folder, expected)
    except OSError as error:
        return f"it cannot be read: {error.strerror}"


def _difference(folder: Path, expected: dict[str, str]) -> str | None:
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    for name, path in found.items():
        if path.is_symlink():
            return f"{name} is a symbolic link"
    files = {name: path for name, path in found.items() if path.is_file() and name != MANIFEST}
    for name, sha256 in expected.items():
        if name not in files:
            return f"{name[:_LONGEST_SHOWN]!r} leads out of it" if leads_out(name) else f"{name} is missing"
        if sha256_file(files[name]) != sha256:
            return f"{name} was changed after it was written"
    unlisted = sorted(files.keys() - expected.keys())
    return f"{unlisted[0]} is not in its manifest" if unlisted else None


def leads_out(name: str) -> bool:
    """Whether a name in a manifest is anything but a plain relative path below its folder."""
    parts = name.split("/")
    return not name or "\0" in name or "\\" in name or any(part in ("", ".", "..") for part in parts)


@contextmanager
def replaced_folder(folder: Path, facts: dict[str, Any]) -> Iterator[Path]:
    """Fill a temporary sibling, seal it with a manifest, then put it in the folder's place.

    An error inside leaves the old folder as it was.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    old = folder.with_name(f".{folder.name}.old")
    recover(folder)
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        yield temporary
        write_manifest(temporary, facts)
        if folder.exists():
            folder.replace(old)
        temporary.replace(folder)
        sync_folder(folder.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        recover(folder)


def recover(folder: Path) -> None:
    """Put back the old folder if its replacement was interrupted between the two renames, or drop it."""
    old = folder.with_name(f".{folder.name}.old")
    if old.exists() and not folder.exists():
        old.replace(folder)
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep every other process out of a folder; the lock ends with the process, however it ends.

    Raises:
        UserError: another process is at work there, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK, timeout=0)
        lock.acquire()
    except Timeout:
        raise UserError(f"{folder}: another run is at work there; let it end, or choose another output") from None
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()


def point_to(link: Path, target: Path) -> None:
    """Make a relative symbolic link point to a target, atomically."""
    temporary = link.with_name(f".{link.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(os.path.relpath(target, link.parent))
    temporary.replace(link)


def sync_folder(folder: Path) -> None:
    """Make renames inside a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

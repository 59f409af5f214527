"""Files that are whole or not there, also after a power cut: atomic writes, content hashes, manifests, locks.

A folder is complete when its manifest says so: the manifest is written last, and lists the sha256 of every
other file. Whatever was interrupted has none.
"""

import hashlib
import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from r1tailor import durable
from r1tailor.durable import sweep, sync_folder
from r1tailor.errors import UserError

__all__ = ["sweep", "sync_folder"]  # of durable.py, for those who write here

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


def write_text(path: Path, text: str, mode: int = 0o666) -> None:
    """Write a text file atomically and durably: it holds the old text or the new, never a part.

    Args:
        path: the file; its folder is created.
        text: UTF-8.
        mode: permissions, from which the umask takes away; ``0o600`` for what only its owner may read.
    """
    durable.make_folder(path.parent)
    temporary = durable.temporary(path)
    try:
        with os.fdopen(durable.create(temporary, mode), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_json(path: Path, value: Any, mode: int = 0o666) -> None:  # noqa: ANN401
    """Write JSON as ``write_text`` does, readable and with a stable order."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n", mode)


def read_json(path: Path) -> Any:  # noqa: ANN401
    """Return the value of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_manifest(folder: Path, facts: dict[str, Any]) -> None:
    """Mark a folder as complete: make its files durable, hash them and write the manifest last."""
    durable.sync_tree(folder)
    write_json(folder / MANIFEST, {**facts, "files": sha256_tree(folder)})


def damage(folder: Path, *, hashes: bool = True) -> str | None:
    """Return what is wrong with a folder that should be complete, or None when every hash holds.

    Nothing outside the folder is read: what a manifest names has to lie in it, and a symbolic link is damage.

    Args:
        folder: the folder.
        hashes: False where whoever asks hashes the files anyway: only their names are compared.
    """
    try:
        expected: dict[str, str] = {**read_json(folder / MANIFEST)["files"]}
    except FileNotFoundError:
        return "it has no manifest: it was never finished"
    except (ValueError, KeyError, TypeError, OSError, RecursionError):
        return "its manifest cannot be read"
    try:
        return _difference(folder, expected, hashes)
    except OSError as error:
        return f"it cannot be read: {error.strerror}"


def _difference(folder: Path, expected: dict[str, str], hashes: bool) -> str | None:
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    for name, path in found.items():
        if path.is_symlink():
            return f"{name} is a symbolic link"
    files = {name: path for name, path in found.items() if path.is_file() and name != MANIFEST}
    for name, sha256 in expected.items():
        if name not in files:
            return f"{name[:_LONGEST_SHOWN]!r} leads out of it" if leads_out(name) else f"{name} is missing"
        if hashes and sha256_file(files[name]) != sha256:
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

    An error inside leaves the old folder as it was. A reader finds the old folder or the new one at any time, where
    the system can swap two folders (Linux); elsewhere there is a moment without either.
    """
    durable.make_folder(folder.parent)
    recover(folder)
    sweep(folder.parent)
    temporary = durable.temporary(folder)
    temporary.mkdir()
    try:
        yield temporary
        write_manifest(temporary, facts)
        _put(temporary, folder)
        sync_folder(folder.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        recover(folder)


def _put(temporary: Path, folder: Path) -> None:
    if folder.exists() and not durable.exchange(temporary, folder):
        folder.replace(_old(folder))
    if temporary.exists() and not folder.exists():
        temporary.replace(folder)


def _old(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


def recover(folder: Path) -> None:
    """Put back the old folder if its replacement was interrupted between two renames, or drop it."""
    old = _old(folder)
    if old.exists() and not folder.exists():
        old.replace(folder)
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep every other process out of a folder; the lock ends with the process, however it ends.

    Raises:
        UserError: another process is at work there, or the folder cannot be written.
    """
    with locked(folder, 0.0, "let it end, or choose another output"):
        yield


@contextmanager
def locked(folder: Path, patience: float, advice: str) -> Iterator[None]:
    """Hold the lock of a folder; the lock ends with the process, however it ends.

    Args:
        folder: is created.
        patience: seconds to wait for the holder.
        advice: what to do if it does not let go, for the message.

    Raises:
        UserError: another process holds it (the message names it), or the folder cannot be written.
    """
    try:
        durable.make_folder(folder)
        lock = FileLock(folder / LOCK, timeout=patience, poll_interval=0.02)
        lock.acquire()
    except Timeout:
        after = f" after {patience:g} s" if patience else ""
        raise UserError(f"{folder}: another run is at work there{after} ({_holder(folder / LOCK)}); {advice}") from None
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror}") from error
    try:
        with suppress(OSError):
            (folder / LOCK).write_text(json.dumps(_this_process()), encoding="utf-8")
        yield
    finally:
        with suppress(OSError):
            (folder / LOCK).write_text("", encoding="utf-8")
        lock.release()


def _this_process() -> dict[str, Any]:
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:_LONGEST_SHOWN]
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return {"pid": os.getpid(), "command": command, "host": socket.gethostname(), "since": since}


def _holder(lock: Path) -> str:
    """Return who holds a lock, in words."""
    try:
        found = read_json(lock)
        return f"process {found['pid']} on {found['host']}, {found['command']!r}, since {found['since']}"
    except (OSError, ValueError, LookupError, TypeError):
        return "it does not say which process"


def point_to(link: Path, target: Path) -> None:
    """Make a relative symbolic link point to a target, atomically and durably."""
    temporary = durable.temporary(link)
    try:
        temporary.symlink_to(os.path.relpath(target, link.parent))
        temporary.replace(link)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(link.parent)

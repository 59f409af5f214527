"""What survives a power cut: temporaries of one process, synced files and folders, renames that leave no gap.

A temporary is named ``.<name>.<host>-<pid>-<start>-<random>.tmp``, so that ``sweep`` can tell the temporaries of
processes that have ended from those of processes at work.
"""

import ctypes
import hashlib
import os
import re
import secrets
import shutil
import socket
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

_TEMPORARY = re.compile(r"\..+\.(?:([0-9a-f]{8})-)?(\d+)(?:-(\d+)-[0-9a-f]{8})?\.tmp", re.DOTALL)
_LONGEST_NAME = 120  # of the characters kept in a temporary's name; file systems allow 255 bytes
_OF_ANOTHER_HOST = 86400.0  # seconds after which a temporary of another host or container is taken for left over
_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2)
_AT_FDCWD = -100


def temporary(path: Path) -> Path:
    """Return a name for a temporary next to a path; nobody can predict it."""
    kept = path.name.encode()[:_LONGEST_NAME].decode(errors="ignore")
    return path.with_name(f".{kept}.{_host()}-{os.getpid()}-{_start(os.getpid())}-{secrets.token_hex(4)}.tmp")


def create(path: Path, mode: int = 0o666) -> int:
    """Create a file that must not exist (a symbolic link counts) and return its descriptor; the umask applies."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), mode)


def make_folder(folder: Path) -> None:
    """Create a folder and its parents, each one durably."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    for place in reversed(missing):
        place.mkdir(exist_ok=True)
        sync_folder(place.parent)
    folder.mkdir(exist_ok=True)  # an error, if it is a file


def sync_file(path: Path) -> None:
    """Make the bytes of a file durable."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Make every file and folder below a folder durable, and the folder itself last."""
    for place, _, names in os.walk(folder, topdown=False):
        for name in names:
            if not (Path(place) / name).is_symlink():
                sync_file(Path(place) / name)
        sync_folder(Path(place))


def exchange(first: Path, second: Path) -> bool:
    """Swap two paths in one step, so that a reader always finds both; False where the system cannot."""
    with suppress(AttributeError, OSError):
        rename = ctypes.CDLL(None, use_errno=True).renameat2
        done: int = rename(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _EXCHANGE)
        return done == 0
    return False


def sweep(folder: Path) -> list[Path]:
    """Remove the temporaries in a folder whose processes have ended; return them.

    Temporaries of another host or container are removed when they are a day old. Nothing is done in a folder that
    cannot be read or written.
    """
    removed = []
    with suppress(OSError):
        for entry in os.scandir(folder):
            if entry.name.startswith(".") and _is_left_over(Path(entry.path)):
                _remove(Path(entry.path))
                removed.append(Path(entry.path))
    return removed


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _is_left_over(path: Path) -> bool:
    found = _TEMPORARY.fullmatch(path.name)
    if found is None:
        return False
    host, pid, start = found.groups()
    if host != _host():  # an earlier release wrote no host
        return time.time() - path.lstat().st_mtime > _OF_ANOTHER_HOST
    return not _lives(int(pid)) or start != _start(int(pid))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return _state(pid) != "Z"


def _start(pid: int) -> str:
    """Return when a process began, in ticks since the machine did; 0 where the system does not tell."""
    found = _status(pid)
    return found[19] if found else "0"


def _state(pid: int) -> str:
    return next(iter(_status(pid)), "")


def _status(pid: int) -> list[str]:
    """Return the fields of ``/proc/<pid>/stat`` that follow the name of the program."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return []


@cache
def _host() -> str:
    """Return eight digits for the host and its container: process numbers mean something only there."""
    space = ""
    with suppress(OSError):
        space = os.readlink("/proc/self/ns/pid")
    return hashlib.sha256(f"{socket.gethostname()} {space}".encode()).hexdigest()[:8]

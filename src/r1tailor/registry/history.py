"""What happened to the versions of a domain: lines that are only added, each with the hash of the line before.

A line is there when it was written to its end and made durable. A line that a power cut tore is left out when read and
cut off before the next one is added. Lines of earlier releases have no hash; they come first.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from r1tailor import durable
from r1tailor.errors import RegistryError

_BEFORE = "before"  # key of the hash of the line before
_FIRST = hashlib.sha256(b"").hexdigest()  # what the first line names
_TEXTS = ("action", "version", "at")


class History:
    """The history of one domain.

    Args:
        path: its file; created with the first entry.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def entries(self) -> list[dict[str, Any]]:
        """Return what happened, oldest first; a torn last line is left out.

        Raises:
            RegistryError: it is not what was recorded; names the line.
        """
        entries: list[dict[str, Any]] = []
        before = _FIRST
        for number, line in enumerate(self._lines()[0], 1):
            entry = self._entry(number, line)
            if _BEFORE in entry and entry[_BEFORE] != before:
                raise self._fault(number, f"line {number - 1} was changed or removed after it was written")
            if _BEFORE not in entry and entries and _BEFORE in entries[-1]:
                raise self._fault(number, "it does not name the hash of the line before")
            entries.append(entry)
            before = hashlib.sha256(line).hexdigest()
        return entries

    def is_torn(self) -> bool:
        """Whether the last line was not written to its end."""
        return bool(self._lines()[1])

    def cut(self) -> str | None:
        """Cut off a torn last line; return that in words, or None if there is none. The registry's lock is held."""
        lines, torn = self._lines()
        if not torn:
            return None
        with self.path.open("r+b") as file:
            file.truncate(sum(len(line) + 1 for line in lines))
            os.fsync(file.fileno())
        return f"{self.path}: line {len(lines) + 1} was not written to its end and was cut off"

    def add(self, entry: dict[str, Any]) -> None:
        """Add an entry, durably. The registry's lock is held."""
        self.cut()
        self.entries()
        lines, _ = self._lines()
        before = hashlib.sha256(lines[-1]).hexdigest() if lines else _FIRST
        durable.make_folder(self.path.parent)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        with os.fdopen(os.open(self.path, flags, 0o666), "ab", buffering=0) as file:
            file.write(json.dumps(entry | {_BEFORE: before}, ensure_ascii=False).encode() + b"\n")
            os.fsync(file.fileno())
        durable.sync_folder(self.path.parent)

    def _lines(self) -> tuple[list[bytes], bytes]:
        """Return the whole lines, and what is left of a torn one: no line end, or zeros where bytes were lost."""
        try:
            *lines, rest = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return [], b""
        except OSError as error:
            raise RegistryError(f"{self.path} is no history of a registry: {error.strerror}") from error
        if lines and not rest and b"\0" in lines[-1]:
            return lines[:-1], lines[-1] + b"\n"
        return lines, rest

    def _entry(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise self._fault(number, str(error)) from error
        if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in _TEXTS):
            raise self._fault(number, "action, version and at must be text")
        if not all(isinstance(entry.get(key, ""), str) for key in ("phase", "content", _BEFORE)):
            raise self._fault(number, "phase and hashes must be text")
        return entry

    def _fault(self, number: int, what: str) -> RegistryError:
        return RegistryError(f"{self.path} is no history of a registry: line {number}: {what}")

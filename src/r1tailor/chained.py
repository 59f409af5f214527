"""A log that nobody can rewrite unseen: JSON lines that are only added, each with the hash of the line before.

A line counts once it is on the disk and the head knows it; only then is its writer told. The head (``<log>.head``)
holds how many lines there are and the hash of the last one, so that lines removed from the end are found as well. It
has two slots that are written in turn: a power cut tears one of them at most.

The log is made durable before the head. So a cut leaves the head at what it knew, followed by lines whose writers were
never told: whole ones are kept, and what follows them is cut off.

Somebody who may write both files and recomputes every hash is not found by them alone: keep the count and the hash that
``verify`` prints elsewhere, and compare.
"""

import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from r1tailor import durable
from r1tailor.errors import DataError

_LINE, _BEFORE = "line", "before"  # the keys that a log adds to each entry: its number, the hash of the line before
_FIRST = hashlib.sha256(b"").hexdigest()  # what the first line names
_SLOT = 256  # bytes; each half of the head
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)


@dataclass(frozen=True)
class Head:
    """Where a log ends.

    Attributes:
        count: of its lines.
        bytes: their length, line ends included.
        sha256: of the last line, without its line end.
    """

    count: int = 0
    bytes: int = 0
    sha256: str = _FIRST


@dataclass(frozen=True)
class Checked:
    """What a log holds.

    Attributes:
        head: where its whole lines end.
        damage: what was changed, removed or reordered, in words; empty for a sound log.
        unfinished: a last line that was not written to its end and of which nobody was told; None without one.
    """

    head: Head
    damage: list[str]
    unfinished: str | None


@dataclass
class _Ticket:
    """An entry that waits to be written, and how that went."""

    entry: Mapping[str, Any]
    number: int = 0
    error: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)


class ChainedLog:
    """An append-only log. Threads and processes may share it; those that write at once share one sync.

    Args:
        path: its file; created with the first entry, for its owner alone. ``<path>.head`` lies next to it.

    Attributes:
        notes: what an interrupted writer left and was cut off, in words.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        self._head = Head()
        self._log = self._heads = -1  # descriptors; -1 while closed
        self._waiting: list[_Ticket] = []
        self._queue = threading.Lock()
        self._writing = threading.Lock()

    def append(self, entry: Mapping[str, Any]) -> int:
        """Add an entry and return the number of its line, once it is durable.

        Args:
            entry: JSON values by name; ``line`` and ``before`` are the log's own.

        Raises:
            DataError: the file is not what was written here, so that nothing can be added.
            OSError: it cannot be made durable; nobody may be told that the entry is in the log.
            ValueError: the entry is not JSON, or has a key of the log's own.
        """
        if _LINE in entry or _BEFORE in entry:
            raise ValueError(f"{_LINE} and {_BEFORE} are keys of the log's own")
        _encoded(entry)
        ticket = _Ticket(entry)
        with self._queue:
            self._waiting.append(ticket)
        with self._writing:  # whoever waited here finds its entry written by the one before
            if not ticket.done.is_set():
                self._write_waiting()
        if ticket.error is not None:
            raise ticket.error
        return ticket.number

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield the entries, oldest first, without the keys of the log's own.

        Raises:
            DataError: a line was changed, removed or moved; names it.
        """
        checked = _Checking(self.path)
        for entry in checked.entries():
            if checked.damage:
                break
            yield {key: value for key, value in entry.items() if key not in (_LINE, _BEFORE)}
        if damage := checked.result().damage:
            raise DataError(f"{self.path}: {damage[0]}")

    def close(self) -> None:
        """Let go of the files; the next entry opens them again."""
        with self._writing:
            for descriptor in (self._log, self._heads):
                if descriptor >= 0:
                    os.close(descriptor)
            self._log = self._heads = -1

    def _write_waiting(self) -> None:
        with self._queue:
            batch, self._waiting = self._waiting, []
        try:
            self._commit(batch)
        except BaseException as error:
            for ticket in batch:
                ticket.error = error
        for ticket in batch:
            ticket.done.set()

    def _commit(self, batch: list[_Ticket]) -> None:
        """Write a batch and make it durable: the log first, then the head."""
        self._open()
        with _locked(self._heads):
            self._catch_up()
            written, sha256 = bytearray(), self._head.sha256
            for number, ticket in enumerate(batch, self._head.count + 1):
                line = _encoded({_LINE: number, **ticket.entry, _BEFORE: sha256})
                written += line + b"\n"
                sha256, ticket.number = hashlib.sha256(line).hexdigest(), number
            try:
                _write_at(self._log, bytes(written), self._head.bytes)
                os.fsync(self._log)
            except OSError:
                os.ftruncate(self._log, self._head.bytes)
                raise
            self._write_head(Head(self._head.count + len(batch), self._head.bytes + len(written), sha256))

    def _open(self) -> None:
        if self._log >= 0:
            return
        durable.make_folder(self.path.parent)
        heads = head_file(self.path)
        if self.path.exists() and self.path.stat().st_size and not heads.exists():
            raise DataError(f"{self.path}: {heads.name} is missing, which records where it ends; nothing was added")
        self._heads = os.open(heads, _FLAGS, 0o600)
        self._log = os.open(self.path, _FLAGS, 0o600)
        durable.sync_folder(self.path.parent)

    def _catch_up(self) -> None:
        """Learn what other processes added; cut off what an interrupted one left."""
        length, head = os.fstat(self._log).st_size, _read_head(os.pread(self._heads, 2 * _SLOT, 0))
        if head is None:
            raise DataError(f"{head_file(self.path)} is damaged; nothing was added")
        if length < head.bytes:
            raise DataError(
                f"{self.path}: lines were removed from its end; nothing was added. Run: r1tailor audit verify"
            )
        self._head = head
        if length == head.bytes:
            return
        found, rest = _followed(head, os.pread(self._log, length - head.bytes, head.bytes))
        if rest and b"\0" not in rest and rest.endswith(b"\n"):
            raise DataError(f"{self.path}: line {found.count + 1} was not written here; nothing was added")
        if rest:
            os.ftruncate(self._log, found.bytes)
            self.notes.append(f"{self.path}: line {found.count + 1} was not written to its end and was cut off")
        os.fsync(self._log)
        self._write_head(found)

    def _write_head(self, head: Head) -> None:
        """Record where the log ends, in the slot that does not hold the newest."""
        if head == self._head:
            return
        slot = 0 if _slot_of(os.pread(self._heads, 2 * _SLOT, 0)) else 1
        _write_at(self._heads, _slot_bytes(head), slot * _SLOT)
        os.fsync(self._heads)
        self._head = head


def verify(path: Path) -> Checked:
    """Read a whole log and return what was changed, removed or reordered in it."""
    checked = _Checking(path)
    for _ in checked.entries():
        pass
    return checked.result()


def hash_of_line(path: Path, number: int) -> str | None:
    """Return the hash of a line, as ``verify`` tells that of the last one; None where there is no such line."""
    if number == 0 or not path.exists():
        return _FIRST if number == 0 else None
    with path.open("rb") as file:
        for count, line in enumerate(file, 1):
            if count == number:
                return _sha256(line.rstrip(b"\n"))
    return None


def head_file(path: Path) -> Path:
    """Return where the head of a log lies."""
    return path.with_name(f"{path.name}.head")


class _Checking:
    """One reading of a log, line by line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damage: list[str] = []
        self._known = self._read_known()  # before the log: what is added meanwhile is no damage
        self._found = Head()
        self._last = 0  # number of the line read last
        self._missing: dict[int, int] = {}  # first -> last number of each gap
        self._unfinished: str | None = None

    def entries(self) -> Iterator[dict[str, Any]]:
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n") or (b"\0" in line and self._found.bytes >= self._known.bytes):
                    self._end(line)
                    return
                entry = self._entry(line[:-1])
                self._found = Head(self._found.count + 1, self._found.bytes + len(line), _sha256(line[:-1]))
                if self._found.count == self._known.count and self._found.sha256 != self._known.sha256:
                    self._say(f"line {self._found.count} is not the one that the head records: it was changed")
                if entry is not None:
                    yield entry

    def result(self) -> Checked:
        gaps = [f"{_lines(first, last)} missing" for first, last in sorted(self._missing.items())]
        if self._found.count < self._known.count and not gaps:
            gaps = [f"{_lines(self._found.count + 1, self._known.count)} missing from the end"]
        return Checked(self._found, self.damage + gaps, self._unfinished)

    def _entry(self, line: bytes) -> dict[str, Any] | None:
        number = self._found.count + 1
        try:
            entry = json.loads(line)
            own, before = int(entry[_LINE]), str(entry[_BEFORE])
        except (ValueError, RecursionError, LookupError, TypeError):
            self._say(f"line {number} is not a line of this log: it was changed")
            self._last += 1
            return None
        if own == self._last + 1:
            if before != self._found.sha256:
                self._say(f"line {self._last or 1} was changed after it was written")
        elif own > self._last + 1:
            self._missing[self._last + 1] = own - 1
        else:
            self._say(f"line {own} stands after line {self._last}: it was moved or written twice")
            self._missing = {first: last for first, last in self._missing.items() if (first, last) != (own, own)}
        self._last = max(own, self._last)
        return dict(entry)

    def _end(self, line: bytes) -> None:
        number = self._found.count + 1
        if self._found.bytes < self._known.bytes:
            self._say(f"line {number} was changed: it does not end where it did")
        else:
            self._unfinished = f"line {number} ({len(line)} bytes) was not written to its end; nobody was told of it"

    def _read_known(self) -> Head:
        heads = head_file(self.path)
        if not heads.exists():
            if self.path.exists() and self.path.stat().st_size:
                self.damage.append(f"{heads.name} is missing, which records where the log ends")
            return Head()
        head = _read_head(heads.read_bytes())
        if head is None:
            self.damage.append(f"{heads.name} was changed: it records no end of a log")
        return head or Head()

    def _say(self, what: str) -> None:
        if what not in self.damage:
            self.damage.append(what)


def _lines(first: int, last: int) -> str:
    return f"line {first} is" if first == last else f"lines {first} to {last} are"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _encoded(entry: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(entry, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return json.dumps(entry, allow_nan=False).encode()
    except TypeError as error:
        raise ValueError(str(error)) from error


def _followed(head: Head, data: bytes) -> tuple[Head, bytes]:
    """Return where the whole lines of this log end that follow a head, and what stands after them."""
    while b"\n" in data:
        line, _, rest = data.partition(b"\n")
        try:
            entry = json.loads(line)
            sound = (entry[_LINE], entry[_BEFORE]) == (head.count + 1, head.sha256)
        except (ValueError, RecursionError, LookupError, TypeError):
            sound = False
        if not sound:
            break
        head, data = Head(head.count + 1, head.bytes + len(line) + 1, _sha256(line)), rest
    return head, data


def _slot_bytes(head: Head) -> bytes:
    text = json.dumps({"count": head.count, "bytes": head.bytes, "sha256": head.sha256})
    return f"{text} {_sha256(text.encode())}".ljust(_SLOT - 1).encode() + b"\n"


def _slots(data: bytes) -> list[Head | None]:
    """Return what each slot records; None for one that is torn or was never written."""
    found: list[Head | None] = []
    for start in (0, _SLOT):
        text, _, sha256 = data[start : start + _SLOT].rstrip().rpartition(b" ")
        found.append(Head(**json.loads(text)) if text and _sha256(text) == sha256.decode("latin-1") else None)
    return found


def _read_head(data: bytes) -> Head | None:
    """Return what the newest slot records; None where neither can be read although something was written."""
    if not data.strip(b"\0"):
        return Head()
    return max(filter(None, _slots(data)), key=lambda head: head.count, default=None)


def _slot_of(data: bytes) -> int:
    """Return which slot holds the newest; 1 in a new file, so that the first is written first."""
    first, second = _slots(data)
    return int(first is None or (second is not None and second.count > first.count))


@contextmanager
def _locked(descriptor: int) -> Iterator[None]:
    """Keep other processes out; the lock ends with the process, however it ends."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _write_at(descriptor: int, data: bytes, offset: int) -> None:
    while data:
        written = os.pwrite(descriptor, data, offset)
        data, offset = data[written:], offset + written

"""Work on material of others in a process of its own, with a limit of processor time and memory for each input.

A hostile or unlucky input must not take the run with it: a page that keeps a parser busy for hours, a table that
unpacks to gigabytes. ``stream`` runs a generator in a forked worker and yields what it yields. The worker calls
``entered`` for each input, which sets its limits by the input's size:

* processor time: first an exception in the worker (``LimitReached``), so that a reader can reject the rest of the file
  and continue with the next; where C code does not return, the kernel ends the worker, and another one is started that
  does not open that file again.
* memory: allocations fail beyond the limit (``MemoryError``).

Time is the worker's own processor time, so that a loaded machine refuses nothing. On systems other than Linux the
generator runs in this process, without limits.
"""

import ctypes
import gc
import mmap
import os
import pickle
import resource
import signal
import struct
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, BinaryIO, NoReturn, TypeVar

from r1tailor.errors import DataError, TailorError
from r1tailor.schema.corpus import Limits

_BATCH = 128  # items that travel together
_LATEST = 0.05  # seconds after which they travel even if they are fewer
_GRACE = 2.0  # seconds of processor time from the exception to the end of the process
_HEADER = struct.Struct("QdI")  # items before the input, its seconds, bytes of its name
_LONGEST_NAME = 4000  # bytes
_MB = 1_000_000
_PR_SET_PDEATHSIG = 1
_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)

T = TypeVar("T")


class LimitReached(BaseException):
    """An input reached its limit; no ``except Exception`` of a parser may swallow it. Its text says which limit."""


@dataclass
class _Worker:
    """What the worker process knows of itself.

    Attributes:
        limits: the settings.
        refused: inputs that ended an earlier worker, and why.
        place: memory shared with the parent: the input that is being worked on.
        memory: bytes that the process held at its start.
        yielded: items so far.
        seconds: allowed for the input that is being worked on.
        megabytes: allowed for it.
    """

    limits: Limits
    refused: dict[str, str]
    place: mmap.mmap
    memory: int
    yielded: int = 0
    seconds: float = 0.0
    megabytes: float = 0.0


_worker: _Worker | None = None


def entered(name: str, size: int) -> None:
    """Begin an input: from here on its limits count. Outside a worker this does nothing.

    Args:
        name: how messages call it.
        size: in bytes.
    """
    if _worker is None:
        return
    limits, raw = _worker.limits, name.encode(errors="replace")[:_LONGEST_NAME]
    _worker.seconds = limits.seconds + limits.seconds_per_mb * size / _MB
    megabytes = limits.memory_mb + limits.memory_mb_per_mb * size / _MB
    header = _HEADER.pack(_worker.yielded, _worker.seconds, len(raw))
    _worker.place[: _HEADER.size + len(raw)] = header + raw
    if megabytes != _worker.megabytes:
        _worker.megabytes = megabytes
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        soft = _worker.memory + int(megabytes * _MB)
        resource.setrlimit(resource.RLIMIT_DATA, (soft if hard < 0 else min(soft, hard), hard))
    _arm(_worker.seconds)


def left() -> None:
    """End an input: until the next one is entered, no time counts."""
    if _worker is not None:
        _arm(0)


def check(name: str) -> None:
    """Refuse an input that ended an earlier worker.

    Raises:
        LimitReached: it did.
    """
    if _worker is not None and name in _worker.refused:
        raise LimitReached(_worker.refused[name])


def reason(error: BaseException) -> str:
    """Return what a message says of a ``LimitReached`` or a ``MemoryError``."""
    if isinstance(error, LimitReached):
        return str(error)
    megabytes = f" {_worker.megabytes:,.0f} MB of" if _worker else ""
    return f"it takes more than{megabytes} memory (corpus.limits)"


def stream(produce: Callable[[], Iterator[T]], limits: Limits, *, resumes: bool = False) -> Iterator[T]:
    """Yield what a generator yields that runs in a worker process.

    Args:
        produce: makes the generator; it is called in the worker.
        limits: of each input that the generator enters.
        resumes: whether, after an input that ended the worker, another worker starts again without it. The generator
            must then yield the same items again, and reject what ``check`` refuses.

    Raises:
        DataError: an input reached its limit and could not be rejected: names it.
        TailorError: the worker was ended from outside.
        Exception: whatever the generator raises.
    """
    if not sys.platform.startswith("linux"):
        yield from produce()
        return
    progress = _Progress(limits)
    while stopped := (yield from _one_worker(produce, progress)):
        if not resumes or not stopped.name or stopped.name in progress.refused:
            raise DataError(f"{stopped.name or 'a worker process'}: {stopped.why}")
        progress.refused[stopped.name] = stopped.why
        progress.skipped = min(progress.received, stopped.before)


@dataclass
class _Progress:
    """What earlier workers came to.

    Attributes:
        limits: the settings.
        refused: inputs that ended a worker, and why.
        received: items that came from the last worker, with those that it skipped.
        skipped: items that the next worker yields again.
    """

    limits: Limits
    refused: dict[str, str] = field(default_factory=dict)
    received: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class _Stopped:
    """An input that ended a worker, the items that came before it, and why."""

    name: str
    before: int
    why: str


def _one_worker(produce: Callable[[], Iterator[T]], progress: _Progress) -> Generator[T, None, _Stopped | None]:
    """Yield the new items of one worker; return what ended it before its end, or None."""
    place = mmap.mmap(-1, _HEADER.size + _LONGEST_NAME)
    pid, messages = _forked(produce, progress, place)
    running = True
    progress.received = 0
    try:
        while True:
            kind, content = _message(messages)
            if kind != "items":
                break
            for item in content:
                progress.received += 1
                if progress.received > progress.skipped:
                    yield item
        if kind == "gone":
            _, status = os.waitpid(pid, 0)
            running = False
            content = _why(os.waitstatus_to_exitcode(status), place)
        if kind == "error":
            raise content
        name, before, _ = _at(place)
        return None if kind == "end" else _Stopped(name, before, content)
    finally:
        messages.close()
        if running:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _message(messages: BinaryIO) -> tuple[str, Any]:
    try:
        kind, content = pickle.load(messages)  # from our own worker
    except (EOFError, pickle.UnpicklingError):  # cut off, perhaps within a message
        return "gone", ""
    return kind, content


def _why(code: int, place: mmap.mmap) -> str:
    """Return what an input did that ended its worker.

    Raises:
        TailorError: it was not the input's doing.
    """
    name, _, seconds = _at(place)
    if code == -signal.SIGVTALRM:
        return _too_long(seconds)
    if -code in _CRASHES:
        return f"it crashes its parser (signal {-code})"
    ended = f"signal {-code}; the machine may be out of memory" if code == -signal.SIGKILL else f"exit code {code}"
    raise TailorError(f"the worker process that worked on {name or 'the first input'} was ended ({ended})")


def _at(place: mmap.mmap) -> tuple[str, int, float]:
    """Return the input that is being worked on, the items before it, and its seconds."""
    before, seconds, length = _HEADER.unpack(place[: _HEADER.size])
    return place[_HEADER.size : _HEADER.size + length].decode(errors="replace"), before, seconds


def _too_long(seconds: float) -> str:
    return f"it takes more than {seconds:,.0f} s of processor time (corpus.limits)"


def _forked(produce: Callable[[], Iterator[T]], progress: _Progress, place: mmap.mmap) -> tuple[int, BinaryIO]:
    """Start a worker; return its process id and its messages."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads in this process, which the worker does not use
        pid = os.fork()
    if pid == 0:
        os.close(reading)
        _work(produce, progress, place, os.fdopen(writing, "wb", buffering=1 << 16))
    os.close(writing)
    return pid, os.fdopen(reading, "rb", buffering=1 << 16)


def _work(produce: Callable[[], Iterator[T]], progress: _Progress, place: mmap.mmap, messages: BinaryIO) -> NoReturn:
    """Be the worker: run the generator, send what it yields, and end the process."""
    global _worker  # noqa: PLW0603
    try:
        _prepare()
        _worker = _Worker(progress.limits, progress.refused, place, _data_bytes())
        message: tuple[str, Any] = ("end", None)
        try:
            _send(produce(), messages)
        except (LimitReached, MemoryError) as reached:
            message = ("reached", reason(reached))
        except BaseException as error:
            message = ("error", _portable(error))
        left()
        resource.setrlimit(resource.RLIMIT_DATA, (-1, resource.getrlimit(resource.RLIMIT_DATA)[1]))
        pickle.dump(message, messages)
        messages.flush()
    finally:
        os._exit(0)  # nothing that the parent opened is closed or flushed twice


def _send(items: Iterator[T], messages: BinaryIO) -> None:
    """Send items in batches as they come."""
    assert _worker is not None
    batch: list[T] = []
    due = time.monotonic() + _LATEST
    for item in items:
        batch.append(item)
        _worker.yielded += 1
        if len(batch) >= _BATCH or time.monotonic() > due:
            pickle.dump(("items", batch), messages, pickle.HIGHEST_PROTOCOL)
            messages.flush()
            batch, due = [], time.monotonic() + _LATEST
    pickle.dump(("items", batch), messages, pickle.HIGHEST_PROTOCOL)


def _prepare() -> None:
    """Make a forked process a worker: Ctrl-C is the parent's, its end is the worker's, allocations can fail."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
    signal.signal(signal.SIGPROF, _reached)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    gc.freeze()
    if arrow := sys.modules.get("pyarrow"):
        arrow.set_memory_pool(arrow.system_memory_pool())  # the others reserve gigabytes, which count as used


def _reached(signum: int, frame: FrameType | None) -> None:
    raise LimitReached(_too_long(_worker.seconds if _worker else 0.0))


def _arm(seconds: float) -> None:
    """Count processor time from here on: an exception after so many seconds, the end of the process a bit later."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds + _GRACE if seconds else 0)


def _data_bytes() -> int:
    """Return how much of this process counts towards RLIMIT_DATA."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmData:"))


def _portable(error: BaseException) -> BaseException:
    """Return an error that can travel: itself, or one with its name."""
    if not isinstance(error, TailorError):  # lines of code, no values
        error.add_note("In a worker process:\n" + "".join(traceback.format_tb(error.__traceback__)))
    with suppress(Exception):
        same = pickle.loads(pickle.dumps(error))
        if type(same) is type(error) and str(same) == str(error):
            return error
    return TailorError(f"a worker process broke down with {type(error).__name__}")

"""Work on material of others in a process of its own, with a limit of processor time and memory for each input.

A hostile or unlucky input must not take the run with it: a page that keeps a parser busy for hours, a table that
unpacks to gigabytes. ``run`` does the work of a stage in a forked worker, which calls ``entered`` for each input and so
sets its limits by the input's size:

* processor time: first an exception in the worker (``LimitReached``), so that a reader can reject the rest of the file
  and continue with the next; where C code does not return, the kernel ends the worker, and another one does the
  work again without that file.
* memory: allocations fail beyond the limit (``MemoryError``).

Time is the worker's own processor time, so that a loaded machine refuses nothing. On systems other than Linux the
work is done in this process, without limits.
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
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any, BinaryIO, NoReturn, TypeVar

from r1tailor.errors import DataError, TailorError
from r1tailor.schema.corpus import Limits

_SMALL = 20_000  # bytes; inputs up to it share one limit, which is set again
_TOLERATED = 0.05  # of their seconds later, so that the kernel is not told of every short document
_GRACE = 2.0  # seconds of processor time from the exception to the end of the process
_SECONDS = struct.Struct("d")  # of the input; its name follows, up to a null character
_LONGEST_NAME = 4000  # bytes
MB = 1_000_000
_PR_SET_PDEATHSIG = 1
_TOKENIZERS = "TOKENIZERS_PARALLELISM"
_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)
OF_CORPUS = " (corpus.limits)"

T = TypeVar("T")


class LimitReached(BaseException):
    """An input reached its limit; no ``except Exception`` of a parser may swallow it. Its text says which limit."""


@dataclass
class _Worker:
    """What the worker process knows of itself.

    Attributes:
        limits: the settings.
        where: what messages say of the place where the limits are set.
        refused: inputs that ended an earlier worker, and why.
        place: memory shared with the parent: the input that is being worked on.
        memory: bytes that the process held before the input.
        seconds: allowed for the input that is being worked on.
        megabytes: allowed for it.
        until: clock (monotonic) up to which the next small inputs share its limits.
    """

    limits: Limits
    where: str
    refused: dict[str, str]
    place: mmap.mmap
    memory: int
    seconds: float = 0.0
    megabytes: float = 0.0
    until: float = 0.0

    def limit(self, size: int) -> None:
        """Set the limits of an input of so many bytes, counted from now on."""
        self.seconds = self.limits.seconds + self.limits.seconds_per_mb * size / MB
        _SECONDS.pack_into(self.place, 0, self.seconds)
        _arm(self.seconds)
        megabytes = self.limits.memory_mb + self.limits.memory_mb_per_mb * size / MB
        if megabytes != self.megabytes:
            self.megabytes = megabytes
            _, hard = resource.getrlimit(resource.RLIMIT_DATA)
            soft = self.memory + int(megabytes * MB)
            resource.setrlimit(resource.RLIMIT_DATA, (soft if hard < 0 else min(soft, hard), hard))


_worker: _Worker | None = None


def entered(name: str, size: int) -> None:
    """Begin an input: from here on its limits count. Outside a worker this does nothing.

    Args:
        name: how messages call it.
        size: in bytes.
    """
    if _worker is None:
        return
    raw = name.encode(errors="replace")[:_LONGEST_NAME] + b"\0"
    _worker.place[_SECONDS.size : _SECONDS.size + len(raw)] = raw
    now = time.monotonic()
    if size > _SMALL or now > _worker.until:
        _worker.limit(size)
        _worker.until = now + _TOLERATED * _worker.seconds if size <= _SMALL else 0.0


def left() -> None:
    """End an input: until the next one is entered nothing is limited, and what is held by then counts for none."""
    if _worker is not None:
        _arm(0)
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
        _worker.memory, _worker.megabytes, _worker.until = _data_bytes(), 0.0, 0.0


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
    return f"it takes more than{megabytes} memory{_worker.where if _worker else OF_CORPUS}"


def run(work: Callable[[], T], limits: Limits, *, resumes: bool = False, where: str = OF_CORPUS) -> T:
    """Return what a function returns that runs in a worker process.

    Args:
        work: enters its inputs one after the other. What it returns has to be picklable.
        limits: of each input.
        resumes: whether, after an input that ended the worker, another worker does the work again; ``check`` then
            refuses that input.
        where: what messages say of the place where the limits are set.

    Raises:
        DataError: an input reached its limit and could not be rejected: names it.
        TailorError: the worker was ended from outside.
        Exception: whatever the function raises.
    """
    if not sys.platform.startswith("linux"):
        return work()
    refused: dict[str, str] = {}
    while True:
        place = mmap.mmap(-1, _SECONDS.size + _LONGEST_NAME + 1)
        kind, content = _one_worker(work, _Worker(limits, where, refused, place, 0))
        if kind == "returned":
            return content  # type: ignore[no-any-return]
        if kind == "error":
            raise content
        name, _ = _at(place)
        if not resumes or not name or name in refused:
            raise DataError(f"{name or 'a worker process'}: {content}")
        refused[name] = content


def _one_worker(work: Callable[[], object], worker: _Worker) -> tuple[str, Any]:
    """Return what came of one worker: ``returned`` and a value, ``error`` and an exception, ``reached`` and why."""
    with _no_interrupt() as allow:  # which would leave a worker that nobody ends
        pid, messages = _forked(work, worker)
        running = True
        try:
            allow()
            with suppress(EOFError, pickle.UnpicklingError):  # cut off, perhaps within the message
                kind, content = pickle.load(messages)  # from our own worker
                return kind, content
            _, status = os.waitpid(pid, 0)
            running = False
            return "reached", _why(os.waitstatus_to_exitcode(status), worker)
        finally:
            messages.close()
            if running:
                _end(pid)


@contextmanager
def _no_interrupt() -> Iterator[Callable[[], None]]:
    """Hold Ctrl-C back; yields what lets it through again.

    A mask would not do: the kernel would hand the signal to another thread, and Python raises in this one all the same.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is None or threading.current_thread() is not threading.main_thread():  # it is not raised here
        yield lambda: None
        return
    held: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: held.append(number))

    def allow() -> None:
        signal.signal(signal.SIGINT, before)
        if held:
            signal.raise_signal(held.pop())

    try:
        yield allow
    finally:
        allow()


def _end(pid: int) -> None:
    """End a worker: it may remove what it has half written."""
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + _GRACE
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return
        time.sleep(0.005)


def _why(code: int, worker: _Worker) -> str:
    """Return what an input did that ended its worker.

    Raises:
        TailorError: it was not the input's doing.
    """
    name, seconds = _at(worker.place)
    if code == -signal.SIGVTALRM:
        return _too_long(seconds, worker.where)
    if -code in _CRASHES:
        return f"it crashes its parser (signal {-code})"
    ended = f"signal {-code}; the machine may be out of memory" if code == -signal.SIGKILL else f"exit code {code}"
    raise TailorError(f"the worker process that worked on {name or 'the first input'} was ended ({ended})")


def _at(place: mmap.mmap) -> tuple[str, float]:
    """Return the input that is being worked on, and its seconds."""
    (seconds,) = _SECONDS.unpack_from(place)
    return place[_SECONDS.size :].split(b"\0", 1)[0].decode(errors="replace"), seconds


def _too_long(seconds: float, where: str) -> str:
    return f"it takes more than {round(seconds, 1):g} s of processor time{where}"


def _forked(work: Callable[[], object], worker: _Worker) -> tuple[int, BinaryIO]:
    """Start a worker; return its process id and its message."""
    sys.stdout.flush()
    reading, writing = os.pipe()
    with warnings.catch_warnings(), _told_of_no_fork():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads in this process, which the worker does not use
        pid = os.fork()
        if pid == 0:
            os.environ[_TOKENIZERS] = "false"  # its threads are not in the worker, which would wait for them for ever
    if pid == 0:
        os.close(reading)
        worker.memory = _data_bytes()
        _be_worker(work, worker, os.fdopen(writing, "wb"))
    os.close(writing)
    return pid, os.fdopen(reading, "rb")


@contextmanager
def _told_of_no_fork() -> Iterator[None]:
    """Keep the tokenizers' library from warning of a fork, as it does where its variable is not set."""
    before = os.environ.get(_TOKENIZERS)
    os.environ[_TOKENIZERS] = before or "true"
    try:
        yield
    finally:
        if before is None and os.environ[_TOKENIZERS] == "true":  # in this process, not in the worker
            del os.environ[_TOKENIZERS]


def _be_worker(work: Callable[[], object], worker: _Worker, message: BinaryIO) -> NoReturn:
    """Do the work in this process, send what came of it, and end the process."""
    global _worker
    try:
        _prepare()
        _worker = worker
        try:
            done: tuple[str, Any] = ("returned", work())
        except (LimitReached, MemoryError) as reached:
            done = ("reached", reason(reached))
        except BaseException as error:
            done = ("error", _portable(error))
        left()
        pickle.dump(done, message)
        message.flush()
        sys.stdout.flush()
    finally:
        os._exit(0)  # nothing that the parent opened is closed or flushed twice


def _prepare() -> None:
    """Make a forked process a worker: Ctrl-C is the parent's, its end is the worker's, allocations can fail."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
    signal.signal(signal.SIGPROF, _reached)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    gc.freeze()


def _reached(signum: int, frame: FrameType | None) -> None:
    raise LimitReached(_too_long(_worker.seconds, _worker.where) if _worker else "")


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

"""Forked children that are killed: no import, no training, a few milliseconds each."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Child:
    """A forked process."""

    pid: int

    def kill(self) -> None:
        """End it as a power cut would, as far as a process can be."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def forked(act: Callable[[], object]) -> Child:
    """Run something in a child; its exit code is 0, or 1 where it raised."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return Child(pid)
    code = 1
    try:
        act()
        code = 0
    except BaseException as error:
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(code)


def ended(child: Child) -> int:
    """Wait for a child and return its exit code."""
    return os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1])


@contextmanager
def child(act: Callable[[], object], ready: Path | None = None) -> Iterator[Child]:
    """Run something in a child that is killed at the end; it has begun when ``ready`` is there."""
    made = forked(act)
    try:
        while ready is not None and not ready.exists():
            time.sleep(0.005)
        yield made
    finally:
        made.kill()

"""A process that has imported what commands import from others, and forks for each command it is asked to run.

`python -m r1tailor <stage>` spends most of a toy run on importing torch, transformers and their like, and DVC starts
one for each stage. The server (`python -m tests.support.fork_server`) offers a folder with a `python` in it, for the
front of PATH: what it is asked for runs in a fork of the server, with the streams, folder, environment and arguments
of whoever asked. Nothing of r1tailor is imported before the fork, so that the code of the folder is what runs.
"""

import atexit
import gc
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from select import select
from tempfile import mkdtemp

from tests.support.commands import ROOT, as_main

IMPORTED = (
    "ahocorasick_rs",
    "dvc.cli.parser",
    "dvc.repo.experiments.run",
    "dvc.repo.plots",
    "dvc.repo.reproduce",
    "lightning.pytorch",
    "lxml.html",
    "networkx",
    "pandas",
    "pdfplumber",
    "peft",
    "phonenumbers",
    "pyarrow.parquet",
    "pydantic.main",
    "pygit2",
    "rapidfuzz.process",
    "requests",
    "ruamel.yaml",
    "sacrebleu",
    "scipy.sparse",
    "torch.utils.tensorboard",
    "torchmetrics",
    "transformers.models.llama.modeling_llama",
)


@dataclass(frozen=True)
class _Request:
    arguments: list[str]
    cwd: str
    environment: dict[str, str]


@contextmanager
def started() -> Iterator[Path]:
    """Start a server, which ends with the block or with this process; yield the folder of its `python`."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["OMP_NUM_THREADS"] = "1"  # threads do not come along into a fork
    command = [sys.executable, "-m", "tests.support.fork_server"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        yield Path(server.stdout.readline().rstrip("\n"))


def main() -> None:
    folder = Path(mkdtemp(prefix="python-"))
    request = _served(folder)
    if request:
        sys.executable = str(folder / "python")  # what a command starts on its part comes here too
        _end(as_main(request.arguments, Path(request.cwd), request.environment))
    shutil.rmtree(folder)


def _end(code: int) -> None:
    """End this fork as Python ends, but for taking apart the modules, which it would first copy from the server."""
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _served(folder: Path) -> _Request | None:
    """Return in each fork what it is to run, and nothing in this process, once the tests have closed its input."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "socket"))
        listener.listen()
        _offer(folder)
        _prepare()
        while sys.stdin not in select([sys.stdin, listener], [], [])[0]:
            connection, _ = listener.accept()
            if not os.fork():
                return _kept(connection)
            connection.close()
            _reap()
    return None


def _offer(folder: Path) -> None:
    client = (sys.executable, "-IS", str(ROOT / "tests" / "support" / "fork_client.py"), str(folder / "socket"))
    script = f"""#!/bin/sh
case "$1" in
    -m | *.py) exec {shlex.join(client)} "$@" ;;
    *) exec {shlex.quote(sys.executable)} "$@" ;;
esac
"""
    python = folder / "python"
    python.write_text(script, encoding="utf-8")
    python.chmod(0o755)
    print(folder, flush=True)


def _prepare() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # meant for the tests, whose end is this server's
        signal.signal(number, signal.SIG_IGN)
    for name in IMPORTED:
        import_module(name)
    gc.freeze()  # what is imported stays; no fork is to look through it for garbage


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _kept(connection: socket.socket) -> _Request:
    """Fork once more and return there; this process waits and sends the exit code, while the server goes on."""
    with connection:
        _, streams, *_ = socket.recv_fds(connection, 1, 3)
        with connection.makefile() as request:
            asked = _Request(**json.load(request))
        child = os.fork()
        if child:
            _, status = os.waitpid(child, 0)
            connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())
            os._exit(0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    return asked


if __name__ == "__main__":
    main()

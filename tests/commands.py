"""Commands as a user gives them: in a process of their own, or in a fork of this one, which has imported it all.

Importing torch, Lightning and transformers takes longer than most toy runs. A fork runs the same file as ``__main__``
with the same arguments, streams, environment and exit code; what differs is that nothing has to be imported again.
"""

import logging
import os
import runpy
import subprocess
import sys
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import torch
from hydra.core.global_hydra import GlobalHydra

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


def spawned(arguments: tuple[str, ...], cwd: Path, environment: dict[str, str]) -> Done:
    """Run `python <arguments>` in a new process."""
    inherited = {**os.environ, "PYTHONPATH": str(cwd / "src"), "COLUMNS": "200", **environment}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, env=inherited)
    return Done(done.returncode, done.stdout, done.stderr)


def forked(arguments: tuple[str, ...], environment: dict[str, str]) -> Done:
    """Run `python <script> <arguments>` at the project's root in a fork of this process."""
    with TemporaryFile() as out, TemporaryFile() as err:
        child = os.fork()
        if not child:
            _run(arguments, environment, out, err)
        _, status = os.waitpid(child, 0)
        out.seek(0)
        err.seek(0)
        return Done(os.waitstatus_to_exitcode(status), out.read().decode(), err.read().decode())


def _run(arguments: tuple[str, ...], environment: dict[str, str], out: IO[bytes], err: IO[bytes]) -> None:
    code = 70
    try:
        sys.settrace(None)  # what a command executes is covered in this process too; traced it takes half as long again
        _as_new(environment, out, err)
        sys.argv = list(arguments)
        code = _exit_code(ROOT / arguments[0])
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _as_new(environment: dict[str, str], out: IO[bytes], err: IO[bytes]) -> None:
    """Undo what the tests set up in this process."""
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", encoding="utf-8", closefd=False)
    os.environ.update({"PYTHONPATH": str(ROOT / "src"), "COLUMNS": "200", **environment})
    os.chdir(ROOT)
    logging.getLogger().handlers.clear()
    warnings.resetwarnings()
    warnings.simplefilter("ignore")
    GlobalHydra.instance().clear()
    torch.set_num_threads(1)


def _exit_code(script: Path) -> int:
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit as ended:
        if isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        sys.stderr.write(traceback.format_exc())
        return 1
    return 0

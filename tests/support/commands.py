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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import torch
from hydra.core.global_hydra import GlobalHydra

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


def spawned(arguments: tuple[str, ...], cwd: Path, environment: dict[str, str], python: str = sys.executable) -> Done:
    """Run `python <arguments>` in a new process."""
    command = [python, *arguments]
    inherited = _inherited(cwd, environment)
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


def as_main(arguments: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> int:
    """Run `python <arguments>` in this process, a fork that was made for it, and return the exit code."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.path[:1] = [str(cwd), *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    torch.set_num_threads(1)
    try:
        _execute(arguments, cwd)
    except SystemExit as ended:
        if isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        sys.stderr.write(traceback.format_exc())
        return 1
    return 0


def _inherited(cwd: Path, environment: dict[str, str]) -> dict[str, str]:
    checkout = cwd if (cwd / "src").is_dir() else ROOT  # a folder without code runs the code under test
    return {**os.environ, "PYTHONPATH": str(checkout / "src"), "COLUMNS": "200", **environment}


def _run(arguments: tuple[str, ...], environment: dict[str, str], out: IO[bytes], err: IO[bytes]) -> None:
    code = 70
    try:
        sys.settrace(None)  # what a command executes is covered in this process too; traced it takes half as long again
        _undo_tests(out, err)
        code = as_main(arguments, ROOT, _inherited(ROOT, environment))
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _undo_tests(out: IO[bytes], err: IO[bytes]) -> None:
    """Undo what the tests set up in this process."""
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", encoding="utf-8", closefd=False)
    logging.getLogger().handlers.clear()
    warnings.resetwarnings()
    warnings.simplefilter("ignore")
    GlobalHydra.instance().clear()


def _execute(arguments: Sequence[str], cwd: Path) -> None:
    if arguments[0] == "-m":
        sys.argv = list(arguments[1:])
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = list(arguments)
        runpy.run_path(str(cwd / arguments[0]), run_name="__main__")

"""Starting the processes of a run: torchrun's agent on every node, with one process for each device.

The agents meet in a store that the first node keeps open while it trains; where it is, the others read in the run's
folder. What each process says is kept below ``logs/`` of its phase; the first process of a node is also heard. When a
process ends with an error, its agent ends the others of its node, and all begin again from the newest state as often
as ``trainer.restarts`` allows.
"""

import json
import logging
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from torch.distributed import TCPStore  # type: ignore[attr-defined]
from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException, Std
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.elastic.rendezvous import RendezvousError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from r1tailor import store
from r1tailor.errors import Interrupted, TrainingError
from r1tailor.schema.settings import Settings
from r1tailor.training.nodes import address, node
from r1tailor.training.phase_run import PhaseRun

_MEETING = "nodes.json"
_OVER, _LEFT = "over", "left"
_ANSWER = timedelta(seconds=2)  # within which a store that is there answers; one that does not is asked again
_PATIENCE = timedelta(minutes=5)  # with one that has answered
_PART = 30  # seconds that the first node waits for the others to hear that it is over
_TO_SAVE = 600  # seconds that processes have to save their state at a signal
_JOINED = 900  # seconds within which all nodes have to have joined
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)  # what the agent takes over
_ENDED_BY_SIGNAL = {128 + signal.SIGINT: signal.SIGINT, 128 + signal.SIGTERM: signal.SIGTERM}
_ERROR = re.compile(r"(\[rank\d+\]: )?(error: |Traceback )")
_SHOWN = 30  # lines of a process that failed
_MOMENT = 0.2  # seconds between two looks


@dataclass(frozen=True)
class Meeting:
    """Where the nodes of a run find each other.

    Attributes:
        settings: the composition.
        store: of the first node.
    """

    settings: Settings
    store: TCPStore

    def launch(self, run: PhaseRun, command: Sequence[str]) -> dict[str, Any]:
        """Run a command of this package once for each device of all nodes; return the metrics once all have ended.

        Raises:
            Interrupted: a signal came; the state is saved.
            TrainingError: a process failed; says what each of this node said last.
        """
        number = self.store.add("phases", 1)
        self.store.set(f"phase-{number}", json.dumps([str(run.folder), *command]))
        self._agent(number, run.folder, command)
        metrics: dict[str, Any] = store.read_json(run.metrics_file)
        return metrics

    def follow(self) -> None:
        """Take part in each phase that the first node launches, until it has trained the last.

        Raises:
            Interrupted: as ``launch``.
            TrainingError: as ``launch``, or the first node is gone.
        """
        number = 1
        try:
            while True:
                if self.store.check([f"phase-{number}"]):
                    folder, *command = json.loads(self.store.get(f"phase-{number}"))
                    self._agent(number, Path(folder), command)
                    number += 1
                elif self.store.check([_OVER]):
                    self.store.add(_LEFT, 1)
                    return
                time.sleep(_MOMENT)
        except RuntimeError as error:
            raise TrainingError("the first node of this run has ended before its training did") from error

    def _agent(self, number: int, folder: Path, command: Sequence[str]) -> None:
        trainer = self.settings.trainer
        logs = folder / "logs" / f"node-{node()}"
        shutil.rmtree(logs, ignore_errors=True)
        config = LaunchConfig(
            min_nodes=trainer.nodes,
            max_nodes=trainer.nodes,
            nproc_per_node=trainer.devices // trainer.nodes,
            run_id=f"phase-{number}",
            rdzv_backend="c10d",
            rdzv_endpoint=f"{self.store.host}:{self.store.port}",
            rdzv_configs={"is_host": False, "join_timeout": _JOINED},
            max_restarts=trainer.restarts,
            local_addr=address(self.settings),
            logs_specs=DefaultLogsSpecs(log_dir=str(logs), redirects=Std.ALL, tee={0: Std.ALL}),
            log_line_prefix_template=" ",
            shutdown_timeout=_TO_SAVE,
        )
        _quieten()
        # A store that outlived the processes of an attempt would hand on their addresses to those of the next.
        os.environ["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] = "1"
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        try:
            elastic_launch(config, sys.executable)("-m", "r1tailor", *command)
        except SignalException as stop:
            raise Interrupted("all processes stopped; the newest state is kept", stop.sigval) from stop
        except ChildFailedError as failed:
            raise _explained(failed, logs, trainer.devices) from failed
        except RendezvousError as error:
            raise TrainingError(f"the nodes of this run did not meet within {_JOINED} s: {error}") from error
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def meeting(settings: Settings, folder: Path) -> Iterator[Meeting]:
    """Keep a store open in which the nodes of a run meet, and tell the others where it is.

    Args:
        settings: the composition.
        folder: that all nodes see; the caller holds its lock.
    """
    host, port = address(settings), int(os.environ.get("MASTER_PORT", "0"))
    opened = TCPStore(host, port, is_master=True, wait_for_workers=False)
    others = settings.trainer.nodes - 1
    if others:
        store.write_json(folder / _MEETING, [host, opened.port])
    try:
        yield Meeting(settings, opened)
    finally:
        opened.set(_OVER, "")
        until = time.monotonic() + _PART
        while others and opened.add(_LEFT, 0) < others and time.monotonic() < until:
            time.sleep(_MOMENT)
        (folder / _MEETING).unlink(missing_ok=True)


def joined(settings: Settings, folder: Path) -> Meeting:
    """Return the meeting of a run once its first node has come to train; this may take as long as the stages before.

    Args:
        settings: the composition.
        folder: that all nodes see.
    """
    print(f"node {node()} waits in {folder} for the first one to train", flush=True)
    while True:
        try:
            host, port = store.read_json(folder / _MEETING)
            found = TCPStore(host, int(port), timeout=_ANSWER)
            found.set_timeout(_PATIENCE)
            return Meeting(settings, found)
        except (OSError, ValueError, RuntimeError):  # not there yet, or left behind by a run that was killed
            time.sleep(_MOMENT)


def _quieten() -> None:
    """Silence the agent, whose errors repeat in torch's words what we say in ours."""
    for name in logging.root.manager.loggerDict:
        if name.startswith("torch.distributed.elastic"):
            logging.getLogger(name).setLevel(logging.CRITICAL)


def _explained(failed: ChildFailedError, logs: Path, devices: int) -> Interrupted | TrainingError:
    codes = sorted(failure.exitcode for failure in failed.failures.values())  # killed ones first
    if (stopped := next((code for code in codes if code in _ENDED_BY_SIGNAL), None)) is not None:
        return Interrupted("all processes stopped; the newest state is kept", _ENDED_BY_SIGNAL[stopped])
    said = [f"process {path.parent.name}: {text}" for path in _last_attempt(logs) if (text := _end(path))]
    return TrainingError(
        "\n".join([f"a process of {devices} ended with code {codes[0]}; all it said is in {logs}", *said])
    )


def _last_attempt(logs: Path) -> list[Path]:
    """Return what each process of this node wrote to its stderr since the last restart."""
    attempts = sorted(logs.glob("*/attempt_*"), key=lambda path: int(path.name.rpartition("_")[2]))
    return sorted(attempts[-1].glob("*/stderr.log"), key=lambda path: int(path.parent.name)) if attempts else []


def _end(path: Path) -> str:
    """Return the last error in a log, from its first line on; empty where there is none."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    begin = max((n for n, line in enumerate(lines) if _ERROR.match(line)), default=len(lines))
    return "\n".join(lines[begin:][-_SHOWN:])

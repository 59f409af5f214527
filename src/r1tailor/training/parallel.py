"""Several processes, one optimizer step: each takes a share of its examples, and gradients are summed.

Every process divides its loss by the supervised tokens of the whole step, over all processes, so that the sum of
their gradients is the gradient that one process would have. ``DistributedDataParallel`` would average over
processes instead, and reduce at every backward pass; here one reduction follows the last micro-batch.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

import torch
import torch.distributed
from lightning.pytorch.strategies import DDPStrategy
from torch import Tensor, nn

from r1tailor import store
from r1tailor.errors import Interrupted, TrainingError
from r1tailor.training.phase_run import PhaseRun

_BUCKET = 2**25  # elements that are reduced at once


class SummedGradients(DDPStrategy):
    """Lightning's processes without ``DistributedDataParallel``: the module sums its gradients itself."""

    def configure_ddp(self) -> None:
        """Leave the module as it is."""


def rank() -> int:
    """Return this process's number among all of the run, 0 where there is one."""
    return int(os.environ.get("RANK", "0"))


def world_size() -> int:
    """Return how many processes share an optimizer step."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def summed(value: Tensor) -> Tensor:
    """Return a value summed over all processes."""
    if world_size() > 1:
        torch.distributed.all_reduce(value)
    return value


def sum_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Sum the gradients over all processes, in place; a process without one of them contributes zeros."""
    if world_size() == 1:
        return
    for bucket in _buckets(parameters):
        for parameter in bucket:
            if parameter.grad is None:  # no example of this step fell to this process
                parameter.grad = torch.zeros_like(parameter)
        gradients = [parameter.grad for parameter in bucket if parameter.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        torch.distributed.all_reduce(flat)
        parts = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))


def gathered(state: Tensor) -> list[Tensor]:
    """Return a tensor of each process, in the order of their ranks."""
    if world_size() == 1:
        return [state]
    states: list[Any] = [None] * world_size()
    torch.distributed.all_gather_object(states, state)  # whatever the backend: a generator's state lies on the CPU
    return states


def is_launched() -> bool:
    """Whether this process is one of several that another one started."""
    return "RANK" in os.environ


def launch(run: PhaseRun, command: Sequence[str]) -> dict[str, Any]:
    """Run a command of this package once for each device of this node; return the metrics once all have ended.

    Several nodes share a file system; each starts the same command with ``NODE_RANK``, ``MASTER_ADDR`` and
    ``MASTER_PORT`` set.

    Raises:
        Interrupted: a signal came; the state is saved.
        TrainingError: a process failed; it has printed why.
    """
    settings = run.settings.trainer
    here = settings.devices // settings.nodes
    first = int(os.environ.get("NODE_RANK", "0")) * here
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(_free_port()), **os.environ}
    processes = []
    for local in range(here):
        own = {"RANK": str(first + local), "LOCAL_RANK": str(local), "WORLD_SIZE": str(settings.devices)}
        quiet = None if first + local == 0 else subprocess.DEVNULL  # one process prints for all
        arguments = [sys.executable, "-m", "r1tailor", *command]
        processes.append(subprocess.Popen(arguments, env={**shared, **own}, stdout=quiet, stderr=quiet))
    _wait(processes)
    metrics: dict[str, Any] = store.read_json(run.metrics_file)
    return metrics


def _wait(processes: Sequence["subprocess.Popen[bytes]"]) -> None:
    """Wait for all processes; when one fails, end the others, which would wait for it."""
    before = {number: signal.signal(number, _forward(processes, number)) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        while any(process.poll() is None for process in processes):
            if any(process.returncode for process in processes):
                _end(processes)
            time.sleep(0.2)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    codes = sorted(process.returncode for process in processes if process.returncode)  # killed ones first
    stopped = next((code for code in codes if code in (130, 143)), None)
    if stopped is not None:
        raise Interrupted("all processes stopped; their state is saved", stopped - 128)
    if codes:
        raise TrainingError(f"a process of {len(processes)} ended with code {codes[0]}; its message is above")


def _forward(processes: Sequence["subprocess.Popen[bytes]"], number: int) -> "signal._HANDLER":
    def handler(*_: object) -> None:
        for process in processes:
            if process.poll() is None:
                process.send_signal(number)

    return handler


def _end(processes: Sequence["subprocess.Popen[bytes]"], patience: float = 20.0) -> None:
    """Give the processes that still run time to end, then kill them."""
    until = time.monotonic() + patience
    while time.monotonic() < until and any(process.poll() is None for process in processes):
        time.sleep(0.2)
    for process in processes:
        if process.poll() is None:
            process.kill()
            process.wait()


def _buckets(parameters: Iterable[nn.Parameter]) -> Iterable[list[nn.Parameter]]:
    bucket: list[nn.Parameter] = []
    size = 0
    for parameter in parameters:
        if bucket and size + parameter.numel() > _BUCKET:
            yield bucket
            bucket, size = [], 0
        bucket.append(parameter)
        size += parameter.numel()
    if bucket:
        yield bucket


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

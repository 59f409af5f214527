"""What a run asks of its machine, logged with each step: speed, memory, share of what the machine could compute."""

import resource
import sys
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from torch import nn

from r1tailor.batching.packing import MicroBatch
from r1tailor.planning.precision import COMPUTE, product_rate
from r1tailor.training.callbacks import History
from r1tailor.training.module import TailorModule

_GIB = 2**30


class SystemMetrics(Callback):
    """Logs ``positions_per_second`` and ``memory_gib``, ``gradient_norm``, and on a CPU ``share_of_ceiling``.

    A position is one of a packed row, in which a shared beginning counts once. Memory is the most that this process
    has held: of the GPU, or else of the machine. The ceiling is the rate of one matrix product in the run's
    precision, measured here; the share counts the products of layers with weights, without attention's own, so that
    it is a lower bound. Of a GPU the ceiling is not known.

    Args:
        history: counts each step before this does.
        precision: of the run.
        trained_whole: whether every weight trains, and not adapters alone.
    """

    def __init__(self, history: History, precision: str, *, trained_whole: bool) -> None:
        self._history, self._precision = history, precision
        self._passes = 6 if trained_whole else 4  # operations a weight and position: 2 forward, 2 or 4 backward
        self._weights = self._head = 0
        self._ceiling: float | None = None
        self._before = (0.0, 0, 0)

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Count the weights, and measure the ceiling where it can be measured."""
        self._before = self._counted()
        found = [(name, one) for name, one in pl_module.named_modules() if isinstance(one, nn.Linear)]
        self._head = sum(one.weight.numel() for name, one in found if name.endswith("lm_head"))
        self._weights = sum(one.weight.numel() for _, one in found) - self._head
        if pl_module.device.type == "cpu":
            self._ceiling = product_rate(COMPUTE[self._precision])

    def on_train_batch_end(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        outputs: Any,  # noqa: ANN401
        batch: list[MicroBatch],
        batch_idx: int,
    ) -> None:
        """Log one optimizer step."""
        assert isinstance(pl_module, TailorModule)
        counted, before = self._counted(), self._before
        seconds, positions, supervised = (now - then for now, then in zip(counted, before, strict=True))
        self._before = counted
        logged = {
            "positions_per_second": positions / seconds,
            "memory_gib": peak_memory(pl_module.device) / _GIB,
            "gradient_norm": pl_module.gradient_norm,
        }
        if self._ceiling:  # the head is applied to supervised positions alone
            work = self._passes * (self._weights * positions + self._head * supervised)
            logged["share_of_ceiling"] = work / seconds / (self._ceiling * trainer.world_size)
        pl_module.log_dict(logged, batch_size=1)

    def _counted(self) -> tuple[float, int, int]:
        return self._history.seconds, self._history.positions, self._history.supervised


def peak_memory(device: torch.device) -> int:
    """Return the most bytes that this process has held: on its GPU, or else in the machine's memory."""
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024

"""A job of a search that falls behind at its validations ends early (median rule: Golovin et al. 2017, Vizier).

Jobs tell each other through files beside their results: each keeps its validation losses and reads those of the
others, wherever they run, as long as they share the sweep's folder. Validations are evenly spread over a run, so that
the third of one is compared with the third of another, however many steps lie between.
"""

import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback

from r1tailor import store
from r1tailor.errors import Pruned
from r1tailor.training.phase_run import PhaseRun

LOSSES = "validations.json"  # of a job: phase -> losses, the first validation first
MARK = "pruned.json"  # of a job that ended early
_VARIABLE = "R1TAILOR_SEARCH"  # reaches every process of a job
_FEWEST = 4  # other jobs that have come as far, before one can fall behind


@contextmanager
def searched(job: Path, depth: int) -> Iterator[None]:
    """Let what trains in a job's folder end early, in this process and those that it starts.

    Args:
        job: folder of the job.
        depth: how far below the sweep's folder it lies.
    """
    (job / MARK).unlink(missing_ok=True)
    os.environ[_VARIABLE] = json.dumps([str(job), depth])
    try:
        yield
    finally:
        del os.environ[_VARIABLE]


def pruning(run: PhaseRun) -> "list[Prune]":
    """Return the callback of a phase that belongs to a search; none for any other, or for a variant's."""
    if _VARIABLE not in os.environ:
        return []
    job, depth = json.loads(os.environ[_VARIABLE])
    return [Prune(Path(job), depth, run.key)] if run.folder.parent == Path(job) / "train" else []


class Prune(Callback):
    """Keeps the validation losses of a job, and ends it where it falls behind the median of the others.

    Args:
        job: folder of the job.
        depth: how far below the sweep's folder it lies.
        phase: key of the phase.
    """

    def __init__(self, job: Path, depth: int, phase: str) -> None:
        self._job, self._phase = job, phase
        self._sweep = job.parents[depth - 1]
        self._pattern = "/".join(["*"] * depth)
        self._losses: list[float] = []

    def state_dict(self) -> dict[str, Any]:
        """Return the losses so far."""
        return {"losses": self._losses}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on."""
        self._losses = state_dict["losses"]

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Keep the loss, and end the job where it has fallen behind.

        Raises:
            Pruned: it has.
        """
        self._losses.append(float(trainer.callback_metrics["validation_loss"]))
        behind = ""
        if trainer.is_global_zero:
            file = self._job / LOSSES
            kept = store.read_json(file) if file.exists() else {}
            store.write_json(file, kept | {self._phase: self._losses})
            behind = fallen_behind(self._losses, self._others())
            if behind:
                store.write_json(self._job / MARK, {"why": behind, "validations": len(self._losses)})
        if behind := str(trainer.strategy.broadcast(behind)):
            raise Pruned(behind)

    def _others(self) -> list[list[float]]:
        """Return the losses of the other jobs in this phase."""
        files = self._sweep.glob(f"{self._pattern}/{LOSSES}")
        found = [store.read_json(file).get(self._phase, []) for file in files if file.parent != self._job]
        return [losses for losses in found if losses]


def fallen_behind(losses: list[float], others: list[list[float]]) -> str:
    """Return why a job is to end: its lowest loss so far is above the median of the others' at as many validations.

    Args:
        losses: of the job, the last one new.
        others: of the other jobs.

    Returns:
        A sentence; empty where it goes on, or where fewer than four others have come as far.

    >>> fallen_behind([2.0, 1.9], [[1.5, 1.2], [1.6, 1.1], [1.4, 1.3], [2.5, 2.2]])
    'lowest validation loss 1.9000 after 2 validations, the median of 4 other jobs is 1.2500'
    """
    count = len(losses)
    reached = [_lowest(one[:count]) for one in others if len(one) >= count]
    if len(reached) < _FEWEST:
        return ""
    own, middle = _lowest(losses), median(reached)
    if own <= middle:
        return ""
    told = f"the median of {len(reached)} other jobs is {middle:.4f}"
    return f"lowest validation loss {own:.4f} after {count} validations, {told}"


def _lowest(losses: list[float]) -> float:
    return min((loss for loss in losses if math.isfinite(loss)), default=math.inf)

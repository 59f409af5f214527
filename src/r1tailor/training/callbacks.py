"""Callbacks around the steps: history for the plots, speed in the progress bar."""

import csv
import math
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, TQDMProgressBar
from lightning.pytorch.callbacks.progress.tqdm_progress import Tqdm

from r1tailor.batching.packing import MicroBatch
from r1tailor.training.module import TailorModule
from r1tailor.training.parallel import summed


class History(Callback):
    """Records the curves of a run, across interruptions, and shows examples/s in the progress bar.

    Attributes:
        rows: one [step, loss, validation loss or None, learning rate] for each optimizer step.
        shares: by the step before each validation, the loss on each share of its examples.
        seconds: spent in training steps.
    """

    def __init__(self) -> None:
        self.rows: list[list[Any]] = []
        self.shares: dict[int, dict[str, float]] = {}
        self.seconds = 0.0
        self.examples = 0
        self.supervised = 0
        self.positions = 0
        self._started = 0.0

    def on_train_batch_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, batch: list[MicroBatch], batch_idx: int
    ) -> None:
        """Start the clock of one optimizer step."""
        self._started = time.perf_counter()

    def on_train_batch_end(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        outputs: Any,  # noqa: ANN401
        batch: list[MicroBatch],
        batch_idx: int,
    ) -> None:
        """Count one optimizer step."""
        self.seconds += time.perf_counter() - self._started
        sizes = [(len(set(micro.members)), micro.supervised, micro.input_ids.numel()) for micro in batch]
        own = [sum(column) for column in zip(*sizes, strict=True)] or [0, 0, 0]
        counted = summed(torch.tensor(own, device=pl_module.device))  # NCCL reduces on its device only
        examples, supervised, positions = (int(count) for count in counted)
        self.examples += examples
        self.supervised += supervised
        self.positions += positions
        metrics = trainer.callback_metrics
        self.rows.append([len(self.rows) + 1, float(metrics["loss"]), None, float(metrics["learning_rate"])])
        pl_module.log("examples/s", self.examples / self.seconds, prog_bar=True, batch_size=1)

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Record the validation loss with the step before it."""
        if self.rows:
            self.rows[-1][2] = float(trainer.callback_metrics["validation_loss"])
            assert isinstance(pl_module, TailorModule)
            self.shares[len(self.rows)] = pl_module.validation_losses

    def state_dict(self) -> dict[str, Any]:
        """Return everything counted so far."""
        counted = ("rows", "shares", "seconds", "examples", "supervised", "positions")
        return {name: getattr(self, name) for name in counted}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue counting."""
        for name, value in state_dict.items():
            setattr(self, name, value)

    def write(self, folder: Path) -> None:
        """Write the curves as ``loss.csv`` and ``validation.csv``, for DVC plots and the report."""
        folder.mkdir(parents=True, exist_ok=True)
        curve = [(step, loss, rate) for step, loss, _, rate in self.rows]
        _write_csv(folder / "loss.csv", ("step", "loss", "learning_rate"), curve)
        validated = [(step, value) for step, _, value, _ in self.rows if value is not None]
        names = next((tuple(shares) for shares in self.shares.values()), ())
        validation = [(step, value, *self.shares[step].values()) for step, value in validated]
        _write_csv(folder / "validation.csv", ("step", "validation_loss", *names), validation)

    def kept(self, *, best: bool) -> tuple[float | None, dict[str, float]]:
        """Return the loss, whole and on each share, of the validation whose weights are kept; None without one.

        That is the first of the lowest where the best weights are kept, else the last one.
        """
        finite = [(value, step) for step, _, value, _ in self.rows if value is not None and math.isfinite(value)]
        if not finite:
            return None, {}
        loss, step = min(finite) if best else finite[-1]
        return loss, self.shares[step]


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


class ProgressBar(TQDMProgressBar):
    """One bar for the whole run (steps, examples/s, losses, time left), not interrupted by validations."""

    def __init__(self, total: int) -> None:
        # Into a file, twenty lines a run are enough.
        super().__init__(refresh_rate=1 if sys.stderr.isatty() else max(1, total // 20))

    def on_exception(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, exception: BaseException
    ) -> None:
        """End the bar's line, so that the next message starts on a line of its own."""
        if self._train_progress_bar is not None:
            self._train_progress_bar.close()

    def init_validation_tqdm(self) -> Tqdm:
        """Return a bar that shows nothing."""
        return Tqdm(disable=True)

    def get_metrics(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> dict[str, int | str | float | dict[str, float]]:
        """Return the figures shown after the bar."""
        metrics = super().get_metrics(trainer, pl_module)
        metrics.pop("v_num", None)
        return metrics

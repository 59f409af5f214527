"""What happens around the steps: history for the plots, speed in the progress bar, a safe way to stop."""

import csv
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback, Checkpoint, TQDMProgressBar
from lightning.pytorch.callbacks.progress.tqdm_progress import Tqdm

from r1tailor.curriculum.packing import MicroBatch
from r1tailor.errors import Interrupted


class History(Callback):
    """Remembers the curves of a run, across interruptions, and shows examples/s in the progress bar.

    Attributes:
        rows: one [step, loss, validation loss or None, learning rate] for each optimizer step.
        seconds: spent in training steps.
    """

    def __init__(self) -> None:
        self.rows: list[list[Any]] = []
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
        self.examples += sum(len(micro.members) for micro in batch)
        self.supervised += sum(micro.supervised for micro in batch)
        self.positions += sum(int(micro.input_ids.numel()) for micro in batch)
        metrics = trainer.callback_metrics
        self.rows.append([len(self.rows) + 1, float(metrics["loss"]), None, float(metrics["learning_rate"])])
        pl_module.log("examples/s", self.examples / self.seconds, prog_bar=True, batch_size=1)

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Put the validation loss beside the step before it."""
        if self.rows:
            self.rows[-1][2] = float(trainer.callback_metrics["validation_loss"])

    def state_dict(self) -> dict[str, Any]:
        """Return everything counted so far."""
        counted = ("rows", "seconds", "examples", "supervised", "positions")
        return {name: getattr(self, name) for name in counted}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on counting."""
        for name, value in state_dict.items():
            setattr(self, name, value)

    def write(self, folder: Path) -> None:
        """Write the curves as ``loss.csv`` and ``validation.csv``, for DVC plots and the report."""
        folder.mkdir(parents=True, exist_ok=True)
        curve = [(step, loss, rate) for step, loss, _, rate in self.rows]
        _write_csv(folder / "loss.csv", ("step", "loss", "learning_rate"), curve)
        validation = [(step, value) for step, _, value, _ in self.rows if value is not None]
        _write_csv(folder / "validation.csv", ("step", "validation_loss"), validation)


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


class ProgressBar(TQDMProgressBar):
    """One bar for the whole run (steps, examples/s, losses, time left); validations do not interrupt it."""

    def __init__(self, total: int) -> None:
        # Into a file, twenty lines a run are enough.
        super().__init__(refresh_rate=1 if sys.stderr.isatty() else max(1, total // 20))

    def init_validation_tqdm(self) -> Tqdm:
        """Return a bar that shows nothing."""
        return Tqdm(disable=True)

    def get_metrics(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> dict[str, int | str | float | dict[str, float]]:
        """Return what stands behind the bar."""
        metrics = super().get_metrics(trainer, pl_module)
        metrics.pop("v_num", None)
        return metrics


class SafeStop(Checkpoint):
    """Keeps the checkpoint ``last``: after each validation, and when Ctrl-C or SIGTERM asks to stop.

    The first signal lets the current optimizer step finish, saves, and ends the run; a second Ctrl-C ends it at
    once. As a batch is a whole optimizer step, what is saved is never half a step.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.received: int | None = None
        self._before: dict[int, Any] = {}

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Take over the signals."""
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._receive)

    def on_train_batch_end(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        outputs: Any,  # noqa: ANN401
        batch: Any,  # noqa: ANN401
        batch_idx: int,
    ) -> None:
        """Save and stop if a signal came, unless a validation is due first (it saves by itself).

        Raises:
            Interrupted: once the checkpoint is written. (Asking Lightning to stop would add a validation.)
        """
        every = trainer.val_check_batch
        due = bool(every) and (batch_idx + 1) % int(every or 1) == 0
        if not due:
            self._stop_if_asked(trainer)

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Save, and stop if a signal came.

        Raises:
            Interrupted: once the checkpoint is written.
        """
        trainer.save_checkpoint(self.path)
        self._stop_if_asked(trainer)

    def on_train_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Give the signals back."""
        self._give_back()

    def on_exception(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, exception: BaseException
    ) -> None:
        """Give the signals back."""
        self._give_back()

    def _stop_if_asked(self, trainer: lightning.Trainer) -> None:
        if self.received is not None:
            trainer.save_checkpoint(self.path)
            done = trainer.fit_loop.epoch_loop.batch_progress.current.ready
            raise Interrupted(f"stopped after step {done}; saved to {self.path}", self.received)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.received = number
        print("\nStopping after this step; a checkpoint will be written. Ctrl-C again stops at once.", flush=True)

    def _give_back(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

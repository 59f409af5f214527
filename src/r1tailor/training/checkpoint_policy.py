"""Which states of a run are kept and when, and which one a resumed run starts from.

``checkpoints/step-000025`` and so on are whole states, the newest few; ``checkpoints/best`` holds the weights with
the lowest validation loss, where a run goes back to them. Each appears whole or not at all, and none is removed before
a newer one is complete.
"""

import shutil
import signal
from pathlib import Path
from types import FrameType
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Checkpoint, ModelCheckpoint
from torch import Tensor
from torch.distributed.fsdp import FSDPModule

from r1tailor import store
from r1tailor.errors import CheckpointError, Interrupted, TrainingError
from r1tailor.training.divided_tensors import own
from r1tailor.training.module import TailorModule
from r1tailor.training.parallel import summed


class KeepState(Checkpoint):
    """Saves the state of a run: every few steps, after each validation, and when Ctrl-C or SIGTERM asks to stop.

    The first signal lets the current optimizer step finish, saves, and ends the run; a second Ctrl-C ends it at
    once. As a batch is a whole optimizer step, what is saved is never half a step. Weights that are not finite
    are never saved.

    Args:
        folder: where the states are saved.
        every: optimizer steps from one to the next.
        keep: how many of the newest are kept.
    """

    def __init__(self, folder: Path, every: int, keep: int) -> None:
        self.folder = folder
        self.every = every
        self.keep = keep
        self.received: int | None = None
        self._before: dict[int, Any] = {}

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Install the signal handlers."""
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
        """Save if it is time or a signal came, unless a validation is due first (which saves by itself).

        Raises:
            Interrupted: once the state is saved. (Asking Lightning to stop would add a validation.)
        """
        step, between = batch_idx + 1, trainer.val_check_batch
        if not between or step % int(between):
            self._save_or_stop(trainer, pl_module, due=step % self.every == 0)

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Save, and stop if a signal came.

        Raises:
            Interrupted: once the state is saved.
        """
        self._save_or_stop(trainer, pl_module, due=True)

    def on_train_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Restore the signal handlers."""
        self._restore_handlers()

    def on_exception(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, exception: BaseException
    ) -> None:
        """Restore the signal handlers."""
        self._restore_handlers()

    def _save_or_stop(self, trainer: lightning.Trainer, module: Any, *, due: bool) -> None:  # noqa: ANN401
        # Every process has to decide alike: a signal may reach only one of them.
        stop = trainer.strategy.reduce_boolean_decision(self.received is not None, all=False)
        if not (stop or due):
            return
        done = trainer.fit_loop.epoch_loop.batch_progress.current.ready
        path = self.folder / f"step-{done:06d}"
        refuse_if_not_finite(module, f"after step {done}")
        trainer.save_checkpoint(path)
        if trainer.is_global_zero:
            for old in _states(self.folder)[self.keep :]:
                shutil.rmtree(old, ignore_errors=True)
        if stop:
            raise Interrupted(f"stopped after step {done}; saved to {path}", self.received or signal.SIGTERM)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.received = number
        print("\nStopping after this step; a checkpoint will be written. Ctrl-C again stops at once.", flush=True)

    def _restore_handlers(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()


class KeepBest(ModelCheckpoint):
    """Saves the weights with the lowest validation loss; one that is not a number is never the best.

    Args:
        folder: where ``best`` is saved.
        chosen: whether the run ends with these weights, and not with those of its last step.
    """

    FILE_EXTENSION = ""  # a folder

    def __init__(self, folder: Path, *, chosen: bool) -> None:
        super().__init__(
            dirpath=folder,
            filename="best",
            monitor="validation_loss" if chosen else None,
            save_top_k=1 if chosen else 0,
            save_weights_only=True,
            save_on_train_epoch_end=False,  # Lightning takes a validation after each step (1) for one an epoch (1.0)
            enable_version_counter=False,
        )

    def check_monitor_top_k(self, trainer: lightning.Trainer, current: Tensor | None = None) -> bool:
        """Return whether this validation loss is the lowest so far."""
        return current is not None and bool(torch.isfinite(current)) and super().check_monitor_top_k(trainer, current)


def refuse_if_not_finite(module: TailorModule, when: str) -> None:
    """Raise TrainingError if a weight that trains is not finite; every process has to call it.

    Raises:
        TrainingError: on every process alike.
    """
    finite = [torch.isfinite(own(tensor)).all() for tensor in module.trained_state().values()]
    wrong = (~torch.stack(finite)).sum()
    if int(summed(wrong) if isinstance(module, FSDPModule) else wrong):
        raise TrainingError(
            f"the trained weights are not finite {when}, and were not saved; the last valid checkpoint is kept. "
            "Lower optimizer.lr, or use trainer.precision=fp32"
        )


def newest_state(folder: Path) -> Path | None:
    """Return the newest undamaged state and print which newer ones are damaged; None where there is no state.

    Raises:
        CheckpointError: there are states, and all of them are damaged.
    """
    wrong: list[str] = []
    for state in _states(folder):
        fault = store.damage(state)
        if fault is None:
            if wrong:
                print(f"passed over: {'; '.join(wrong)}")
            return state
        wrong.append(f"{state}: {fault}")
    if wrong:
        raise CheckpointError(f"no checkpoint can be resumed: {'; '.join(wrong)}. Remove {folder} to start over")
    return None


def remove_unfinished(folder: Path) -> None:
    """Remove what a killed run left half written; the caller holds the folder's lock."""
    for rest in folder.glob(".*.tmp"):
        shutil.rmtree(rest, ignore_errors=True)
    store.recover(folder / "best")


def _states(folder: Path) -> list[Path]:
    """Return the states in a folder, newest first."""
    return sorted(folder.glob("step-*"), reverse=True)

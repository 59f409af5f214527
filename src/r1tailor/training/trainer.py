"""Lightning's Trainer as a phase needs it, and what its failures mean to the user."""

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import lightning
import torch
import torch.distributed
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning.pytorch.callbacks import EarlyStopping
from lightning.pytorch.strategies import Strategy

from r1tailor.errors import TrainingError
from r1tailor.planning.precision import compute_dtype
from r1tailor.schema.settings import Settings
from r1tailor.schema.training import decided
from r1tailor.strategy import open_strategy
from r1tailor.training.callbacks import History, ProgressBar
from r1tailor.training.checkpoint_io import FolderCheckpointIO, RandomState
from r1tailor.training.checkpoint_policy import KeepBest, KeepState
from r1tailor.training.data import TailorData
from r1tailor.training.loggers import new_logger
from r1tailor.training.parallel import SummedGradients, is_launched
from r1tailor.training.phase_run import PhaseRun
from r1tailor.training.pruning import pruning
from r1tailor.training.sharded import Sharded
from r1tailor.training.system_metrics import SystemMetrics

_PRECISION: dict[str, Any] = {"bf16": "bf16-mixed", "fp16": "16-mixed", "fp32": "32-true"}


def new_trainer(run: PhaseRun, loader: TailorData, history: History, best: KeepBest) -> lightning.Trainer:
    """Return the Trainer of one phase, with its callbacks in the order in which they must run."""
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    wanted = run.settings.trainer
    state = KeepState(run.checkpoints, wanted.checkpoints.every_steps, wanted.checkpoints.keep)
    checks = max(1, loader.steps.total // decided(wanted.validations)) if loader.validation else None
    early = _early_stopping(run.settings) if loader.validation else []
    whole = run.settings.strategy.kind == "full"
    logged = run.settings.logger.target is not None
    return lightning.Trainer(
        accelerator=wanted.accelerator,
        devices=wanted.devices // wanted.nodes,
        num_nodes=wanted.nodes,
        strategy=_processes(run),
        precision=_PRECISION[wanted.precision],
        max_epochs=1,  # the loader holds the whole run
        min_epochs=0,
        val_check_interval=checks,
        limit_val_batches=None if loader.validation else 0,
        num_sanity_val_steps=0,
        callbacks=[
            ProgressBar(loader.steps.total),
            history,
            *([SystemMetrics(history, wanted.precision, trained_whole=whole)] if logged else []),
            RandomState(),
            *early,
            *pruning(run),
            best,
            state,
        ],
        logger=new_logger(run) or False,
        # Not what Lightning finds: SLURM's variables are there in a run of one process, too.
        plugins=[FolderCheckpointIO(), TorchElasticEnvironment() if is_launched() else LightningEnvironment()],
        inference_mode=wanted.parallel != "fsdp",  # what is gathered in it could not be trained on afterwards
        log_every_n_steps=1,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )


def _processes(run: PhaseRun) -> str | Strategy:
    match run.settings.trainer.parallel:
        case "none":
            return "auto"
        case "ddp":
            return SummedGradients(find_unused_parameters=run.window is not None)  # not every row has a window
        case "fsdp":
            compute = compute_dtype(run.settings)
            return Sharded(compute, open_strategy(run.settings.strategy).base_dtype(compute))


def _early_stopping(settings: Settings) -> list[EarlyStopping]:
    early = settings.trainer.early_stopping
    if early is None:
        return []
    return [
        EarlyStopping(
            "validation_loss",
            patience=early.patience,
            min_delta=early.min_delta,
            check_finite=False,
            check_on_train_epoch_end=False,  # as in checkpoint_policy.KeepBest
        )
    ]


@contextmanager
def explained_failures(settings: Settings) -> Iterator[None]:
    """Turn what Lightning's loop raises into errors that say what to do, and silence hints that do not apply.

    Raises:
        TrainingError: memory did not suffice, or another process of the run ended.
    """
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="lightning")  # hints about loaders that do not apply
            # Of processes that share the rows of a validation, one may have none.
            warnings.filterwarnings("ignore", message="The ``compute`` method of metric ValidationLoss")
            # A first step that was left out is a step of the schedule all the same.
            warnings.filterwarnings("ignore", message=r"Detected call of `lr_scheduler.step\(\)` before")
            yield
    except RuntimeError as error:
        if isinstance(error, torch.distributed.DistError) or re.search("gloo.* by peer", str(error)):
            raise TrainingError("another process of this run ended") from error
        if not _is_out_of_memory(error):
            raise
        raise TrainingError(
            f"memory did not suffice for a micro-batch of trainer.micro_batch_tokens = "
            f"{settings.trainer.micro_batch_tokens:,}; the last checkpoint is kept. Choose fewer: more micro-batches "
            "will make up a step"
        ) from error


def _is_out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)

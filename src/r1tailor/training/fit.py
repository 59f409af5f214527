"""One fine-tuning run: preflight, tokens, Lightning, the best checkpoint, the saved model."""

import ctypes
import logging
import shutil
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning
import torch
import torch.distributed
from lightning.pytorch.callbacks import EarlyStopping
from lightning.pytorch.loggers import TensorBoardLogger

from r1tailor import artifact, store
from r1tailor.batching.tokens import ChatTokenizer, Tokenized
from r1tailor.batching.windows import window_shape
from r1tailor.errors import TrainingError
from r1tailor.instruction.card import statistics
from r1tailor.kernels.recompute import recompute_layers
from r1tailor.model import load
from r1tailor.model.origin import base_of
from r1tailor.model.temporal import attach, encoder_of, new_encoder
from r1tailor.optimization.scheduler import warmup_steps
from r1tailor.planning.precision import compute_dtype, with_precision
from r1tailor.planning.preflight import preflight
from r1tailor.records import Example
from r1tailor.schema.curriculum import ONLY
from r1tailor.schema.settings import Settings
from r1tailor.strategy import Strategy, open_strategy, restore_tuned, save_tuned
from r1tailor.training.callbacks import History, ProgressBar
from r1tailor.training.checkpoint_io import FolderCheckpointIO, RandomState
from r1tailor.training.checkpoint_policy import KeepBest, KeepState, refuse_if_not_finite
from r1tailor.training.data import TailorData
from r1tailor.training.module import TailorModule
from r1tailor.training.parallel import SummedGradients, rank
from r1tailor.training.phase_data import prepared
from r1tailor.training.resume import identity_of, is_finished, sound_parent, state_to_resume

_PRECISION: dict[str, Any] = {"bf16": "bf16-mixed", "fp16": "16-mixed", "fp32": "32-true"}
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def fit(
    settings: Settings,
    parts: Mapping[str, Sequence[Example]],
    data: Mapping[str, str],
    root: Path,
    folder: Path,
    key: str = ONLY,
    parent: Path | None = None,
) -> dict[str, Any]:
    """Fine-tune one phase, keep the best checkpoint's weights in ``folder/model``, and return the training metrics.

    A run that was interrupted in the same folder goes on where it stopped if composition and data are the same. The
    optimizer and the schedule begin anew in each phase; the weights go on.

    Args:
        settings: the composition.
        parts: examples of ``train`` and ``validation``.
        data: sha256 of each example file, for the manifest.
        root: the project's root.
        folder: where to write ``model/``, ``plots/loss.csv``, ``metrics.json`` and TensorBoard's log.
        key: of the phase.
        parent: the model of the phase before; None where it begins with the base model.

    Raises:
        UserError: the run cannot work, or the checkpoint found belongs to another run.
        Interrupted: a signal came; the checkpoint is written.
    """
    keep_freed_memory()
    window = window_shape((*parts["train"], *parts["validation"]))
    parent = sound_parent(settings, parent, key) if parent else None
    settings = with_precision(settings, folder, parent)
    remarks = preflight(settings, root, folder, len(parts["train"]), window)
    print("".join(f"{remark}\n" for remark in remarks if not parent), end="")  # once a run
    tokenizer = load.load_tokenizer(settings.model, root).with_soft_tokens(settings.temporal.tokens if window else 0)
    identity = identity_of(settings, data, key, parent)
    if is_finished(folder, identity):
        print(f"{folder / 'model'} is this very run, finished and undamaged: not trained again")
        finished: dict[str, Any] = store.read_json(folder / "metrics.json")
        return finished
    lesson = prepared(settings, key, parts, root, tokenizer)
    tokens, loader = lesson.tokens, lesson.loader
    checkpoints = folder / "checkpoints"
    resumed = state_to_resume(checkpoints, identity)
    lightning.seed_everything(settings.seed, verbose=False)
    strategy = open_strategy(settings.strategy)
    dtype = strategy.base_dtype(compute_dtype(settings))
    base = load.load_model(settings.model, root, dtype, settings.seed)
    model = strategy.apply(base)
    if settings.trainer.gradient_checkpointing:
        recompute_layers(model)
    if parent:
        restore_tuned(strategy, model, parent, temporal=bool(window))
    elif window:
        attach(model, new_encoder(settings.temporal, window, model, settings.seed))
    module = TailorModule(model, settings, loader.steps.total, lesson.shares)
    history = History()
    if not parent:
        _say_plan(settings, loader, tokens)
    best = _train(settings, module, loader, history, folder, resumed)
    metrics = _metrics(settings, module, history, loader, tokens, best)
    if rank() == 0:
        _save(strategy, module, tokenizer, settings, identity, root, folder)
        store.write_json(folder / "metrics.json", metrics)
        history.write(folder / "plots")
        shutil.rmtree(checkpoints, ignore_errors=True)
    return metrics


def _train(
    settings: Settings,
    module: TailorModule,
    loader: TailorData,
    history: History,
    folder: Path,
    resumed: Path | None,
) -> KeepBest:
    """Run Lightning to the end and put the best weights into the module; return what kept them.

    Raises:
        TrainingError: memory does not suffice, or another process of the run ended.
    """
    kept = settings.trainer.checkpoints
    best = KeepBest(folder / "checkpoints", validated=bool(loader.validation))
    keeper = KeepState(folder / "checkpoints", kept.every_steps, kept.keep)
    trainer = _trainer(settings, folder, loader, [history, RandomState(), *_early(settings, loader), best, keeper])
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="lightning")  # hints about loaders that do not apply
            trainer.fit(module, datamodule=loader, ckpt_path=resumed, weights_only=False)
    except RuntimeError as error:
        if isinstance(error, torch.distributed.DistError):
            raise TrainingError("another process of this run ended") from error
        if not _is_out_of_memory(error):
            raise
        raise TrainingError(
            f"memory did not suffice for a micro-batch of trainer.micro_batch_tokens = "
            f"{settings.trainer.micro_batch_tokens:,}; the last checkpoint is kept. Choose fewer: more micro-batches "
            "will make up a step"
        ) from error
    if best.best_model_path:
        module.load_trained_state(FolderCheckpointIO().load_checkpoint(best.best_model_path)["state_dict"])
    trainer.strategy.barrier()  # rank 0 removes the checkpoints next
    return best


def _is_out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def keep_freed_memory() -> None:
    """Tell glibc to reuse freed blocks instead of returning them to the system.

    A training step allocates and frees the same large buffers again and again; giving each back to the kernel
    makes it fault every page in anew. Elsewhere than on glibc this does nothing.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_M_MMAP_THRESHOLD, 2**31 - 1)
            mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


def _trainer(settings: Settings, folder: Path, loader: TailorData, callbacks: list[Any]) -> lightning.Trainer:
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    checks = max(1, loader.steps.total // settings.trainer.validations) if loader.validation else None
    wanted = settings.trainer
    return lightning.Trainer(
        accelerator=wanted.accelerator,
        devices=wanted.devices // wanted.nodes,
        num_nodes=wanted.nodes,
        strategy="auto" if wanted.parallel == "none" else SummedGradients(),
        precision=_PRECISION[settings.trainer.precision],
        max_epochs=1,  # the loader holds the whole run
        min_epochs=0,
        val_check_interval=checks,
        limit_val_batches=None if loader.validation else 0,
        num_sanity_val_steps=0,
        callbacks=[ProgressBar(loader.steps.total), *callbacks],
        logger=TensorBoardLogger(folder, name="tensorboard", version=""),
        plugins=[FolderCheckpointIO()],
        log_every_n_steps=1,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )


def _early(settings: Settings, loader: TailorData) -> list[EarlyStopping]:
    if not loader.validation:
        return []
    early = settings.trainer.early_stopping
    return [EarlyStopping("validation_loss", patience=early.patience, min_delta=early.min_delta, check_finite=False)]


def _say_plan(settings: Settings, loader: TailorData, tokens: Tokenized) -> None:
    total, warmup = loader.steps.total, warmup_steps(settings.scheduler, loader.steps.total)
    rate = settings.optimizer.lr
    print(
        f"{total} optimizer steps of {settings.trainer.batch_size} examples from {len(loader.steps.members):,}; "
        f"learning rate {rate:g}, {settings.scheduler.kind}, {warmup} warm-up steps "
        f"({settings.scheduler.warmup_steps} of {settings.scheduler.reference_steps:,}, scaled to this run)"
    )
    if tokens.too_long:
        print(
            f"left out: {len(tokens.too_long)} examples longer than trainer.max_length = {settings.trainer.max_length}"
        )


def _metrics(
    settings: Settings,
    module: TailorModule,
    history: History,
    loader: TailorData,
    tokens: Tokenized,
    best: KeepBest,
) -> dict[str, Any]:
    members = loader.steps.members
    real = sum(len(tokens.examples[index]) for index in members) / len(members) * history.examples
    score = best.best_model_score
    shares = history.kept_shares()
    return {
        "steps": len(history.rows),
        "planned_steps": loader.steps.total,
        "examples_seen": history.examples,
        "supervised_tokens": history.supervised,
        "prompt_tokens": statistics(len(example.prompt) for example in tokens.examples),
        "response_tokens": statistics(len(example.response) for example in tokens.examples),
        "tokens_per_packed_position": round(real / history.positions, 3),
        "precision": settings.trainer.precision,
        "trained_parameters": sum(tensor.numel() for tensor in module.trained_state().values()),
        "best_validation_loss": None if score is None else float(score),
        **({"validation_loss_by_phase": shares} if shares else {}),
        "skipped_steps": module.skipped_steps,
        "examples_left_out_too_long": len(tokens.too_long),
        "seconds": round(history.seconds, 1),
        "examples_per_second": round(history.examples / history.seconds, 2),
    }


def _save(
    strategy: Strategy,
    module: TailorModule,
    tokenizer: ChatTokenizer,
    settings: Settings,
    identity: dict[str, Any],
    root: Path,
    folder: Path,
) -> None:
    """Write the tuned model whole: plain peft or transformers layout, tokenizer, manifest last."""
    refuse_if_not_finite(module, "at the end")
    facts = artifact.Facts(
        kind=strategy.kind,
        base=base_of(settings.model, root, settings.seed),
        precision=settings.trainer.precision,
        tokenizer=tokenizer.sha256,
        chat_template=tokenizer.template_sha256,
        temporal=encoder_of(module.model) is not None,
        parent=identity["parent"],
    )
    with artifact.written(folder / "model", facts, identity) as temporary:
        save_tuned(strategy, module.model, temporary, facts.base)
        tokenizer.tokenizer.save_pretrained(temporary)

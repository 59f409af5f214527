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
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from lightning.pytorch.loggers import TensorBoardLogger

from r1tailor import store
from r1tailor.curriculum.tokens import ChatTokenizer, Tokenized, tokenize
from r1tailor.errors import CheckpointError, TrainingError
from r1tailor.model import load
from r1tailor.records import Example
from r1tailor.schema import Settings
from r1tailor.strategy import Strategy, open_strategy
from r1tailor.training.callbacks import History, ProgressBar, SafeStop
from r1tailor.training.checkpoint import FolderCheckpointIO, RandomState
from r1tailor.training.data import TailorData
from r1tailor.training.module import TailorModule
from r1tailor.training.preflight import COMPUTE, preflight
from r1tailor.training.scheduler import warmup_steps

_PRECISION: dict[str, Any] = {"bf16": "bf16-mixed", "fp16": "16-mixed", "fp32": "32-true"}
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def fit(
    settings: Settings, parts: Mapping[str, Sequence[Example]], data: Mapping[str, str], root: Path, folder: Path
) -> dict[str, Any]:
    """Fine-tune, keep the best checkpoint's weights in ``folder/model``, and return the training metrics.

    A run that was interrupted in the same folder goes on where it stopped if composition and data are the same.

    Args:
        settings: the composition.
        parts: examples of ``train`` and ``validation``.
        data: sha256 of each example file, for the manifest.
        root: the project's root.
        folder: where to write ``model/``, ``plots/loss.csv``, ``metrics.json`` and TensorBoard's log.

    Raises:
        UserError: the run cannot work, or the checkpoint found belongs to another run.
        Interrupted: a signal came; the checkpoint is written.
    """
    keep_freed_memory()
    for remark in preflight(settings, root, folder, len(parts["train"])):
        print(remark)
    strategy = open_strategy(settings.strategy)
    tokenizer = load.load_tokenizer(settings.model, root)
    tokens, loader = _tokens(settings, parts, tokenizer)
    identity = {"composition": _identity(settings), "data": dict(data)}
    if _finished(folder, identity):
        print(f"{folder / 'model'} is this very run, finished and undamaged: not trained again")
        finished: dict[str, Any] = store.read_json(folder / "metrics.json")
        return finished
    last = folder / "checkpoints" / "last"
    resumed = _resumable(last, identity)

    lightning.seed_everything(settings.seed, verbose=False)
    base = load.load_model(
        settings.model, root, strategy.base_dtype(COMPUTE[settings.trainer.precision]), settings.seed
    )
    module = TailorModule(strategy.apply(base), settings, loader.steps.total)
    history, best = History(), _best(folder, loader)
    callbacks = [history, RandomState(), *_early(settings, loader), best, SafeStop(last)]
    trainer = _trainer(settings, folder, loader, callbacks)
    _say_plan(settings, loader, tokens)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning")  # hints about loaders and loggers that do not apply
        trainer.fit(module, datamodule=loader, ckpt_path=last if resumed else None, weights_only=False)
    if best.best_model_path:
        module.load_trained_state(FolderCheckpointIO().load_checkpoint(best.best_model_path)["state_dict"])
    metrics = _metrics(settings, module, history, loader, tokens, best)
    _save(strategy, module, tokenizer, settings, identity, folder)
    store.write_json(folder / "metrics.json", metrics)
    history.write(folder / "plots")
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    return metrics


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


def _tokens(
    settings: Settings, parts: Mapping[str, Sequence[Example]], tokenizer: ChatTokenizer
) -> tuple[Tokenized, TailorData]:
    length = settings.trainer.max_length
    train = tokenize(parts["train"], tokenizer, length)
    held_out = parts["validation"][: settings.trainer.validation_examples]
    validation = tokenize(held_out, tokenizer, length).examples if held_out else []
    return train, TailorData(train.examples, validation, settings, tokenizer.end)


def _trainer(settings: Settings, folder: Path, loader: TailorData, callbacks: list[Any]) -> lightning.Trainer:
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    checks = max(1, loader.steps.total // settings.trainer.validations) if loader.validation else None
    return lightning.Trainer(
        accelerator=settings.trainer.accelerator,
        devices=1,
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


def _best(folder: Path, loader: TailorData) -> ModelCheckpoint:
    best = ModelCheckpoint(
        dirpath=folder / "checkpoints",
        filename="best",
        monitor="validation_loss" if loader.validation else None,
        save_top_k=1 if loader.validation else 0,
        save_weights_only=True,
        enable_version_counter=False,
    )
    best.FILE_EXTENSION = ""  # a folder
    return best


def _say_plan(settings: Settings, loader: TailorData, tokens: Tokenized) -> None:
    total, warmup = loader.steps.total, warmup_steps(settings.scheduler, loader.steps.total)
    rate = settings.optimizer.lr
    print(
        f"{total} optimizer steps of {settings.trainer.batch_size} examples from {len(tokens.examples):,}; "
        f"learning rate {rate:g}, {settings.scheduler.kind}, {warmup} warm-up steps "
        f"({settings.scheduler.warmup_steps} of {settings.scheduler.reference_steps:,}, scaled to this run)"
    )
    if tokens.too_long:
        print(
            f"left out: {len(tokens.too_long)} examples longer than trainer.max_length = {settings.trainer.max_length}"
        )


def _identity(settings: Settings) -> dict[str, Any]:
    """Return what a resumed run must have in common with the interrupted one."""
    return settings.model_dump(mode="json", by_alias=True, exclude={"output", "resume", "evaluation"})


def _finished(folder: Path, identity: dict[str, Any]) -> bool:
    """Whether the folder holds the finished and undamaged model of the same composition and data."""
    model = folder / "model"
    if not (folder / "metrics.json").exists() or store.damage(model):
        return False
    manifest = store.read_json(model / store.MANIFEST)
    return all(manifest.get(key) == value for key, value in identity.items())


def _resumable(last: Path, identity: dict[str, Any]) -> bool:
    """Whether there is a checkpoint to go on from; one of another run is refused."""
    marker = last.parent / "run.json"
    store.recover(last)
    if not last.exists():
        store.write_json(marker, identity)
        return False
    found = store.read_json(marker) if marker.exists() else {}
    if found != identity:
        differing = sorted(_differences(found, identity, ""))
        raise CheckpointError(
            f"{last} belongs to another run: {', '.join(differing[:5]) or 'it does not say which'} differ. "
            f"Resume with the composition it began with, or remove {last.parent}"
        )
    print(f"resuming from {last}")
    return True


def _differences(a: Any, b: Any, key: str) -> list[str]:  # noqa: ANN401
    if isinstance(a, dict) and isinstance(b, dict):
        inner = [_differences(a.get(k), b.get(k), f"{key}.{k}" if key else k) for k in sorted({*a, *b})]
        return [difference for differences in inner for difference in differences]
    return [] if a == b else [key.removeprefix("composition.")]


def _metrics(
    settings: Settings,
    module: TailorModule,
    history: History,
    loader: TailorData,
    tokens: Tokenized,
    best: ModelCheckpoint,
) -> dict[str, Any]:
    real = sum(len(example) for example in tokens.examples) / len(tokens.examples) * history.examples
    score = best.best_model_score
    return {
        "steps": len(history.rows),
        "planned_steps": loader.steps.total,
        "examples_seen": history.examples,
        "supervised_tokens": history.supervised,
        "tokens_per_packed_position": round(real / history.positions, 3),
        "trained_parameters": sum(tensor.numel() for tensor in module.trained_state().values()),
        "best_validation_loss": None if score is None else float(score),
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
    folder: Path,
) -> None:
    """Write the tuned model whole: plain peft or transformers layout, tokenizer, manifest last."""
    if not all(bool(torch.isfinite(tensor).all()) for tensor in module.trained_state().values()):
        raise TrainingError("the trained weights are not finite; no model was saved")
    facts = {"schema": 1, "base": load.provenance(settings.model), **identity}
    with store.replaced_folder(folder / "model", facts) as temporary:
        strategy.save(module.model, temporary, load.public_id(settings.model))
        tokenizer.tokenizer.save_pretrained(temporary)

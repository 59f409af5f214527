"""What can be known to fail before any weight is read: targets, lengths, memory, disk, optimizer arguments."""

import shutil
from pathlib import Path

import psutil
import torch

from r1tailor.errors import PreflightError
from r1tailor.model import load
from r1tailor.schema import FullStrategy, HubModel, LoraStrategy, Settings
from r1tailor.strategy import open_strategy
from r1tailor.training.optimizer import optimizer_class

_GIB = 2**30
_TRAINED_BYTES = 16  # a trained fp32 weight, its gradient, and two moments of Adam
COMPUTE = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


def preflight(settings: Settings, root: Path, folder: Path, examples: int) -> list[str]:
    """Return remarks on a run that can work.

    Raises:
        PreflightError: it cannot; says what is needed and what there is.
        ModelUnavailableError: the base model cannot be had.
        ConfigError: the optimizer does not take its arguments.
    """
    optimizer_class(settings.optimizer)
    _length_fits(settings)
    _device_exists(settings)
    if isinstance(settings.model, HubModel):  # refused before hundreds of gigabytes are downloaded
        trained = settings.model.parameters if isinstance(settings.strategy, FullStrategy) else 0
        _memory_suffices(settings, settings.model.parameters - trained, trained)
    strategy = open_strategy(settings.strategy)
    skeleton = load.skeleton(load.load_config(settings.model, root))
    remarks = strategy.check(skeleton, examples)
    parameters = sum(parameter.numel() for parameter in skeleton.parameters())
    trained = parameters if isinstance(settings.strategy, FullStrategy) else 0
    _memory_suffices(settings, parameters - trained, trained)
    _disk_suffices(folder, 4 * parameters if trained else parameters // 10)
    return remarks


def _length_fits(settings: Settings) -> None:
    wanted, offered = settings.trainer.max_length, settings.model.context_length
    if wanted > offered:
        raise PreflightError(
            f"trainer.max_length = {wanted:,} is more than model {settings.model.name} reads ({offered:,} tokens)"
        )


def _device_exists(settings: Settings) -> None:
    if settings.trainer.accelerator == "gpu" and not torch.cuda.is_available():
        raise PreflightError("trainer.accelerator = gpu, but there is no GPU here; use trainer=cpu")


def _memory_suffices(settings: Settings, frozen: int, trained: int) -> None:
    """Weights, gradients and optimizer must fit; activations come on top and are not counted here."""
    width = COMPUTE[settings.trainer.precision].itemsize if isinstance(settings.strategy, LoraStrategy) else 4
    needed = frozen * width + trained * _TRAINED_BYTES
    if settings.trainer.accelerator != "cpu" and torch.cuda.is_available():
        available, where = torch.cuda.mem_get_info()[0], "on the GPU"
    else:
        available, where = psutil.virtual_memory().available, "here"
    if needed > available:
        raise PreflightError(
            f"model {settings.model.name} with strategy={settings.strategy.kind} needs at least "
            f"{needed / _GIB:,.0f} GiB for weights, gradients and optimizer; {available / _GIB:,.1f} GiB are free "
            f"{where}. Choose a smaller model, or strategy=lora"
        )


def _disk_suffices(folder: Path, needed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise PreflightError(
            f"{folder}: checkpoints need about {needed / _GIB:,.1f} GiB, {free / _GIB:,.1f} GiB are free"
        )

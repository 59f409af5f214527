"""What trains and what is saved: one protocol, one LightningModule for every strategy."""

from pathlib import Path
from typing import Protocol

import torch
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel

from r1tailor.model.base import Base, Kind
from r1tailor.model.quantised import Stored
from r1tailor.model.temporal import text_only
from r1tailor.model.temporal_files import attach_saved, save_encoder
from r1tailor.schema.training import FullStrategy, LoraStrategy, QloraStrategy
from r1tailor.strategy import full, lora
from r1tailor.strategy.qlora import Qlora, load_base

__all__ = ["Strategy", "load_base", "load_tuned", "open_strategy", "restore_tuned", "save_tuned"]


class Strategy(Protocol):
    """How a base model is fine-tuned.

    Attributes:
        kind: of what it saves; the manifest records it (``artifact.py``).
    """

    kind: Kind

    def base_dtype(self, compute: torch.dtype) -> torch.dtype:
        """Return the dtype of the base weights, given the dtype of the products."""
        ...

    def stored(self, config: PreTrainedConfig) -> Stored | None:
        """Return the form of the base's weights once they are loaded, or None where they are whole."""
        ...

    def check(self, skeleton: PreTrainedModel, examples: int) -> list[str]:
        """Return remarks for the user, from a model on the meta device.

        Raises:
            PreflightError: this strategy cannot work on this architecture.
        """
        ...

    def apply(self, model: PreTrainedModel) -> nn.Module:
        """Return the model whose parameters that require gradients are what trains."""
        ...

    def restore(self, model: nn.Module, folder: Path) -> None:
        """Put back exactly what ``save`` wrote, into what ``apply`` returned, to train on from there.

        Raises:
            CheckpointError: the folder is damaged or does not fit the model.
        """
        ...

    def save(self, model: nn.Module, folder: Path, base: Base) -> None:
        """Write what was trained, for plain ``peft`` or plain ``transformers`` to load."""
        ...


def open_strategy(settings: LoraStrategy | QloraStrategy | FullStrategy) -> Strategy:
    """Return the strategy of a composition."""
    match settings:
        case LoraStrategy():
            return lora.Lora(settings)
        case QloraStrategy():
            return Qlora(settings)
        case FullStrategy():
            return full.Full(settings)


def save_tuned(strategy: Strategy, model: nn.Module, folder: Path, base: Base) -> None:
    """Write what was trained: the strategy's files in their usual layout, and the temporal encoder's next to them."""
    with text_only(model) as encoder:
        strategy.save(model, folder, base)
    if encoder is not None:
        save_encoder(encoder, folder)


def restore_tuned(strategy: Strategy, model: nn.Module, folder: Path, *, temporal: bool) -> None:
    """Put back exactly what ``save_tuned`` wrote, into what ``apply`` returned, to train on from there.

    Args:
        strategy: the one that saved it.
        model: what ``apply`` returned.
        folder: of the saved model.
        temporal: whether a temporal encoder was saved with it.

    Raises:
        CheckpointError: the folder is damaged or does not fit the model.
    """
    strategy.restore(model, folder)
    if temporal:
        attach_saved(model, folder)


def load_tuned(base: PreTrainedModel, folder: Path, kind: Kind, *, temporal: bool) -> nn.Module:
    """Return the tuned model from what ``save_tuned`` wrote; exact, or an error.

    Args:
        base: the base model; for ``full`` its configuration and dtype suffice (``model.load.skeleton``).
        folder: of the saved model.
        kind: what the manifest says it is: ``adapter``, or whole weights in Hugging Face layout.
        temporal: whether a temporal encoder was saved with it.

    Raises:
        CheckpointError: the folder is damaged or does not fit the base model.
    """
    tuned = lora.load(base, folder) if kind == "adapter" else full.load(base, folder)
    if temporal:
        attach_saved(tuned, folder)
    return tuned

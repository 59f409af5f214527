"""A model's linear layers in 4 bits, and back: every one but the head's, as transformers does with bitsandbytes."""

from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

from r1tailor.kernels.four_bit import four_bit_layer, is_adapted_four_bit, is_four_bit, settle, whole_layer

# What transformers and peft ask a model about its weights.
_MARKS = {"is_quantized": True, "is_loaded_in_4bit": True}
_OF_A_FOLDER = ("hf_quantizer", "quantization_method", "_weight_conversions")  # as transformers loaded it


def round_to_four_bits(model: PreTrainedModel, dtype: torch.dtype, *, double: bool) -> None:
    """Round the weights of a model's linear layers to nf4, in place, one after another; cast what stays whole.

    Args:
        model: its head and embeddings, norms and fused experts stay whole.
        dtype: of the products, and of what stays whole.
        double: whether the scales are stored in 8 bits.
    """
    head = model.get_output_embeddings()
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Linear and child is not head:
                setattr(parent, name, four_bit_layer(child, dtype, double=double))
    _cast_the_rest(model, dtype)
    for mark, value in _MARKS.items():
        setattr(model, mark, value)


def settle_four_bits(model: nn.Module, dtype: torch.dtype) -> None:
    """Let the 4-bit layers of a model that was loaded from a folder compute in a dtype, always from the same weights.

    transformers leaves what such a folder holds whole in the dtype that it was saved in.
    """
    layers = [layer for layer in model.modules() if is_four_bit(layer)]
    for layer in layers:
        settle(layer, dtype)
    if layers:
        _cast_the_rest(model, dtype)


def _cast_the_rest(model: nn.Module, dtype: torch.dtype) -> None:
    for parameter in model.parameters():
        if parameter.is_floating_point():
            parameter.data = parameter.data.to(dtype)


def has_four_bits(model: nn.Module) -> bool:
    """Whether a model has layers in 4 bits."""
    return any(is_four_bit(layer) for layer in model.modules())


def restore_whole_weights(model: nn.Module, causal: Any) -> None:  # noqa: ANN401
    """Restore a model's 4-bit layers, in place; adapters over them are added into the whole weights.

    Args:
        model: may hold peft's layers.
        causal: the transformers model inside it.
    """
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if is_adapted_four_bit(child) or is_four_bit(child):
                setattr(parent, name, whole_layer(child))
    for mark in _MARKS:
        setattr(causal, mark, False)
    if hasattr(causal.config, "quantization_config"):
        del causal.config.quantization_config
        for left in _OF_A_FOLDER:
            setattr(causal, left, None)

"""Linear layers whose weights are kept in 4 bits (bitsandbytes): nf4 or fp4, blocks of 64 that share a scale.

A weight is restored for a product and dropped again, one at a time, in the backward pass too. bitsandbytes is an extra,
so nothing here imports it before such a layer is there.
"""

from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

from r1tailor.errors import ConfigError

_LAYER = "Linear4bit"  # of bitsandbytes, and of peft over one


def required(key: str) -> None:
    """Refuse a setting that needs bitsandbytes where it is not installed.

    Raises:
        ConfigError: it is not; says what to install.
    """
    if find_spec("bitsandbytes") is None:
        raise ConfigError([f'{key}: bitsandbytes is not installed; pip install "r1-tailor[qlora]"'])


def is_four_bit(layer: object) -> bool:
    """Whether a layer is bitsandbytes' linear layer in 4 bits."""
    return type(layer).__name__ == _LAYER and type(layer).__module__.startswith("bitsandbytes.")


def is_adapted_four_bit(layer: object) -> bool:
    """Whether a layer is peft's LoRA layer over one, or made of it by ``lora_linear.patch_lora``."""
    return is_four_bit(getattr(layer, "base_layer", None))


def restored(weight: Tensor, dtype: torch.dtype) -> Tensor:
    """Return a frozen weight [out, in] in a dtype: cast, or restored from 4 bits."""
    if (state := getattr(weight, "quant_state", None)) is None:
        return weight.to(dtype)
    from bitsandbytes.functional import dequantize_4bit

    found: Tensor = dequantize_4bit(weight.view(-1, 1), state)
    return found.to(dtype)


def four_bit_layer(whole: nn.Linear, dtype: torch.dtype, *, double: bool) -> nn.Module:
    """Return a linear layer with its weight rounded to nf4.

    Args:
        whole: its weight is rounded as it is stored.
        dtype: of its products.
        double: whether the scales are stored in 8 bits.
    """
    from bitsandbytes.nn import Linear4bit, Params4bit

    layer: Any = Linear4bit(
        whole.in_features,
        whole.out_features,
        bias=whole.bias is not None,
        compress_statistics=double,
        quant_type="nf4",
        device="meta",
    )
    weight = Params4bit(
        whole.weight.data, requires_grad=False, compress_statistics=double, quant_type="nf4", module=layer
    )
    layer.weight, layer.bias = weight.to(whole.weight.device), whole.bias
    settle(layer, dtype)
    rounded: nn.Module = layer.eval()
    return rounded


def settle(layer: Any, dtype: torch.dtype) -> None:  # noqa: ANN401
    """Let a layer compute in a dtype, and always from the same weights.

    bitsandbytes repacks weights in evaluation mode on CPUs with bf16 units: it rounds the scales once more, and what
    is packed has no gradient, so that training could not go on after a validation. Its backward pass restores
    weights in the dtype that they had once, its forward pass in that of the products.
    """
    layer.support_avx512bf16_for_cpu = False
    layer.compute_dtype, layer.compute_type_is_set = dtype, True
    layer.weight.quant_state.dtype = dtype


def whole_layer(layer: Any) -> nn.Linear:  # noqa: ANN401
    """Return a plain linear layer of a 4-bit one, with peft's adapters over it added into its weight."""
    base = layer.base_layer if is_adapted_four_bit(layer) else layer
    weight = restored(base.weight, base.weight.quant_state.dtype)
    if base is not layer:
        (name,) = layer.active_adapters
        variant = layer.lora_variant.get(name)
        with torch.no_grad():
            if variant:
                weight = variant.merge_safe(layer, name, weight)
            else:
                weight = weight + layer.get_delta_weight(name).to(weight.dtype)
    found = nn.Linear(base.in_features, base.out_features, bias=base.bias is not None, device="meta")
    found.weight, found.bias = nn.Parameter(weight, requires_grad=False), base.bias
    return found

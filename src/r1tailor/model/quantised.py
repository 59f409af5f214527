"""What a configuration says of weights that are stored in fewer bits, and what becomes of them once they are loaded."""

from dataclasses import dataclass, replace
from typing import Any

from torch import nn
from transformers import PreTrainedConfig


@dataclass(frozen=True)
class Stored:
    """The form of a model's stored weights.

    Attributes:
        name: for messages.
        bits: of a weight of a linear layer in memory, its scale included; None where loading restores whole weights.
        whole: names of layers that keep their own dtype.
    """

    name: str
    bits: float | None
    whole: tuple[str, ...]


# A scale in 32 bits for 64 weights; or in 8 bits, with a second one for 256 of those.
NF4 = Stored("4-bit (bitsandbytes)", 4 + 32 / 64, ("lm_head",))
NF4_DOUBLE = Stored("4-bit (bitsandbytes)", 4 + 8 / 64 + 32 / (64 * 256), ("lm_head",))


def stored(config: PreTrainedConfig) -> Stored | None:
    """Return the form of a model's stored weights, or None where they are stored whole."""
    described: dict[str, Any] = _described(config)
    method = described.get("quant_method")
    whole = (*(described.get("llm_int8_skip_modules") or described.get("modules_to_not_convert") or ()), "lm_head")
    if method == "fp8":
        return Stored("FP8", None, whole)
    if method == "bitsandbytes":
        four, double = bool(described.get("load_in_4bit")), bool(described.get("bnb_4bit_use_double_quant"))
        form = NF4_DOUBLE if double else NF4
        return replace(form, whole=whole) if four else Stored("8-bit (bitsandbytes)", 8, whole)
    if method in ("gptq", "awq"):
        bits, group = int(described.get("bits", 4)), int(described.get("group_size", 128))
        return Stored(f"{bits}-bit ({method})", bits + 16 / (group if group > 0 else 128), whole)
    return None


def restore_when_loaded(config: PreTrainedConfig) -> None:
    """Let FP8 weights be converted as they are loaded: there is no backward pass through them."""
    if (form := stored(config)) and form.bits is None:
        config.quantization_config = _described(config) | {"dequantize": True}


def whole(config: PreTrainedConfig) -> PreTrainedConfig:
    """Return the configuration of a model whose whole weights are saved, whatever those of its base were, in place."""
    if getattr(config, "quantization_config", None) is not None:
        del config.quantization_config
    return config


def saved_bytes(model: nn.Module, form: Stored | None) -> tuple[int, int]:
    """Return what a model on the meta device takes less than its parameters do, and the largest weight, in bytes.

    A weight in few bits is restored for a product, one at a time.
    """
    if form is None or form.bits is None:
        return 0, 0
    weights = [
        module.weight
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and not any(part in form.whole for part in (name, *name.split(".")))
    ]
    saved = sum(round(weight.numel() * (weight.element_size() - form.bits / 8)) for weight in weights)
    return saved, max((weight.nbytes for weight in weights), default=0)


def _described(config: PreTrainedConfig) -> dict[str, Any]:
    found = getattr(config, "quantization_config", None) or {}
    return found if isinstance(found, dict) else dict(found.to_dict())

"""Adapters that begin with a part of the base's weights (PiSSA, OLoRA), saved over the unchanged base.

peft takes W - s B0 A0 for the base and begins with B0 A0. What is saved is what training added to W: s (B A - B0 A0),
as plain adapters of twice the rank, [A; A0] and [B, -B0], which is peft's own conversion too. So whoever has the base
can load them, and they serve, merge and convert as any others do. Over a base in bf16 the part that was moved is
rounded; what is saved is free of that.
"""

from typing import Any

import torch
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn

_ATTRIBUTE = "_r1tailor_moved"


def remember_moved(model: nn.Module) -> None:
    """Keep what the adapters of a model begin with, to be subtracted when they are saved."""
    for layer in _layers(model):
        setattr(layer, _ATTRIBUTE, tuple(part.weight.detach().cpu().clone() for part in _pair(layer)))


def over_the_unchanged_base(model: nn.Module, saved: dict[str, Tensor], config: dict[str, Any]) -> None:
    """Change the weights and the configuration of saved adapters, in place, to those over the unchanged base."""
    for name, layer in _named(model):
        a0, b0 = getattr(layer, _ATTRIBUTE)
        a, b = f"{name}.lora_A.weight", f"{name}.lora_B.weight"
        saved[a] = torch.cat([saved[a].cpu(), a0]).contiguous()
        saved[b] = torch.cat([saved[b].cpu(), -b0], dim=1).contiguous()
    config |= wide(config) | {"init_lora_weights": True}


def wide(config: dict[str, Any]) -> dict[str, Any]:
    """Return rank and alpha of adapters of twice the rank that scale alike."""
    factor = 2**0.5 if config["use_rslora"] else 2
    return {"r": 2 * config["r"], "lora_alpha": config["lora_alpha"] * factor}


def taken_up(model: nn.Module, saved: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return saved adapters at the rank that trains; the base is moved by the part that they began with.

    Args:
        model: whose base has been moved by the part that its own adapters begin with.
        saved: what ``over_the_unchanged_base`` made.
    """
    found: dict[str, Tensor] = {}
    for name, layer in _named(model):
        a, b = f"{name}.lora_A.weight", f"{name}.lora_B.weight"
        rank = saved[a].shape[0] // 2
        begun = saved[a][rank:].clone(), -saved[b][:, rank:]
        found |= {a: saved[a][:rank], b: saved[b][:, :rank]}
        own, (scale,) = getattr(layer, _ATTRIBUTE), layer.scaling.values()
        if not all(torch.equal(x, y) for x, y in zip(own, begun, strict=True)):  # of another machine: rounding
            weight = layer.get_base_layer().weight
            weight.data += (scale * (own[1] @ own[0] - begun[1] @ begun[0])).to(weight)
        setattr(layer, _ATTRIBUTE, begun)
    return found


def has_moved(model: nn.Module) -> bool:
    """Whether the adapters of a model began with a part of its base."""
    return any(hasattr(layer, _ATTRIBUTE) for layer in _layers(model))


def _named(model: nn.Module) -> list[tuple[str, Any]]:
    return [(name, layer) for name, layer in model.named_modules() if isinstance(layer, LoraLayer)]


def _layers(model: nn.Module) -> list[Any]:
    return [layer for _, layer in _named(model)]


def _pair(layer: Any) -> tuple[nn.Linear, nn.Linear]:  # noqa: ANN401
    (name,) = layer.active_adapters
    return layer.lora_A[name], layer.lora_B[name]

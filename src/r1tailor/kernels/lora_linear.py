"""Frozen linear layers with their adapters as one differentiable operation.

The same function as peft's layers, with fewer passes over memory: of layers that read the same input (query, key and
value; gate and up) the adapters are stacked into one narrow product; the adapter's output is accumulated into the
frozen layer's by the matrix product itself, the scaling is applied to the narrow intermediate, and what the backward
pass needs is kept explicitly. State, names and saved files stay peft's. The only difference
is that layers computed together share one dropout mask. Frozen weights in 4 bits are restored for each product.
DoRA's layers stay peft's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from peft.tuners.lora import Linear as PeftLinear
from torch import Tensor, nn

from r1tailor.kernels.four_bit import is_adapted_four_bit, restored
from r1tailor.kernels.recompute import Origin, origin_of
from r1tailor.kernels.shared_input import Siblings, join, together
from r1tailor.kernels.short_attention import product_dtype

_BITS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}  # by bytes of an element


class Adapted(nn.Module):
    """The faster training step of peft's LoRA layers; put before peft's class."""

    _siblings: "Siblings[Adapted]"
    disable_adapters: bool
    merged: bool
    lora_A: Any
    lora_B: Any
    lora_dropout: Any
    scaling: Any
    active_adapters: Any
    base_layer: Any

    def forward(self, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:  # noqa: ANN401
        """Return W x + b + scale * B A dropout(x), of shape [..., out]."""
        if not torch.is_grad_enabled() or self.disable_adapters or self.merged:
            output: Tensor = super().forward(x, *args, **kwargs)
            return output
        return self._siblings.output(self, x)

    def adapter(self) -> tuple[Tensor, Tensor, float, float]:
        """Return A [r, in], B [out, r], the scaling, and the probability of dropout (0 in evaluation mode)."""
        (name,) = self.active_adapters
        dropout = self.lora_dropout[name]
        p = float(dropout.p) if self.training and isinstance(dropout, nn.Dropout) else 0.0
        return self.lora_A[name].weight, self.lora_B[name].weight, self.scaling[name], p


class AdaptedLinear(Adapted, PeftLinear):  # type: ignore[misc]  # peft is untyped
    """peft's LoRA layer over a plain linear layer; made from one by ``patch_lora``."""


def patch_lora(model: nn.Module) -> None:
    """Turn every peft LoRA layer over a linear layer, whole or in 4 bits, into an ``Adapted`` one, in place."""
    for parent in list(model.modules()):
        patched = {name: child for name, child in parent.named_children() if _can_be_patched(child)}
        for child in patched.values():
            child.__class__ = AdaptedLinear if type(child) is PeftLinear else _adapted_four_bit()
        for layers in _together(patched):
            join(layers, _outputs)


@cache
def _adapted_four_bit() -> type[nn.Module]:
    from peft.tuners.lora import Linear4bit  # imports bitsandbytes

    return type("AdaptedFourBit", (Adapted, Linear4bit), {})


def _can_be_patched(layer: Any) -> bool:  # noqa: ANN401
    if getattr(layer, "lora_variant", None):
        return False
    whole = type(layer) is PeftLinear and type(layer.base_layer) is nn.Linear
    return whole or (type(layer).__name__ == "Linear4bit" and is_adapted_four_bit(layer))


def _together(layers: dict[str, Any]) -> list[list[Adapted]]:
    """Group the patched children of one module: those that read the same input and are alike, others alone."""
    groups: list[list[Adapted]] = []
    for group in together(layers):
        alike = len({(type(layer), *layer.scaling.values()) for layer in group}) == 1
        groups += [group] if alike else [[layer] for layer in group]
    return groups


def _outputs(layers: Sequence[Adapted], x: Tensor) -> Sequence[Tensor]:
    downs, ups, scales, probabilities = zip(*(layer.adapter() for layer in layers), strict=True)
    bases = [layer.base_layer for layer in layers]
    frozen = tuple(base.weight for base in bases), tuple(base.bias for base in bases)
    apply: Any = _Adapted.apply
    outputs: Sequence[Tensor] = apply(x, _Fixed(origin_of(x), *frozen, scales[0], probabilities[0]), *downs, *ups)
    return outputs


@dataclass(frozen=True)
class _Fixed:
    """What layers computed together share and do not train.

    Attributes:
        origin: how their input [..., in] can be recomputed.
        weights: of each its frozen weight [out, in], or what it is restored from.
        biases: of each its bias [out], or None.
        scale: factor on what the adapters add.
        dropout: probability of an element of the input to be left out of the adapters.
    """

    origin: Origin
    weights: tuple[Tensor, ...]
    biases: tuple[Tensor | None, ...]
    scale: float
    dropout: float


class _Adapted(torch.autograd.Function):
    """x [..., in], then of each layer A [r, in], then of each B [out, r] -> of each [..., out]."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, fixed: _Fixed, *adapters: Tensor) -> tuple[Tensor, ...]:  # noqa: ANN401
        dtype = product_dtype(x)
        rows = x.reshape(-1, x.shape[-1]).to(dtype)
        four_bit = hasattr(fixed.weights[0], "quant_state")
        weights: Any = fixed.weights if four_bit else [weight.to(dtype) for weight in fixed.weights]
        biases = [None if bias is None else bias.to(dtype) for bias in fixed.biases]
        low = [adapter.to(dtype) for adapter in adapters]
        downs, ups = low[: len(weights)], low[len(weights) :]
        down = downs[0] if len(downs) == 1 else torch.cat(downs)
        keep = keep_mask(rows, fixed.dropout) if fixed.dropout else None
        factor = fixed.scale / (1 - fixed.dropout)
        with torch.autocast(x.device.type, enabled=False):
            narrow = _kept(rows, keep).mm(down.T).mul_(factor)
            outputs = [
                F.linear(rows, restored(weight, dtype), bias) for weight, bias in zip(weights, biases, strict=True)
            ]
            for output, own, up in zip(outputs, torch.split(narrow, _ranks(ups), dim=1), ups, strict=True):
                output.addmm_(own, up.T)
        masks = [] if keep is None else [keep]
        ctx.frozen = fixed.weights if four_bit else None  # no tensors of [out, in]: nothing of that size is kept
        ctx.save_for_backward(down, narrow, *ups, *([] if four_bit else weights), *fixed.origin.tensors, *masks)
        ctx.again, ctx.layers, ctx.dropped = fixed.origin.function, len(ups), keep is not None
        ctx.factor, ctx.x_dtype, ctx.x_shape, ctx.adapter_dtype = factor, x.dtype, x.shape, adapters[0].dtype
        return tuple(output.view(*x.shape[:-1], -1) for output in outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        down, narrow, *rest = ctx.saved_tensors
        ups, rest = rest[: ctx.layers], rest[ctx.layers :]
        weights, kept_for = (ctx.frozen, rest) if ctx.frozen else (rest[: ctx.layers], rest[ctx.layers :])
        keep = kept_for.pop() if ctx.dropped else None
        along = [part.reshape(-1, part.shape[-1]).to(down.dtype) for part in gradients]
        to_narrow = torch.cat([part @ up for part, up in zip(along, ups, strict=True)], dim=1).mul_(ctx.factor)
        # A narrow matrix goes first: the product is faster so, and its result is small to turn.
        for_ups = [(own.T @ part).T for own, part in zip(torch.split(narrow, _ranks(ups), dim=1), along, strict=True)]
        rows = ctx.again(*kept_for).reshape(-1, down.shape[1]).to(down.dtype)
        for_downs = torch.split(to_narrow.T @ _kept(rows, keep), _ranks(ups))
        for_adapters = [part.to(ctx.adapter_dtype) for part in (*for_downs, *for_ups)]
        if not ctx.needs_input_grad[0]:
            return None, None, *for_adapters
        for_x = _kept(to_narrow @ down, keep)
        for part, weight in zip(along, weights, strict=True):
            for_x.addmm_(part, restored(weight, part.dtype))
        return for_x.to(ctx.x_dtype).view(ctx.x_shape), None, *for_adapters


def _ranks(ups: Sequence[Tensor]) -> list[int]:
    return [up.shape[1] for up in ups]


def _kept(rows: Tensor, keep: Tensor | None) -> Tensor:
    """Return what dropout leaves of the rows, as a tensor of its own if there is dropout."""
    if keep is None:
        return rows
    bits = _BITS[rows.element_size()]
    return keep.to(bits).bitwise_and_(rows.view(bits)).view(rows.dtype)  # a product with 0 and 1 takes twice as long


def keep_mask(x: Tensor, p: float) -> Tensor:
    """Return int8 of x's shape [rows, width]: 0 with probability p (to 2**-16), otherwise -1, which is every bit.

    On CPUs drawing a float for each element is what dropout costs. Here a byte is drawn for each, and a row's
    threshold is the multiple of 1/256 below p or above it, at random so that the probability is p.
    """
    steps = int(p * 256)
    if x.device.type != "cpu" or steps == 255:
        return (torch.rand_like(x, dtype=torch.float32) >= p).to(torch.int8).neg_()
    words = torch.empty((x.numel() + 7) // 8, dtype=torch.int64).random_(-(2**63), None)
    drawn = words.view(torch.int8)[: x.numel()].view(x.shape)
    above = torch.randint(2**16, (x.shape[0], 1)) < round((p * 256 - steps) * 2**16)
    threshold = (above + (steps - 128)).to(torch.int8)
    return drawn.ge_(threshold).neg_()

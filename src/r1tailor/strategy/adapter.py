"""Frozen linear layers with their adapters as one differentiable operation.

The same function as peft's layers, with fewer passes over memory: layers that read the same input (query, key and
value; gate and up) are computed together, their adapters stacked into one narrow product; the adapter's output is
accumulated into the frozen layer's by the matrix product itself, the scaling is applied to the narrow intermediate,
and what the backward pass needs is kept explicitly. State, names and saved files stay peft's. The only difference
is that layers computed together also share the elements that dropout leaves out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from peft.tuners.lora import Linear as PeftLinear
from torch import Tensor, nn

from r1tailor.model.recompute import Origin, origin_of

_BITS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}  # by bytes of an element

# Layers of one parent that read the same input, by their names in the architectures of the family.
_TOGETHER = (("q_proj", "k_proj", "v_proj"), ("gate_proj", "up_proj"), ("q_a_proj", "kv_a_proj_with_mqa"))


class AdaptedLinear(PeftLinear):  # type: ignore[misc]  # peft is untyped
    """peft's LoRA layer with a faster training step; made from one by ``adopt``."""

    _siblings: "_Siblings"

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


class _Siblings:
    """Layers that read the same input: the first that is called computes all of them.

    Kept outside the module tree. What the others gave waits for their call with the very same tensor; a call
    with another one begins anew, so recomputation under gradient checkpointing is safe.
    """

    def __init__(self, layers: Sequence[AdaptedLinear]) -> None:
        self.layers = layers
        self._input: Tensor | None = None
        self._waiting: dict[int, Tensor] = {}
        self._weight = torch.empty(0)

    def output(self, layer: AdaptedLinear, x: Tensor) -> Tensor:
        """Return one layer's output."""
        if self._input is not x or id(layer) not in self._waiting:
            self._waiting = dict(zip(map(id, self.layers), self._compute(x), strict=True))
            self._input = x  # not before: a checkpointed layer is computed again until its last need, which ends it
        result = self._waiting.pop(id(layer))
        if not self._waiting:
            self._input = None
        return result

    def _compute(self, x: Tensor) -> Sequence[Tensor]:
        downs, ups, scales, probabilities = zip(*(layer.adapter() for layer in self.layers), strict=True)
        bases = [layer.base_layer for layer in self.layers]
        bias = None if bases[0].bias is None else torch.cat([base.bias for base in bases])
        apply: Any = _Adapted.apply
        fixed = _Fixed(origin_of(x), self._stacked(bases), bias, scales[0], probabilities[0])
        outputs: Sequence[Tensor] = apply(x, fixed, *downs, *ups)
        return outputs

    def _stacked(self, bases: Sequence[nn.Linear]) -> Tensor:
        """Return the frozen weights as one matrix, of which each layer's weight is made a view: no copy is kept."""
        if len(bases) == 1:
            return bases[0].weight.data
        first = self._weight.data_ptr()
        offsets = [first]
        for base in bases:
            offsets.append(offsets[-1] + base.weight.nbytes)
        if not first or [base.weight.data_ptr() for base in bases] != offsets[:-1]:  # first call, or moved since
            self._weight = torch.cat([base.weight.data for base in bases])
            parts = torch.split(self._weight, [base.weight.shape[0] for base in bases])
            for base, part in zip(bases, parts, strict=True):
                base.weight.data = part
        return self._weight


def adopt(model: nn.Module) -> None:
    """Turn every peft LoRA layer over a plain linear layer into an ``AdaptedLinear``, in place."""
    for parent in list(model.modules()):
        adopted = {name: child for name, child in parent.named_children() if _can_be_adopted(child)}
        for child in adopted.values():
            child.__class__ = AdaptedLinear
        for layers in _together(adopted):
            siblings = _Siblings(layers)
            for layer in layers:
                layer._siblings = siblings


def _can_be_adopted(layer: nn.Module) -> bool:
    return type(layer) is PeftLinear and type(layer.base_layer) is nn.Linear


def _together(layers: dict[str, Any]) -> list[list[AdaptedLinear]]:
    """Group the adopted children of one module: those that read the same input, and each of the others alone."""
    groups = []
    for names in _TOGETHER:
        found = [layers.pop(name) for name in names if name in layers]
        if len({(layer.base_layer.bias is None, *layer.scaling.values()) for layer in found}) > 1:
            groups += [[layer] for layer in found]
        elif found:
            groups.append(found)
    return groups + [[layer] for layer in layers.values()]


@dataclass(frozen=True)
class _Fixed:
    """What layers computed together share and do not train.

    Attributes:
        origin: how their input [..., in] can be had again.
        weight: their frozen weights [out, in], one below the other.
        bias: their biases [out], or None.
        scale: factor on what the adapters add.
        dropout: probability of an element of the input to be left out of the adapters.
    """

    origin: Origin
    weight: Tensor
    bias: Tensor | None
    scale: float
    dropout: float


class _Adapted(torch.autograd.Function):
    """x [..., in], then of each layer A [r, in], then of each B [out, r] -> of each [..., out]."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, fixed: _Fixed, *adapters: Tensor) -> tuple[Tensor, ...]:  # noqa: ANN401
        device = x.device.type
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else x.dtype
        rows = x.reshape(-1, x.shape[-1]).to(dtype)
        weight, *low = (tensor.to(dtype) for tensor in (fixed.weight, *adapters))
        downs, ups = low[: len(low) // 2], low[len(low) // 2 :]
        down = downs[0] if len(downs) == 1 else torch.cat(downs)
        keep = keep_mask(rows, fixed.dropout) if fixed.dropout else None
        factor = fixed.scale / (1 - fixed.dropout)
        with torch.autocast(device, enabled=False):
            narrow = _kept(rows, keep).mm(down.T).mul_(factor)
            output = F.linear(rows, weight, None if fixed.bias is None else fixed.bias.to(dtype))
            outputs = torch.split(output, [len(up) for up in ups], dim=1)
            for part, own, up in zip(outputs, torch.split(narrow, _ranks(ups), dim=1), ups, strict=True):
                part.addmm_(own, up.T)
        ctx.save_for_backward(weight, down, narrow, *ups, *fixed.origin.tensors, *([] if keep is None else [keep]))
        ctx.again, ctx.layers, ctx.dropped = fixed.origin.function, len(ups), keep is not None
        ctx.factor, ctx.x_dtype, ctx.x_shape, ctx.adapter_dtype = factor, x.dtype, x.shape, adapters[0].dtype
        return tuple(part.view(*x.shape[:-1], -1) for part in outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        weight, down, narrow, *rest = ctx.saved_tensors
        ups, kept_for = rest[: ctx.layers], rest[ctx.layers :]
        keep = kept_for.pop() if ctx.dropped else None
        ranks, widths = _ranks(ups), [len(up) for up in ups]
        along = [part.reshape(-1, width).to(weight.dtype) for part, width in zip(gradients, widths, strict=True)]
        to_narrow = torch.cat([part @ up for part, up in zip(along, ups, strict=True)], dim=1).mul_(ctx.factor)
        # A narrow matrix goes first: the product is faster so, and its result is small to turn.
        for_ups = [(own.T @ part).T for own, part in zip(torch.split(narrow, ranks, dim=1), along, strict=True)]
        rows = ctx.again(*kept_for).reshape(-1, weight.shape[1]).to(weight.dtype)
        for_downs = torch.split(to_narrow.T @ _kept(rows, keep), ranks)
        for_adapters = [part.to(ctx.adapter_dtype) for part in (*for_downs, *for_ups)]
        if not ctx.needs_input_grad[0]:
            return None, None, *for_adapters
        for_x = _kept(to_narrow @ down, keep)
        for part, own in zip(along, torch.split(weight, widths), strict=True):
            for_x.addmm_(part, own)
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

"""A frozen linear layer with its adapter as one differentiable operation.

The same function as peft's layer, with fewer passes over memory: the adapter's output is accumulated into the
frozen layer's by the matrix product itself, the scaling is applied to the r-wide intermediate, and what the
backward pass needs is kept explicitly. State, names and saved files stay peft's.
"""

from typing import Any

import torch
import torch.nn.functional as F
from peft.tuners.lora import Linear as PeftLinear
from torch import Tensor, nn


class AdaptedLinear(PeftLinear):  # type: ignore[misc]  # peft is untyped
    """peft's LoRA layer with a faster training step; made from one by ``adopt``."""

    def forward(self, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:  # noqa: ANN401
        """Return W x + b + scale * B A dropout(x), of shape [..., out]."""
        if not torch.is_grad_enabled() or self.disable_adapters or self.merged:
            output: Tensor = super().forward(x, *args, **kwargs)
            return output
        (name,) = self.active_adapters
        base, down, up = self.base_layer, self.lora_A[name].weight, self.lora_B[name].weight
        dropout = self.lora_dropout[name]
        p = float(dropout.p) if self.training and isinstance(dropout, nn.Dropout) else 0.0
        apply: Any = _Adapted.apply
        result: Tensor = apply(x, base.weight, base.bias, down, up, self.scaling[name], p)
        return result


def adopt(model: nn.Module) -> None:
    """Turn every peft LoRA layer over a plain linear layer into an ``AdaptedLinear``, in place."""
    for layer in model.modules():
        if type(layer) is PeftLinear and type(layer.base_layer) is nn.Linear:
            layer.__class__ = AdaptedLinear


class _Adapted(torch.autograd.Function):
    """x [..., in], frozen W [out, in] and b [out], A [r, in], B [out, r] -> [..., out]."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        down: Tensor,
        up: Tensor,
        scale: float,
        p: float,
    ) -> Tensor:
        device = x.device.type
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else x.dtype
        rows = x.reshape(-1, x.shape[-1]).to(dtype)
        low_weight, low_down, low_up = weight.to(dtype), down.to(dtype), up.to(dtype)
        dropped = drop_mask(rows, p) if p else None
        kept = rows if dropped is None else rows.masked_fill(dropped, 0)
        factor = scale / (1 - p)
        with torch.autocast(device, enabled=False):
            narrow = (kept @ low_down.T).mul_(factor)
            output = F.linear(rows, low_weight, None if bias is None else bias.to(dtype)).addmm_(narrow, low_up.T)
        ctx.save_for_backward(low_weight, low_down, low_up, kept, narrow, *([] if dropped is None else [dropped]))
        ctx.factor, ctx.x_dtype, ctx.x_shape = factor, x.dtype, x.shape
        ctx.adapter_dtypes = down.dtype, up.dtype
        return output.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        weight, down, up, kept, narrow, *dropped = ctx.saved_tensors
        gradient = gradients[0].reshape(-1, weight.shape[0]).to(weight.dtype)
        to_narrow = (gradient @ up).mul_(ctx.factor)
        for_down = (to_narrow.T @ kept).to(ctx.adapter_dtypes[0])
        for_up = (gradient.T @ narrow).to(ctx.adapter_dtypes[1])
        for_x = None
        if ctx.needs_input_grad[0]:
            for_x = gradient @ weight
            if dropped:
                for_x += (to_narrow @ down).masked_fill_(dropped[0], 0)
            else:
                for_x.addmm_(to_narrow, down)
            for_x = for_x.to(ctx.x_dtype).view(ctx.x_shape)
        return for_x, None, None, for_down, for_up, None, None


def drop_mask(x: Tensor, p: float) -> Tensor:
    """Return a mask of x's shape that is true with probability p (rounded to a multiple of 2**-16).

    On CPUs drawing a float for each element is what dropout costs; here 64 random bits serve four elements.
    """
    if x.device.type != "cpu":
        return torch.rand_like(x, dtype=torch.float32) < p
    words = torch.empty((x.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
    drawn = words.view(torch.int16)[: x.numel()].view(x.shape)
    return drawn < round(p * 2**16) - 2**15

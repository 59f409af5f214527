"""Linear layers whose weights train, as one differentiable operation for those that read the same input.

The same function as torch's layers. Under autocast each of those converts its input and its weight, and keeps its own
converted input for the backward pass; here they share one, which is not kept where it can be recomputed in one pass.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from r1tailor.kernels.recompute import Origin, origin_of
from r1tailor.kernels.shared_input import Siblings, join, together
from r1tailor.kernels.short_attention import product_dtype


class TrainedLinear(nn.Linear):
    """A linear layer with a faster training step; made from torch's by ``patch_linears``."""

    _siblings: "Siblings[TrainedLinear]"

    def forward(self, x: Tensor) -> Tensor:
        """Return W x + b, of shape [..., out]."""
        return self._siblings.output(self, x) if torch.is_grad_enabled() else super().forward(x)


def patch_linears(model: nn.Module) -> None:
    """Turn every linear layer inside a transformers model into a ``TrainedLinear``, in place; its head is left alone.

    The loss reads the head's weight itself.
    """
    for parent in list(model.modules()):
        layers: dict[str, Any] = {
            name: child for name, child in parent.named_children() if parent is not model and type(child) is nn.Linear
        }
        for layer in layers.values():
            layer.__class__ = TrainedLinear
        for group in together(layers):
            join(group, _outputs)


def _outputs(layers: Sequence[TrainedLinear], x: Tensor) -> Sequence[Tensor]:
    weights, biases = [layer.weight for layer in layers], [layer.bias for layer in layers]
    apply: Any = _Linears.apply
    outputs: Sequence[Tensor] = apply(x, origin_of(x), *weights, *biases)
    return outputs


class _Linears(torch.autograd.Function):
    """x [..., in], then of each layer W [out, in], then of each b [out] or None -> of each [..., out]."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, origin: Origin, *parameters: Tensor | None) -> tuple[Tensor, ...]:  # noqa: ANN401
        layers = len(parameters) // 2
        dtype = product_dtype(x)
        low = [None if parameter is None else parameter.to(dtype) for parameter in parameters]
        weights: Any = low[:layers]
        rows = x.reshape(-1, x.shape[-1]).to(dtype)
        with torch.autocast(x.device.type, enabled=False):
            outputs = [F.linear(rows, weight, bias) for weight, bias in zip(weights, low[layers:], strict=True)]
        ctx.save_for_backward(*weights, *origin.tensors)
        ctx.again, ctx.layers, ctx.x_dtype, ctx.x_shape = origin.function, layers, x.dtype, x.shape
        ctx.dtypes = [None if parameter is None else parameter.dtype for parameter in parameters]
        return tuple(output.view(*x.shape[:-1], -1) for output in outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        saved = ctx.saved_tensors
        weights, kept = saved[: ctx.layers], saved[ctx.layers :]
        dtype = weights[0].dtype
        rows = ctx.again(*kept).reshape(-1, weights[0].shape[1]).to(dtype)
        along = [part.reshape(-1, part.shape[-1]).to(dtype) for part in gradients]
        for_weights = [(part.T @ rows).to(own) for part, own in zip(along, ctx.dtypes, strict=False)]
        for_biases = [
            None if own is None else part.sum(0, dtype=own)
            for part, own in zip(along, ctx.dtypes[ctx.layers :], strict=True)
        ]
        if not ctx.needs_input_grad[0]:
            return None, None, *for_weights, *for_biases
        for_x = along[0] @ weights[0]
        for part, weight in zip(along[1:], weights[1:], strict=True):
            for_x.addmm_(part, weight)
        return for_x.to(ctx.x_dtype).view(ctx.x_shape), None, *for_weights, *for_biases

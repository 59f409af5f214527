"""The gated feed-forward product as one differentiable operation: silu(gate) * up, keeping only gate and up.

transformers' models compute it as two operations, which keep silu(gate) for the backward pass as well (SwiGLU: Shazeer
2020, arXiv:2002.05202). Here it is computed again, once, and so is the product for the layer that reads it.
"""

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from r1tailor.kernels.recompute import remember

_SAME_FORMULA = ("LlamaMLP", "Qwen2MLP", "Qwen3MLP", "DeepseekV3MLP")


def patch_gates(model: nn.Module) -> None:
    """Give the feed-forward layers of a transformers model that silu gates our training step, in place."""
    for module in model.modules():
        kind = type(module)
        if kind.__name__ in _SAME_FORMULA and getattr(module.config, "hidden_act", "") == "silu":
            module.__class__ = type(kind.__name__, (kind,), {"forward": _forward_of(kind)})


def _forward_of(kind: Any) -> Any:  # noqa: ANN401  (transformers is untyped)
    def forward(self: Any, x: Tensor) -> Tensor:  # noqa: ANN401
        if not torch.is_grad_enabled():
            return cast("Tensor", kind.forward(self, x))
        apply: Any = _Gated.apply
        gate, up, again = self.gate_proj(x), self.up_proj(x), _Again()
        return cast("Tensor", self.down_proj(remember(apply(gate, up, again), again.product, gate, up)))

    return forward


class _Again:
    """silu(gate) as the backward pass computes it for the layer that reads the product, until the product takes it."""

    def __init__(self) -> None:
        self._activated: Tensor | None = None

    def product(self, gate: Tensor, up: Tensor) -> Tensor:
        """Return silu(gate) * up."""
        self._activated = F.silu(gate)
        return self._activated * up

    def activated(self, gate: Tensor) -> Tensor:
        """Return silu(gate), to be overwritten."""
        found, self._activated = self._activated, None
        return F.silu(gate) if found is None else found


class _Gated(torch.autograd.Function):
    """gate [..., D], up [..., D] -> silu(gate) * up."""

    @staticmethod
    def forward(ctx: Any, gate: Tensor, up: Tensor, again: _Again) -> Tensor:  # noqa: ANN401
        ctx.save_for_backward(gate, up)
        ctx.again = again
        return F.silu(gate).mul_(up)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:  # noqa: ANN401
        gate, up = ctx.saved_tensors
        (gradient,) = gradients
        silu_backward: Any = torch.ops.aten.silu_backward  # in the tensors' dtype, which mixed operations are slow in
        return silu_backward(gradient * up, gate), ctx.again.activated(gate).mul_(gradient), None

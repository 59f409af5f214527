"""RMS normalisation as one differentiable operation: the formula of the family's models, fewer passes over memory.

y = w * x / sqrt(mean(x^2) + eps) (Zhang and Sennrich 2019, arXiv:1910.07467), the statistics in fp32.
"""

from typing import Any, cast

import torch
from torch import Tensor, nn

from r1tailor.kernels.recompute import remember

_SAME_FORMULA = ("LlamaRMSNorm", "Qwen2RMSNorm", "Qwen3RMSNorm", "DeepseekV3RMSNorm")


def patch_norms(model: nn.Module) -> None:
    """Give the norms of a transformers model our training step, in place; without gradients they stay as they are."""
    for kind in {type(module) for module in model.modules()}:
        if kind.__name__ in _SAME_FORMULA:
            faster = type(kind.__name__, (kind,), {"forward": _forward_of(kind)})
            for module in model.modules():
                if type(module) is kind:
                    module.__class__ = faster


def _forward_of(kind: Any) -> Any:  # noqa: ANN401  (transformers is untyped)
    def forward(self: Any, hidden_states: Tensor) -> Tensor:  # noqa: ANN401
        apply: Any = _RMSNorm.apply
        if torch.is_grad_enabled() and hidden_states.requires_grad:
            output, normal = apply(hidden_states, self.weight, self.variance_epsilon)
            return remember(output, torch.mul, normal, self.weight)
        return cast("Tensor", kind.forward(self, hidden_states))

    return forward


class _RMSNorm(torch.autograd.Function):
    """x [..., D], w [D] -> [..., D] in the dtype that x and w promote to, and x normalised, which is kept."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, epsilon: float) -> tuple[Tensor, Tensor]:  # noqa: ANN401
        with torch.autocast(x.device.type, enabled=False):
            wide = x.float()
            length = torch.linalg.vector_norm(wide, dim=-1, keepdim=True)
            factor = length.square_().div_(x.shape[-1]).add_(epsilon).rsqrt_()
            normal = (wide * factor).to(x.dtype)
            ctx.save_for_backward(normal, factor, weight)
            ctx.mark_non_differentiable(normal)
            return normal * weight, normal

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        normal, factor, weight = ctx.saved_tensors
        gradient = gradients[0]
        with torch.autocast(normal.device.type, enabled=False):
            wide, along = (gradient * weight).float(), normal.float()
            for_weight = None
            if ctx.needs_input_grad[1]:
                for_weight = (gradient.float() * along).flatten(0, -2).sum(0).to(weight.dtype)
            share = (wide * along).mean(-1, keepdim=True)
            for_x = wide.addcmul_(along, share, value=-1).mul_(factor)
            return for_x.to(normal.dtype), for_weight, None

"""Smoothed cross-entropy from hidden states: loss and gradients without a [S, V] tensor.

Logits exist for one block of positions at a time; the gradient with respect to the hidden states is computed while
they do. Other losses over logits are computed by the same blocks (``kernels/distillation.py``).
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from r1tailor.kernels.short_attention import product_dtype

BLOCK = 256  # positions whose logits exist at once
_ROWS = 16  # positions whose fp32 logits fit into a CPU's cache
_WORDS = 2048  # of the vocabulary, whose part of the head's gradient fits into it
_MANY_WORDS = 32768  # of the vocabulary, on a device that has no such cache


def smoothed_cross_entropy(hidden: Tensor, weight: Tensor, labels: Tensor, smoothing: float) -> Tensor:
    """Return the scalar sum of smoothed cross-entropy (fp32) of ``hidden @ weight.T`` against the labels.

    Args:
        hidden: [S, D] hidden states that predict the labels.
        weight: [V, D] of the head, which has no bias.
        labels: [S] token ids.
        smoothing: in [0, 1).
    """

    def replaced(logits: Tensor, block: slice) -> Tensor:
        total = torch.zeros((), device=logits.device)
        rows = rows_at_once(logits)
        for low, wanted in zip(torch.split(logits, rows), torch.split(labels[block], rows), strict=True):
            low.copy_(add_cross_entropy(total, low.float(), wanted, smoothing))
        return total

    return blockwise(hidden, weight, replaced)


def rows_at_once(logits: Tensor) -> int:
    """Return how many rows of a block of logits are computed at a time: few on a CPU, all on any other device."""
    return _ROWS if logits.device.type == "cpu" else max(1, len(logits))


def blockwise(hidden: Tensor, weight: Tensor, replaced: Callable[[Tensor, slice], Tensor]) -> Tensor:
    """Return the scalar sum of a loss over the logits ``hidden @ weight.T``, differentiable in both.

    Args:
        hidden: [S, D].
        weight: [V, D] of the head, which has no bias.
        replaced: takes the logits of a block of positions and which positions these are, puts the gradient with respect
            to the logits in their place, a few rows at a time so that what is fp32 stays in the cache, and returns the
            block's loss (fp32).
    """
    apply: Any = _Blockwise.apply
    loss: Tensor = apply(hidden, weight, replaced)
    return loss


class _Blockwise(torch.autograd.Function):
    """hidden [S, D], head weight [V, D] -> scalar sum; gradients for both."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        hidden: Tensor,
        weight: Tensor,
        replaced: Callable[[Tensor, slice], Tensor],
    ) -> Tensor:
        dtype = product_dtype(hidden)
        low_hidden, low_weight = hidden.to(dtype), weight.to(dtype)
        for_hidden = torch.empty_like(low_hidden)
        for_weight = torch.zeros_like(weight, dtype=torch.float32) if ctx.needs_input_grad[1] else None
        total = torch.zeros((), device=hidden.device)
        with torch.autocast(hidden.device.type, enabled=False):
            for start in range(0, len(hidden), BLOCK):
                block = slice(start, start + BLOCK)
                gradient = low_hidden[block] @ low_weight.T
                total += replaced(gradient, block)
                for_hidden[block] = gradient @ low_weight
                if for_weight is not None:
                    _add_product(for_weight, gradient.T, low_hidden[block])
        ctx.save_for_backward(for_hidden.to(hidden.dtype))
        ctx.for_weight = for_weight
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        (for_hidden,) = ctx.saved_tensors
        for_weight = ctx.for_weight
        del ctx.for_weight  # given away, as the largest tensor of a small model: a second backward pass is an error
        return for_hidden * gradients[0], None if for_weight is None else for_weight.mul_(gradients[0]), None


def _add_product(total: Tensor, a: Tensor, b: Tensor) -> None:
    """Add a @ b to ``total`` [V, D] (fp32) without a second matrix of the vocabulary's size."""
    words = _WORDS if total.device.type == "cpu" else _MANY_WORDS
    for rows, factors in zip(torch.split(total, words), torch.split(a, words), strict=True):
        rows += factors @ b


def add_cross_entropy(total: Tensor, rows: Tensor, labels: Tensor, smoothing: float) -> Tensor:
    """Add the smoothed cross-entropy of rows of logits [n, V] (fp32) to ``total``; return its gradient [n, V]."""
    gradient = rows.softmax(dim=1)
    greatest = rows.amax(dim=1)
    # -log p(v) = -log p(greatest) + greatest - v: p(greatest) is at least 1 / V, so its logarithm loses nothing.
    total += (1 - smoothing) * (greatest - rows.gather(1, labels[:, None])[:, 0]).sum()
    total -= gradient.amax(dim=1).log_().sum()
    if smoothing:
        total += smoothing * (greatest - rows.mean(dim=1)).sum()
        gradient -= smoothing / rows.shape[1]
    return gradient.scatter_add_(1, labels[:, None], gradient.new_full((len(labels), 1), smoothing - 1))

"""Smoothed cross-entropy from hidden states: loss and gradients without a [S, V] tensor.

Logits exist for one block of positions at a time; the gradient with respect to the hidden states is computed while
they do.
"""

from typing import Any

import torch
from torch import Tensor

from r1tailor.kernels.short_attention import product_dtype

BLOCK = 256  # positions whose logits exist at once
_CACHED = 16  # positions whose fp32 logits fit into a CPU's cache
_WORDS = 2048  # of the vocabulary, whose part of the head's gradient fits into it


def smoothed_cross_entropy(hidden: Tensor, weight: Tensor, labels: Tensor, smoothing: float) -> Tensor:
    """Return the scalar sum of smoothed cross-entropy (fp32) of ``hidden @ weight.T`` against the labels.

    Args:
        hidden: [S, D] hidden states that predict the labels.
        weight: [V, D] of the head, which has no bias.
        labels: [S] token ids.
        smoothing: in [0, 1).
    """
    apply: Any = _SmoothedCrossEntropy.apply
    loss: Tensor = apply(hidden, weight, labels, smoothing)
    return loss


class _SmoothedCrossEntropy(torch.autograd.Function):
    """hidden [S, D], head weight [V, D], labels [S] -> scalar sum; gradients for hidden and weight."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, labels: Tensor, smoothing: float) -> Tensor:  # noqa: ANN401
        dtype = product_dtype(hidden)
        low_hidden, low_weight = hidden.to(dtype), weight.to(dtype)
        for_hidden = torch.empty_like(low_hidden)
        for_weight = torch.zeros_like(weight, dtype=torch.float32) if ctx.needs_input_grad[1] else None
        total = torch.zeros((), device=hidden.device)
        with torch.autocast(hidden.device.type, enabled=False):
            for start in range(0, len(labels), BLOCK):
                block = slice(start, start + BLOCK)
                part, gradient = _block(low_hidden[block], low_weight, labels[block], smoothing)
                total += part
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
        return for_hidden * gradients[0], None if for_weight is None else for_weight.mul_(gradients[0]), None, None


def _add_product(total: Tensor, a: Tensor, b: Tensor) -> None:
    """Add a @ b to ``total`` [V, D] (fp32) without a second matrix of the vocabulary's size."""
    for rows, factors in zip(torch.split(total, _WORDS), torch.split(a, _WORDS), strict=True):
        rows += factors @ b


def _block(hidden: Tensor, weight: Tensor, labels: Tensor, smoothing: float) -> tuple[Tensor, Tensor]:
    """Return a block's summed loss (fp32) and its gradient with respect to the logits [S, V] (hidden's dtype).

    The gradient takes the place of the logits, a few rows at a time, so that what is fp32 stays in the cache.
    """
    logits = hidden @ weight.T
    vocabulary = logits.shape[1]
    total = torch.zeros((), device=hidden.device)
    for low, wanted in zip(torch.split(logits, _CACHED), torch.split(labels, _CACHED), strict=True):
        rows = low.float()
        gradient = rows.softmax(dim=1)
        greatest = rows.amax(dim=1)
        # -log p(v) = -log p(greatest) + greatest - v: p(greatest) is at least 1 / V, so its logarithm loses nothing.
        total += (1 - smoothing) * (greatest - rows.gather(1, wanted[:, None])[:, 0]).sum()
        total -= gradient.amax(dim=1).log_().sum()
        if smoothing:
            total += smoothing * (greatest - rows.mean(dim=1)).sum()
            gradient -= smoothing / vocabulary
        gradient.scatter_add_(1, wanted[:, None], gradient.new_full((len(wanted), 1), smoothing - 1))
        low.copy_(gradient)
    return total, logits

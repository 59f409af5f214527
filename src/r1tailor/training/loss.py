"""The loss of one packed micro-batch, as a sum over its supervised tokens.

Logits exist for supervised positions only, and for a block of them at a time: the gradient with respect to the
hidden states is computed while a block's logits are at hand, so that no [S, V] tensor is kept.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from r1tailor.curriculum.packing import MicroBatch
from r1tailor.model.attention import layout, unwrapped
from r1tailor.model.products import product_dtype
from r1tailor.model.temporal import embeddings

_BLOCK = 256  # positions whose logits exist at once
_CACHED = 16  # positions whose fp32 logits fit into a CPU's cache
_WORDS = 2048  # of the vocabulary, whose part of the head's gradient fits into it


def summed_loss(model: nn.Module, batch: MicroBatch, label_smoothing: float) -> Tensor:
    """Return the scalar sum of smoothed cross-entropy over the supervised tokens.

    Formula: (1 - s) * -log p(label) + s / V * sum_v -log p(v), as ``torch.nn.functional.cross_entropy``.
    The caller divides by the supervised tokens of the whole optimizer step.
    """
    hidden, head = _hidden_and_head(model, batch)
    if type(head) is nn.Linear and head.bias is None:
        apply: Any = _SmoothedCrossEntropy.apply
        loss: Tensor = apply(hidden, head.weight, batch.labels, label_smoothing)
        return loss
    logits = head(hidden).float()  # an adapter on the head: the general way
    return F.cross_entropy(logits, batch.labels, label_smoothing=label_smoothing, reduction="sum")


def log_likelihoods(model: nn.Module, batch: MicroBatch) -> Tensor:
    """Return [E] the log-likelihood (nats, fp32 sums) of each example's supervised tokens."""
    hidden, head = _hidden_and_head(model, batch)
    losses = [
        F.cross_entropy(head(part).float(), labels, reduction="none")
        for part, labels in zip(torch.split(hidden, _BLOCK), torch.split(batch.labels, _BLOCK), strict=True)
    ]
    return torch.zeros(len(batch.members), device=hidden.device).index_add_(0, batch.owners, -torch.cat(losses))


def next_token_log_likelihoods(model: nn.Module, batch: MicroBatch) -> Tensor:
    """Return [S, V] the log-likelihood (nats, fp32) of every token at each supervised position."""
    hidden, head = _hidden_and_head(model, batch)
    return torch.cat([head(part).float().log_softmax(dim=-1) for part in torch.split(hidden, _BLOCK)])


def _hidden_and_head(model: nn.Module, batch: MicroBatch) -> tuple[Tensor, nn.Module]:
    """Return [S, D] the last hidden states that predict supervised tokens, and the layer that reads them."""
    causal = unwrapped(model)
    backbone = getattr(causal, causal.base_model_prefix)
    if batch.windows is None:
        read = {"input_ids": batch.input_ids}
    else:
        read = {"inputs_embeds": embeddings(model, batch.input_ids, batch.windows)}
    output = backbone(**read, position_ids=batch.position_ids, use_cache=False, **layout(batch))
    return output.last_hidden_state[0].index_select(0, batch.predictors), causal.get_output_embeddings()


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
            for start in range(0, len(labels), _BLOCK):
                block = slice(start, start + _BLOCK)
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

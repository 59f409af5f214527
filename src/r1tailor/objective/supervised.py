"""The loss of one packed micro-batch, as a sum over its supervised tokens.

Logits exist for supervised positions only, and for a block of them at a time (``kernels/cross_entropy.py``), so that
no [S, V] tensor is kept.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from r1tailor.batching.packing import MicroBatch
from r1tailor.kernels.cross_entropy import BLOCK
from r1tailor.model.head import hidden_and_head


def summed_loss(model: nn.Module, batch: MicroBatch, label_smoothing: float) -> Tensor:
    """Return the scalar sum of smoothed cross-entropy over the supervised tokens.

    Formula: (1 - s) * -log p(label) + s / V * sum_v -log p(v), as ``torch.nn.functional.cross_entropy``.
    The caller divides by the supervised tokens of the whole optimizer step.
    """
    hidden, head = hidden_and_head(model, batch)
    return head.loss(hidden, batch.labels, label_smoothing)


def log_likelihoods(model: nn.Module, batch: MicroBatch) -> Tensor:
    """Return [E] the log-likelihood (nats, fp32 sums) of each example's supervised tokens."""
    hidden, head = hidden_and_head(model, batch)
    losses = [
        F.cross_entropy(head(part).float(), labels, reduction="none")
        for part, labels in zip(torch.split(hidden, BLOCK), torch.split(batch.labels, BLOCK), strict=True)
    ]
    return torch.zeros(len(batch.members), device=hidden.device).index_add_(0, batch.owners, -torch.cat(losses))


def next_token_log_likelihoods(model: nn.Module, batch: MicroBatch) -> Tensor:
    """Return [S, V] the log-likelihood (nats, fp32) of every token at each supervised position."""
    hidden, head = hidden_and_head(model, batch)
    return torch.cat([head(part).float().log_softmax(dim=-1) for part in torch.split(hidden, BLOCK)])

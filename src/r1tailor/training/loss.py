"""The loss of one packed micro-batch, as a sum over its supervised tokens."""

import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from r1tailor.curriculum.packing import MicroBatch
from r1tailor.model.attention import layout


def supervised_logits(model: nn.Module, batch: MicroBatch) -> Tensor:
    """Return [S, V] logits in fp32, at the positions that predict a supervised token and at no others."""
    output = model(
        input_ids=batch.input_ids,
        position_ids=batch.position_ids,
        logits_to_keep=batch.predictors,
        use_cache=False,
        **layout(batch),
    )
    logits: Tensor = output.logits[0]
    return logits.float()


def summed_loss(model: nn.Module, batch: MicroBatch, label_smoothing: float) -> Tensor:
    """Return the scalar sum of smoothed cross-entropy over the supervised tokens.

    Formula: (1 - s) * -log p(label) + s / V * sum_v -log p(v), as ``torch.nn.functional.cross_entropy``.
    The caller divides by the supervised tokens of the whole optimizer step.
    """
    logits = supervised_logits(model, batch)
    return F.cross_entropy(logits, batch.labels, label_smoothing=label_smoothing, reduction="sum")


def log_likelihoods(model: nn.Module, batch: MicroBatch) -> Tensor:
    """Return [E] the log-likelihood (nats, fp32 sums) of each example's supervised tokens."""
    token_losses = F.cross_entropy(supervised_logits(model, batch), batch.labels, reduction="none")
    return token_losses.new_zeros(batch.examples).index_add_(0, batch.owners, -token_losses)

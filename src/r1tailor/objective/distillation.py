"""The loss of one packed micro-batch with a teacher's distributions, and these distributions themselves."""

import torch
from torch import Tensor, nn

from r1tailor.batching.packing import MicroBatch
from r1tailor.batching.taught import Taught
from r1tailor.kernels.cross_entropy import BLOCK
from r1tailor.kernels.distillation import distilled_cross_entropy, divergences
from r1tailor.model.head import hidden_and_head
from r1tailor.schema.objective import TeachersTokens


def distilled_loss(model: nn.Module, batch: MicroBatch, wanted: TeachersTokens, label_smoothing: float) -> Tensor:
    """Return the scalar sum over the supervised tokens of (1 - w) * cross-entropy + w * T^2 * divergence.

    The divergence is KL(teacher || student) over the teacher's k likeliest tokens and all others as one outcome
    (``kernels/distillation.py``). The caller divides by the supervised tokens of the whole optimizer step.

    Args:
        model: the student.
        batch: with the teacher's distributions, at the same temperature.
        wanted: weight w and temperature T.
        label_smoothing: of the cross-entropy.
    """
    if batch.taught is None:
        raise ValueError("a micro-batch without a teacher's distributions cannot be distilled")
    hidden, head = hidden_and_head(model, batch)
    weight, temperature = wanted.weight, wanted.temperature
    if head.weight is not None:
        asked = (weight, temperature, label_smoothing)
        return distilled_cross_entropy(hidden, head.weight, batch.labels, batch.taught, *asked)
    logits = head(hidden).float()  # an adapter on the head, or logits that the model scales: the general way
    hard = nn.functional.cross_entropy(logits, batch.labels, label_smoothing=label_smoothing, reduction="sum")
    return (1 - weight) * hard + weight * temperature**2 * divergences(logits / temperature, batch.taught).sum()


def distributions(model: nn.Module, batch: MicroBatch, wanted: TeachersTokens) -> Taught:
    """Return what a model expects at each supervised token of a micro-batch.

    Where the vocabulary has no more than ``top_k`` tokens, one of them is left over as the rest.

    Args:
        model: the teacher.
        batch: the examples.
        wanted: how many tokens are kept, and the temperature.
    """
    hidden, head = hidden_and_head(model, batch)
    parts = [_likeliest(head(part).float() / wanted.temperature, wanted.top_k) for part in torch.split(hidden, BLOCK)]
    return Taught(*(torch.cat(columns) for columns in zip(*parts, strict=True)))


def _likeliest(scaled: Tensor, top_k: int) -> tuple[Tensor, Tensor, Tensor]:
    norm = scaled.logsumexp(dim=1)
    found, ids = scaled.topk(min(top_k, scaled.shape[1] - 1), dim=1)
    rest = scaled.scatter(1, ids, -torch.inf).logsumexp(dim=1) - norm
    return ids, found - norm[:, None], rest

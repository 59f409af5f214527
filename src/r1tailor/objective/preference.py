"""Direct preference optimisation over packed pairs, next to the supervised loss of the preferred answers.

Rafailov et al. 2023 (arXiv:2305.18290): with log-likelihoods of the preferred response w and the rejected response l by
the model and by a reference model that does not train,

    loss = -log sigmoid(beta * ((log p(w) - log p(l)) - (log p_ref(w) - log p_ref(l))))
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from r1tailor.batching.packing import MicroBatch
from r1tailor.model.head import hidden_and_head
from r1tailor.schema.objective import PairLoss


def preference_sums(model: nn.Module, batch: MicroBatch, wanted: PairLoss, label_smoothing: float) -> Tensor:
    """Return [2]: the weighted sum of cross-entropy over supervised tokens, and the sum of the loss over pairs.

    The caller divides each by its number in the whole optimizer step (``MicroBatch.counts``). Tokens of rejected
    answers are no supervised tokens.

    Args:
        model: that trains.
        batch: with or without pairs.
        wanted: beta and the weight of the cross-entropy.
        label_smoothing: of the cross-entropy.
    """
    hidden, head = hidden_and_head(model, batch)
    if batch.pairs is None:
        own = wanted.supervised * head.loss(hidden, batch.labels, label_smoothing)
        return torch.stack([own, torch.zeros_like(own)])
    plain, smoothed = head.token_losses(hidden, batch.labels, label_smoothing)
    own = wanted.supervised * (smoothed * batch.pairs.kept(batch.owners)).sum()
    answers = plain.new_zeros(len(batch.members)).index_add(0, batch.owners, -plain)
    gained = answers[batch.pairs.chosen] - answers[batch.pairs.rejected] - batch.pairs.reference
    return torch.stack([own, F.softplus(-wanted.beta * gained).sum()])

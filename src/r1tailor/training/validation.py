"""The validation loss: over all examples, and over each curriculum phase's share, so that forgetting shows."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torchmetrics import Metric

from r1tailor.batching.packing import MicroBatch

VALIDATION_LOSS = "validation_loss"


class ValidationLoss(Metric):
    """Negative log-likelihood per supervised token (nats), over all examples and over each share of them.

    The state is a row of sums for all examples and one for each share, in fp64, added up over processes. ``update``
    waits for no other process, so that processes may have different numbers of micro-batches, or none; all of them
    must call ``compute``.

    Args:
        shares: by name, the indexes of the examples of each share; shares may overlap.

    Attributes:
        sums: [1 + shares, 2] negative log-likelihood (nats) and supervised tokens.
    """

    full_state_update = False
    higher_is_better = False
    sums: Tensor

    def __init__(self, shares: Mapping[str, frozenset[int]]) -> None:
        super().__init__()
        self._members = dict(shares)
        self.add_state("sums", torch.zeros(1 + len(shares), 2, dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, batch: MicroBatch, log_likelihoods: Tensor) -> None:
        """Add one micro-batch and the log-likelihoods [E] (nats) of its examples."""
        added = _validation_loss_update(self.sums.tolist(), batch, log_likelihoods, list(self._members.values()))
        self.sums = torch.tensor(added, dtype=torch.float64, device=self.sums.device)

    def compute(self) -> dict[str, Tensor]:
        """Return ``validation_loss``, and the loss of each share that has a supervised token, by its name.

        Without any supervised token ``validation_loss`` is NaN.
        """
        overall, *losses = _validation_loss_compute(self.sums)
        shares = zip(self._members, losses, self.sums[1:, 1], strict=True)
        return {VALIDATION_LOSS: overall, **{name: loss for name, loss, tokens in shares if tokens}}


def _validation_loss_update(
    sums: list[list[float]], batch: MicroBatch, log_likelihoods: Tensor, shares: Sequence[frozenset[int]]
) -> list[list[float]]:
    """Return the sums with one micro-batch added.

    The micro-batch is summed in fp32, as its log-likelihoods are; micro-batches and single examples are added in fp64.
    """
    (total, supervised), *rows = sums
    if rows:
        counts = torch.bincount(batch.owners, minlength=len(batch.members)).tolist()
        for index, value, count in zip(batch.members, log_likelihoods.tolist(), counts, strict=True):
            for row, members in zip(rows, shares, strict=True):
                if index in members:
                    row[0] -= value
                    row[1] += count
    return [[total - float(log_likelihoods.sum()), supervised + batch.supervised], *rows]


def _validation_loss_compute(sums: Tensor) -> Tensor:
    """Return the losses [n] (nats per token) of the sums [n, 2]; NaN where there is no token."""
    return sums[:, 0] / sums[:, 1]

"""The loss of a validation: over all of its examples, and over each phase's share, so that forgetting shows."""

from collections.abc import Mapping

import torch
from torch import Tensor

from r1tailor.batching.packing import MicroBatch


class ValidationSums:
    """Negative log-likelihood (nats) and supervised tokens, summed up over micro-batches.

    Args:
        shares: indexes of the examples of each share, which may overlap.
    """

    def __init__(self, shares: Mapping[str, frozenset[int]]) -> None:
        self._members = shares
        self.clear()

    def clear(self) -> None:
        """Forget what was summed up."""
        self._all = [0.0, 0.0]
        self._shares = {name: [0.0, 0.0] for name in self._members}

    def add(self, batch: MicroBatch, log_likelihoods: Tensor) -> None:
        """Add one micro-batch and the log-likelihoods [E] of its examples."""
        self._all[0] -= float(log_likelihoods.sum())
        self._all[1] += batch.supervised
        if not self._members:
            return
        tokens = torch.bincount(batch.owners, minlength=len(batch.members)).tolist()
        for index, value, count in zip(batch.members, log_likelihoods.tolist(), tokens, strict=True):
            for name in (name for name, members in self._members.items() if index in members):
                self._shares[name][0] -= value
                self._shares[name][1] += count

    @property
    def loss(self) -> float:
        """Negative log-likelihood per supervised token (nats)."""
        return self._all[0] / self._all[1]

    def shares(self) -> dict[str, float]:
        """Return the same for each share that has an example."""
        return {name: total / tokens for name, (total, tokens) in self._shares.items() if tokens}

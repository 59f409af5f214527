"""Cross-entropy and the divergence from a teacher, from hidden states: without a [S, V] tensor.

The divergence is the Kullback-Leibler divergence KL(teacher || student) over k + 1 outcomes: the teacher's k likeliest
tokens, and all other tokens as one. It is at most the divergence over the whole vocabulary, equals it where one token
is left over, and is zero only where the student gives each outcome the teacher's mass: cutting the other tokens off
instead would teach that they do not exist.
"""

import torch
from torch import Tensor

from r1tailor.batching.taught import Taught
from r1tailor.kernels.cross_entropy import add_cross_entropy, blockwise, rows_at_once


def distilled_cross_entropy(
    hidden: Tensor,
    weight: Tensor,
    labels: Tensor,
    taught: Taught,
    share: float,
    temperature: float,
    smoothing: float,
) -> Tensor:
    """Return the scalar sum (fp32) of (1 - share) * cross-entropy + share * temperature^2 * divergence.

    temperature^2 keeps the size of the divergence's gradient where the temperature changes (Hinton et al. 2015,
    arXiv:1503.02531).

    Args:
        hidden: [S, D] hidden states that predict the labels.
        weight: [V, D] of the head, which has no bias.
        labels: [S] token ids.
        taught: the teacher's distributions at the same temperature.
        share: of the divergence, in [0, 1].
        temperature: of both distributions.
        smoothing: of the labels, in [0, 1).
    """

    def replaced(logits: Tensor, block: slice) -> Tensor:
        total, hard = logits.new_zeros((), dtype=torch.float32), logits.new_zeros((), dtype=torch.float32)
        parts = (logits, labels[block], taught.ids[block], taught.log_probabilities[block], taught.rest[block])
        at_once = rows_at_once(logits)
        for low, wanted, *lesson in zip(*(torch.split(part, at_once) for part in parts), strict=True):
            rows, teacher = low.float(), Taught(*lesson)
            scaled = rows / temperature
            total += share * temperature**2 * divergences(scaled, teacher).sum()
            gradient = share * temperature * _gradient(scaled, teacher)
            gradient += (1 - share) * add_cross_entropy(hard, rows, wanted, smoothing)
            low.copy_(gradient)
        return total + (1 - share) * hard

    return blockwise(hidden, weight, replaced)


def divergences(scaled: Tensor, taught: Taught) -> Tensor:
    """Return [S] the divergence (nats) at each place; differentiable.

    Args:
        scaled: [S, V] the student's logits over the temperature, fp32.
        taught: the teacher's distributions.
    """
    known, rest = _masses(taught)
    norm = scaled.logsumexp(dim=1)
    log_known = scaled.gather(1, taught.ids) - norm[:, None]
    log_rest = scaled.scatter(1, taught.ids, -torch.inf).logsumexp(dim=1) - norm
    within = known * (known.clamp_min(_TINY).log() - log_known)
    return within.sum(dim=1) + rest * (rest.clamp_min(_TINY).log() - log_rest)


_TINY = 1e-38  # a mass of zero contributes nothing


def _gradient(scaled: Tensor, taught: Taught) -> Tensor:
    """Return [S, V] the divergence's gradient: q - p for a known token, q - p_rest * q / q_rest for each other."""
    known, rest = _masses(taught)
    others = scaled.scatter(1, taught.ids, -torch.inf).softmax(dim=1)
    gradient = scaled.softmax(dim=1) - rest[:, None] * others
    return gradient.scatter_add_(1, taught.ids, -known)


def _masses(taught: Taught) -> tuple[Tensor, Tensor]:
    """Return the teacher's masses [S, k] and [S], which sum to 1: what fp16 rounded away is shared out."""
    known, rest = taught.log_probabilities.exp(), taught.rest.exp()
    total = known.sum(dim=1) + rest
    return known / total[:, None], rest / total

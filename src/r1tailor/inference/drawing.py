"""One token of a distribution: the likeliest, or drawn from its nucleus."""

from collections.abc import Sequence

import torch

from r1tailor.inference.sampling import Sampling


def drawn(logits: torch.Tensor, sampling: Sampling, numbers: Sequence[float]) -> torch.Tensor:
    """Return [B] the next token of each row.

    A number is looked up in the row's distribution function, in the order of the vocabulary, so that rounding, which
    differs with what is computed together, moves a draw only where it lies on a boundary.

    Args:
        logits: [B, V].
        sampling: greedy, or temperature and nucleus.
        numbers: of each row, in [0, 1); not read where nothing is drawn.
    """
    if sampling.greedy:
        return logits.argmax(-1)
    probabilities = (logits.double() / sampling.temperature).softmax(-1)
    if sampling.top_p < 1:
        ordered, order = torch.sort(probabilities, dim=-1, descending=True, stable=True)
        outside = ordered.cumsum(-1) - ordered >= sampling.top_p
        probabilities = probabilities.masked_fill(outside.gather(-1, order.argsort(-1)), 0.0)
    below = probabilities.cumsum(-1)
    wanted = torch.tensor(numbers, dtype=torch.double, device=logits.device).unsqueeze(-1) * below[..., -1:]
    return torch.searchsorted(below, wanted, right=True).squeeze(-1).clamp(max=logits.shape[-1] - 1)

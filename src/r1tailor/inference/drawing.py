"""One token of a distribution: the likeliest, or drawn from its nucleus."""

from collections.abc import Sequence

import torch

from r1tailor.inference.sampling import Sampling

_LIKELIEST = 1024  # tokens among which a nucleus is looked for first


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
        return logits.max(-1).indices  # as argmax, which takes four times as long in bf16
    probabilities = (logits.double() / sampling.temperature).softmax(-1)
    if sampling.top_p < 1:
        probabilities = probabilities.masked_fill(~_nucleus(probabilities, sampling.top_p), 0.0)
    below = probabilities.cumsum(-1)
    wanted = torch.tensor(numbers, dtype=torch.double, device=logits.device).unsqueeze(-1) * below[..., -1:]
    return torch.searchsorted(below, wanted, right=True).squeeze(-1).clamp(max=logits.shape[-1] - 1)


def _nucleus(probabilities: torch.Tensor, top_p: float) -> torch.Tensor:
    """Return [B, V] which tokens are in the smallest set with a probability; of equals those that come first.

    A nucleus rarely holds a thousand tokens, and the whole vocabulary need not be sorted then.
    """
    words = probabilities.shape[-1]
    ordered = probabilities.topk(min(_LIKELIEST, words), dim=-1).values
    inside = ordered.cumsum(-1) - ordered < top_p
    if len(ordered.T) < words and inside[:, -1].any():
        ordered = probabilities.sort(dim=-1, descending=True).values
        inside = ordered.cumsum(-1) - ordered < top_p
    count = inside.sum(-1, keepdim=True)
    least = ordered.gather(-1, count - 1)
    above, equal = probabilities > least, probabilities == least
    return above | (equal & (equal.cumsum(-1) <= count - above.sum(-1, keepdim=True)))

"""Attention over keys that lie in several places: each part by itself, then merged by the weight that its keys had.

Softmax over all keys is that of each part, weighed by the softmax of the parts' logarithms of summed exponentials
(Milakov and Gimelshein 2018, arXiv:1805.02867). On a CPU torch's fused kernel gives both; where it cannot be used (a
GPU, values of another width than keys) the same is computed in fp32.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Part:
    """What queries found among some of the keys.

    Attributes:
        output: [B, K, G, e].
        weight: [B, K, G] in fp32, the logarithm of the summed exponentials of the scores.
    """

    output: Tensor
    weight: Tensor


def part(query: Tensor, keys: Tensor, values: Tensor, scaling: float, mask: Tensor | None) -> Part:
    """Attend to some of the keys.

    Args:
        query: [B, K, G, d].
        keys: [B, K, P, d].
        values: [B, K, P, e].
        scaling: factor on the scores.
        mask: ``masked``, broadcast to [B, K, G, P]; None where every key is attended to.
    """
    if query.is_cpu and keys.shape[-1] == values.shape[-1]:
        fused: Any = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
        return Part(*fused(query, keys, values, attn_mask=mask, scale=scaling))
    scores = (query @ keys.transpose(-1, -2)).float() * scaling
    if mask is not None:
        scores = scores + mask
    weight = scores.logsumexp(-1)
    return Part((scores - weight[..., None]).exp().to(values.dtype) @ values, weight)


def masked(hidden: Tensor, dtype: torch.dtype) -> Tensor:
    """Return what is added to scores: 0, and where a key is hidden a number that no score makes up for.

    Not infinity, which would give NaN where all keys of a part are hidden: of such a part nothing is left when it is
    merged.
    """
    zeros = torch.zeros(hidden.shape, dtype=dtype, device=hidden.device)
    return zeros.masked_fill_(hidden, torch.finfo(dtype).min / 2)


def merged(parts: Sequence[Part]) -> Tensor:
    """Return [B, K, G, e], in the dtype of the parts: as if all their keys had been one part's."""
    shares = torch.stack([one.weight for one in parts], -1).softmax(-1)
    output = parts[0].output.float() * shares[..., :1]
    for number, one in enumerate(parts[1:], start=1):
        output.addcmul_(one.output.float(), shares[..., number, None])
    return output.to(parts[0].output.dtype)

"""Attention over packed rows of a shared prefix and a rectangle of examples.

Registered with transformers' ``AttentionInterface`` under ``shared_prefix``: no model code is touched. The
prefix attends causally to itself. The rectangle becomes one batched product of all queries with the prefix's
keys, and small products within each example; query heads that share a key-value head are folded together.
Softmax runs in fp32. The result equals causal attention over each example alone (prefix and tail).
"""

from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface

from r1tailor.curriculum.packing import MicroBatch

SHARED_PREFIX = "shared_prefix"


def unwrapped(model: nn.Module) -> Any:  # noqa: ANN401  (transformers and peft are untyped)
    """Return the transformers model inside a peft model, or the model itself."""
    return getattr(model, "get_base_model", lambda: model)()


def layout(batch: MicroBatch) -> dict[str, int]:
    """Return the keyword arguments of a model's forward that describe a packed row to the attention."""
    return {"shared_prefix": batch.prefix, "packed_examples": batch.examples}


def shared_prefix_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float,
    dropout: float = 0.0,
    *,
    shared_prefix: int,
    packed_examples: int,
    **_: Any,  # noqa: ANN401  (what other implementations need)
) -> tuple[Tensor, None]:
    """Attend within one packed row.

    Args:
        module: the attention layer (its settings are not needed here).
        query: [1, H, T, d].
        key: [1, K, T, d] with H a multiple of K.
        value: [1, K, T, e].
        attention_mask: None; the layout says it all.
        scaling: factor on the scores.
        dropout: probability; only 0 is supported, as in every model of the family.
        shared_prefix: P, leading positions that all examples share.
        packed_examples: E, with T = P + E * n.

    Returns:
        [1, T, H, e] and None (no weights).
    """
    if dropout:
        raise ValueError("attention dropout is not supported over packed rows")
    prefix, rectangle = [], slice(shared_prefix, None)
    if shared_prefix:
        head = slice(0, shared_prefix)
        grouped = query.shape[1] != key.shape[1]
        attended = F.scaled_dot_product_attention(
            query[:, :, head], key[:, :, head], value[:, :, head], is_causal=True, scale=scaling, enable_gqa=grouped
        )
        prefix = [attended.transpose(1, 2)]
    tail = _attend_rectangle(
        query[0, :, rectangle] * scaling,
        key[0, :, rectangle],
        value[0, :, rectangle],
        key[0, :, :shared_prefix],
        value[0, :, :shared_prefix],
        packed_examples,
    )
    return torch.cat([*prefix, tail], dim=1), None


def _attend_rectangle(
    query: Tensor, key: Tensor, value: Tensor, prefix_key: Tensor, prefix_value: Tensor, examples: int
) -> Tensor:
    """Return [1, E * n, H, e] from queries [H, E * n, d] over the prefix [K, P, d] and each example's own keys."""
    heads, kv_heads, prefix = query.shape[0], key.shape[0], prefix_key.shape[1]
    group, width = heads // kv_heads, key.shape[1] // examples
    folded = query.view(kv_heads, group, examples, width, -1).transpose(1, 2).reshape(kv_heads, -1, query.shape[-1])
    own_key = key.reshape(kv_heads * examples, width, -1)
    own_value = value.reshape(kv_heads * examples, width, -1)
    own = torch.bmm(folded.view(kv_heads * examples, group * width, -1), own_key.transpose(1, 2))
    own = own.view(-1, group, width, width).masked_fill(_future(width, own.device), float("-inf"))
    own = own.view(kv_heads * examples, group * width, width)
    shared = torch.bmm(folded, prefix_key.transpose(1, 2)).view(kv_heads * examples, group * width, prefix)
    weights = torch.cat([shared, own], dim=-1).softmax(-1, dtype=torch.float32).to(value.dtype)
    attended = torch.bmm(weights[..., prefix:], own_value)
    if prefix:
        on_prefix = weights[..., :prefix].reshape(kv_heads, -1, prefix)
        attended = attended + torch.bmm(on_prefix, prefix_value).view_as(attended)
    attended = attended.view(kv_heads, examples, group, width, -1).permute(1, 3, 0, 2, 4)
    return attended.reshape(1, examples * width, heads, -1)


@lru_cache(maxsize=256)
def _future(width: int, device: torch.device) -> Tensor:
    """Return [n, n], true where a key lies after its query."""
    return torch.ones(width, width, dtype=torch.bool, device=device).triu(1)


def register() -> None:
    """Make ``attn_implementation="shared_prefix"`` known to transformers."""
    AttentionInterface.register(SHARED_PREFIX, shared_prefix_attention)
    AttentionMaskInterface.register(SHARED_PREFIX, lambda *_, **__: None)


register()

"""Attention over packed rows: shared prefixes, then rectangles of examples.

Registered with transformers' ``AttentionInterface`` under ``packed_rows``: no model code is touched. Each
segment of a row attends causally to itself and wholly to the segments of its context. The result equals causal
attention over each example alone. The implementation is chosen by shape: short sequences as batched matrix products, in
which query heads that share a key-value head are folded together and softmax runs in fp32; long ones through
``scaled_dot_product_attention``, which never holds all scores.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface

from r1tailor.batching.packing import MicroBatch, Segment
from r1tailor.kernels.short_attention import attend_by_products

PACKED_ROWS = "packed_rows"
_LONG = 128  # positions of a sequence from which on scores are no longer held whole


def unwrapped(model: nn.Module) -> Any:  # noqa: ANN401  (transformers and peft are untyped)
    """Return the transformers model inside a peft model, or the model itself."""
    return getattr(model, "get_base_model", lambda: model)()


def layout(batch: MicroBatch) -> dict[str, tuple[Segment, ...]]:
    """Return the keyword arguments of a model's forward that describe a packed row to the attention."""
    return {"packed_segments": batch.segments}


def packed_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float,
    dropout: float = 0.0,
    *,
    packed_segments: Sequence[Segment],
    **_: Any,  # noqa: ANN401  (what other implementations need)
) -> tuple[Tensor, None]:
    """Attend within one packed row.

    Args:
        module: the attention layer (its settings are not needed here).
        query: [1, H, T, d].
        key: [1, K, T, d] with H a multiple of K.
        value: [1, K, T, e].
        attention_mask: None; the segments define the mask.
        scaling: factor on the scores.
        dropout: probability; only 0 is supported, as in every model of the family.
        packed_segments: the row from its start on; positions after the last one are filler and get zeros.

    Returns:
        [1, T, H, e] and None (no weights).
    """
    if dropout:
        raise ValueError("attention dropout is not supported over packed rows")
    if all(segment.width < _LONG for segment in packed_segments):
        return attend_by_products(query[0], key[0], value[0], packed_segments, scaling)[None], None
    lengths = [segment.examples * segment.width for segment in packed_segments]
    filler = query.shape[2] - sum(lengths)
    queries, keys, values = (torch.split(tensor[0], [*lengths, filler], dim=1) for tensor in (query, key, value))
    attended = []
    for number, segment in enumerate(packed_segments):
        context_keys, context_values = ([parts[c] for c in segment.context] for parts in (keys, values))
        attended.append(
            _by_kernel(queries[number], keys[number], values[number], context_keys, context_values, segment, scaling)
        )
    if filler:
        attended.append(value.new_zeros(filler, query.shape[1], value.shape[3]))
    return torch.cat(attended)[None], None


def _by_kernel(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    context_keys: Sequence[Tensor],
    context_values: Sequence[Tensor],
    segment: Segment,
    scaling: float,
) -> Tensor:
    """Return [E * n, H, e] from queries [H, E * n, d] over own keys [K, E * n, d] and contexts [K, P, d] each.

    The kernel never holds [E, H, n, P + n] scores.
    """
    examples, width = segment.examples, segment.width
    own_query, own_key, own_value = (
        part.reshape(part.shape[0], examples, width, -1).transpose(0, 1) for part in (query, key, value)
    )
    before = sum(part.shape[1] for part in context_keys)
    mask = None
    if before:
        own_key, own_value = (
            torch.cat([*(part.expand(examples, *part.shape) for part in parts), own], dim=2)
            for parts, own in ((context_keys, own_key), (context_values, own_value))
        )
        mask = torch.ones(width, before + width, dtype=torch.bool, device=query.device).tril(before)
    attended = F.scaled_dot_product_attention(
        own_query, own_key, own_value, mask, is_causal=not before, scale=scaling,
        enable_gqa=query.shape[0] != key.shape[0],
    )  # fmt: skip
    return attended.permute(0, 2, 1, 3).reshape(examples * width, query.shape[0], -1)


def register() -> None:
    """Make ``attn_implementation="packed_rows"`` known to transformers."""
    AttentionInterface.register(PACKED_ROWS, packed_attention)
    AttentionMaskInterface.register(PACKED_ROWS, lambda *_, **__: None)


register()

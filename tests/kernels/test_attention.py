"""Attention over packed rows."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import LlamaConfig
from transformers.masking_utils import (
    create_bidirectional_mask,
    create_causal_mask,
    create_chunked_causal_mask,
    create_sliding_window_causal_mask,
)

from r1tailor.batching.packing import Segment
from r1tailor.kernels.attention import PACKED_ROWS, UnsupportedAttentionError, Window, packed_attention


def test_attention_dropout_is_refused() -> None:
    x = torch.zeros(1, 2, 8, 4)
    with pytest.raises(ValueError, match="attention dropout is not supported"):
        packed_attention(nn.Module(), x, x, x, None, 1.0, dropout=0.1, packed_segments=[Segment(1, 8, ())])


def test_an_argument_that_is_not_understood_is_refused() -> None:
    x, rows = torch.zeros(1, 2, 8, 4), [Segment(1, 8, ())]
    packed_attention(
        nn.Module(), x, x, x, None, 1.0, packed_segments=rows, position_ids=x, sliding_window=3, s_aux=None
    )
    for name in ("s_aux", "softcap", "position_bias", "anything"):
        with pytest.raises(UnsupportedAttentionError, match=f"does not know the argument {name}"):
            packed_attention(nn.Module(), x, x, x, None, 1.0, packed_segments=rows, **{name: x})
    with pytest.raises(UnsupportedAttentionError, match="not causal"):
        packed_attention(nn.Module(), x, x, x, None, 1.0, packed_segments=rows, is_causal=False)
    with pytest.raises(UnsupportedAttentionError, match="does not hand on"):
        packed_attention(nn.Module(), x, x, x, None, 1.0)
    with pytest.raises(UnsupportedAttentionError, match="other than causal"):
        packed_attention(nn.Module(), x, x, x, torch.ones(1, 1, 8, 8), 1.0, packed_segments=rows)


CONFIG = LlamaConfig(attn_implementation=PACKED_ROWS)
ROW: dict[str, Any] = {
    "config": CONFIG, "inputs_embeds": torch.zeros(1, 6, 4), "attention_mask": None, "past_key_values": None,
    "position_ids": torch.tensor([[0, 1, 2, 1, 2, 3]]),
}  # fmt: skip


def test_a_mask_is_causal_or_a_window() -> None:
    assert create_causal_mask(**ROW) is None
    CONFIG.sliding_window = 3
    assert create_sliding_window_causal_mask(**ROW) == Window(3)


def test_any_other_mask_is_refused() -> None:
    CONFIG.attention_chunk_size = 3
    with pytest.raises(UnsupportedAttentionError, match="of kind chunked_overlay"):
        create_chunked_causal_mask(**ROW)
    with pytest.raises(UnsupportedAttentionError, match="of kind bidirectional_mask_function"):
        create_bidirectional_mask(CONFIG, ROW["inputs_embeds"], None)
    with pytest.raises(UnsupportedAttentionError, match="mask of padding"):
        create_causal_mask(**ROW | {"attention_mask": torch.ones(1, 6)})
    with pytest.raises(UnsupportedAttentionError, match="of kind or_masks"):
        create_causal_mask(**ROW, or_mask_function=lambda *_: torch.tensor(True))
    with pytest.raises(UnsupportedAttentionError, match="of kind every_other"):
        create_causal_mask(**ROW, and_mask_function=every_other)


def every_other(_: Tensor, __: Tensor, query: Tensor, key: Tensor) -> Tensor:
    return (query - key) % 2 == 0


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize("window", [1, 2, 5, 9, 12, 500, None])
def test_a_window_counts_by_position_over_shared_prefixes(window: int | None, long: bool) -> None:
    """Two levels of prefixes, rectangles of several examples, filler: as each example alone, with gradients."""
    tail = 130 if long else 4
    segments = [
        Segment(1, 6, ()),
        Segment(1, 5, (0,)),
        Segment(2, tail, (0, 1)),
        Segment(3, 3, (0,)),
        Segment(1, 7, ()),
    ]
    length = sum(part.examples * part.width for part in segments) + 2
    generator = torch.Generator().manual_seed(5)
    shapes = ((1, 4, length, 8), (1, 2, length, 8), (1, 2, length, 6))
    ours = [torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_() for shape in shapes]
    theirs = [tensor.detach().clone().requires_grad_() for tensor in ours]
    mask = None if window is None else Window(window)
    found, _ = packed_attention(nn.Module(), *ours, mask, 0.5, packed_segments=segments)
    expected = one_at_a_time(*theirs, segments, window)
    close = {"rtol": 1e-5, "atol": 1e-6}  # the softmax of short sequences is fp32
    torch.testing.assert_close(found[0, :-2], expected[0, :-2], **close)
    assert not found[0, -2:].any()
    pairs = (
        torch.autograd.grad(result[0, :-2].sin().sum(), given) for result, given in ((found, ours), (expected, theirs))
    )
    for one, other in zip(*pairs, strict=True):
        torch.testing.assert_close(one, other, **close)


def one_at_a_time(query: Tensor, key: Tensor, value: Tensor, segments: list[Segment], window: int | None) -> Tensor:
    result = torch.zeros(1, query.shape[2], query.shape[1], value.shape[3], dtype=value.dtype)
    places: list[range] = []
    start = 0
    for segment in segments:
        own = range(start, start + segment.examples * segment.width)
        for first in own[:: segment.width]:
            mine = range(first, first + segment.width)
            seen = [place for number in segment.context for place in places[number]] + list(mine)
            keys, values = (part[0, :, seen].repeat_interleave(2, 0) for part in (key, value))
            scores = 0.5 * query[0, :, mine.start : mine.stop] @ keys.transpose(1, 2)
            distance = torch.arange(len(seen) - len(mine), len(seen))[:, None] - torch.arange(len(seen))
            hidden = (distance < 0) | (distance >= (window or len(seen)))
            attended = scores.masked_fill(hidden, float("-inf")).softmax(-1) @ values
            result[0, mine.start : mine.stop] = attended.transpose(0, 1)
        places.append(own)
        start = own.stop
    return result

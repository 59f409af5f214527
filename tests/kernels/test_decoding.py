"""Attention over what is kept equals attention over the whole sequence."""

from itertools import pairwise
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from r1tailor.batching.packing import Segment
from r1tailor.kernels.attention import UnsupportedAttentionError
from r1tailor.kernels.decoding import Piece, Prefill, Sharers, Step, decoding_attention
from r1tailor.kernels.key_values import Beginning, LayerShape, Slots

HEADS, GROUPS, KEY, VALUE = 2, 3, 8, 6
SCALING = 0.3


def whole(query: Tensor, key: Tensor, value: Tensor, window: int | None) -> Tensor:
    """Return [T, H, e]: causal attention over one sequence, in plain operations."""
    length = query.shape[1]
    mask = torch.ones(length, length, dtype=torch.bool).tril()
    if window is not None:
        mask = mask.triu(1 - window)
    repeated = (part.repeat_interleave(GROUPS, 0) for part in (key, value))
    return F.scaled_dot_product_attention(query, *repeated, mask, scale=SCALING).transpose(0, 1)


@pytest.mark.parametrize("window", [None, 7, 3])
@pytest.mark.parametrize("sharing", ["all", "some", "none"])
def test_steps_over_what_is_kept_equal_the_whole_sequence(sharing: str, window: int | None) -> None:
    torch.manual_seed(1)
    outer, inner, tails = 9, 5, (4, 1, 6)
    shares = {"all": (14, 14, 14), "some": (14, 9, 0), "none": (0, 0, 0)}[sharing]
    lengths = [shared + tail + 3 for shared, tail in zip(shares, tails, strict=True)]
    width = max(lengths)
    query, key, value = torch.randn(6, width, KEY), torch.randn(2, width, KEY), torch.randn(2, width, VALUE)
    own = [(torch.randn(2, width, KEY), torch.randn(2, width, VALUE)) for _ in tails]
    sequences = [
        (torch.cat([key[:, :s], k[:, : n - s]], 1), torch.cat([value[:, :s], v[:, : n - s]], 1))
        for s, n, (k, v) in zip(shares, lengths, own, strict=True)
    ]
    kept = (Beginning(0, outer), Beginning(outer, inner))
    for beginning, (start, end) in zip(kept, pairwise((0, outer, outer + inner)), strict=True):
        beginning.keep(key[:, start:end], value[:, start:end])
    contexts: dict[int, tuple[Beginning, ...]] = {14: kept, 9: kept[:1], 0: ()}
    slots = Slots([LayerShape(HEADS, KEY, VALUE)], 3, 32, query)
    for row, (shared, (k, v)) in enumerate(zip(shares, sequences, strict=True)):
        tail = tails[row]
        places = torch.arange(tail)
        parts = (part[:, shared : shared + tail].transpose(0, 1) for part in (k, v))
        slots.write(0, torch.full((tail,), row), places, *parts)
    groups: dict[int, list[int]] = {}
    for row, shared in enumerate(shares):
        groups.setdefault(shared, []).append(row)
    sharers = [Sharers(torch.tensor(members), contexts[shared]) for shared, members in groups.items()]
    for number in range(3):
        places = torch.tensor([tail + number for tail in tails])
        positions = places + torch.tensor(shares)
        newest = [[part[:, at] for part in pair] for pair, at in zip(sequences, positions.tolist(), strict=True)]
        asked = query[:, positions]
        step = Step(slots, places, 16, sharers, positions)
        now_key, now_value = (torch.stack([one[k] for one in newest], 1) for k in (0, 1))
        found = step.attend(0, asked, now_key, now_value, SCALING, window)
        for row, ((k, v), at) in enumerate(zip(sequences, positions.tolist(), strict=True)):
            expected = whole(query[:, : at + 1], k[:, : at + 1], v[:, : at + 1], window)[at]
            assert torch.allclose(found[row], expected, atol=1e-5)


@pytest.mark.parametrize("window", [None, 4])
def test_a_row_after_kept_tokens_equals_the_whole_sequence(window: int | None) -> None:
    torch.manual_seed(2)
    before, after = 10, 7
    length = before + after
    query, key, value = torch.randn(6, length, KEY), torch.randn(2, length, KEY), torch.randn(2, length, VALUE)
    kept = Beginning(0, before)
    kept.keep(key[:, :before], value[:, :before])
    slots = Slots([LayerShape(HEADS, KEY, VALUE)], 1, 8, query)
    numbers = torch.arange(after)
    row = Prefill([Piece((Segment(1, after, ()),), (kept,))], slots, numbers, torch.zeros(after, dtype=int), numbers)  # type: ignore[call-overload]
    filler = torch.zeros(1, 3, 1)
    parts = [
        torch.cat([part[:, before:], filler.expand(len(part), 3, part.shape[2])], 1) for part in (query, key, value)
    ]
    found = row.attend(0, *parts, SCALING, window)
    assert torch.allclose(found[:after], whole(query, key, value, window)[before:], atol=1e-5)
    assert not found[after:].any()
    assert torch.equal(slots.keys[0][0, :, :after], key[:, before:])


@pytest.mark.parametrize("options", [{"s_aux": torch.zeros(6)}, {"softcap": 50.0}, {"dropout": 0.1}, {}])
def test_what_is_not_understood_is_refused(options: dict[str, Any]) -> None:
    layer, one = nn.Identity(), torch.zeros(1, 2, 1, 4)
    layer.layer_idx = 0
    reading = {"reading": object()} if options else {}
    with pytest.raises(UnsupportedAttentionError):
        decoding_attention(layer, one, one, one, None, 1.0, **options, **reading)

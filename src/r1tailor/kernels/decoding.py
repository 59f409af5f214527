"""Attention while answers are written: over what is kept of the tokens before, without copying it.

Registered with transformers' ``AttentionInterface`` under ``decoding``: a model's own code computes everything else.
``Prefill`` reads prompts as packed rows and keeps their keys and values; ``Step`` reads one token of each sequence.
A shared beginning is attended to by all sequences that share it at once, what is a sequence's own by itself
(``partial_attention``). Query heads that share a key-value head are folded together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface

from r1tailor.batching.packing import Segment
from r1tailor.kernels.attention import UnsupportedAttentionError, Window, reach, refuse_unknown, row_mask
from r1tailor.kernels.key_values import Beginning, LayerShape, Slots
from r1tailor.kernels.partial_attention import Part, masked, merged, part

DECODING = "decoding"


class Reading(Protocol):
    """What the attention layers of one forward pass attend to."""

    def attend(
        self, layer: int, query: Tensor, key: Tensor, value: Tensor, scaling: float, window: int | None
    ) -> Tensor:
        """Return [T, H, e] from queries [H, T, d], keys [K, T, d] and values [K, T, e] of one layer.

        Args:
            layer: its number.
            query: of the tokens that are read.
            key: of the same tokens.
            value: of the same tokens.
            scaling: factor on the scores.
            window: how many positions back a query reaches, itself included; None for all.
        """
        ...


def decoding_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Window | None,
    scaling: float,
    dropout: float = 0.0,
    *,
    reading: Reading | None = None,
    **options: Any,  # noqa: ANN401
) -> tuple[Tensor, None]:
    """Attend as ``reading`` says, in one layer: [1, H, T, d], [1, K, T, d], [1, K, T, e] -> [1, T, H, e] and None.

    Raises:
        UnsupportedAttentionError: the layer wants more than is computed here.
    """
    if reading is None or dropout:
        raise UnsupportedAttentionError("dropout" if dropout else "the model does not hand on what is read")
    refuse_unknown(options)
    layer: Any = module.layer_idx
    return reading.attend(layer, query[0], key[0], value[0], scaling, reach(attention_mask))[None], None


@dataclass
class Shapes:
    """A first forward pass of one token, which tells the shapes of all layers' keys and values.

    Attributes:
        found: by the layer's number.
        like: an empty tensor of their dtype, on their device.
    """

    found: dict[int, LayerShape]
    like: Tensor | None = None

    def attend(
        self, layer: int, query: Tensor, key: Tensor, value: Tensor, scaling: float, window: int | None
    ) -> Tensor:
        """See ``Reading``; a token alone attends to itself."""
        self.found[layer] = LayerShape(key.shape[0], key.shape[2], value.shape[2])
        self.like = value.new_empty(0)
        group = query.shape[0] // key.shape[0]
        return value.repeat_interleave(group, dim=0).transpose(0, 1)


@dataclass(frozen=True)
class Piece:
    """A part of a packed row, whose sequences all begin with the same kept tokens.

    Attributes:
        segments: of the part, from its start on; contexts count within it.
        context: kept beginnings that all of its sequences attend to, the outermost first.
        keeps: beginnings that the part's tokens are kept as, and where these stand in the row.
    """

    segments: tuple[Segment, ...]
    context: tuple[Beginning, ...]
    keeps: tuple[tuple[Beginning, Tensor], ...] = ()

    @property
    def length(self) -> int:
        """How many positions of the row it takes."""
        return sum(segment.examples * segment.width for segment in self.segments)


@dataclass(frozen=True)
class Prefill:
    """A packed row of prompts that is read, and where its keys and values are kept.

    Attributes:
        pieces: the row from its start on; positions after the last one are filler.
        slots: of the sequences.
        sources: [n] positions of the row that are kept in slots.
        rows: [n] the slot of each.
        places: [n] the place in it.
    """

    pieces: Sequence[Piece]
    slots: Slots
    sources: Tensor
    rows: Tensor
    places: Tensor

    def attend(
        self, layer: int, query: Tensor, key: Tensor, value: Tensor, scaling: float, window: int | None
    ) -> Tensor:
        """See ``Reading``."""
        output = value.new_empty(query.shape[1], query.shape[0], value.shape[2])
        start = 0
        for piece in self.pieces:
            part = slice(start, start + piece.length)
            parts = (query[:, part], key[:, part], value[:, part])
            _attend_piece(output[part], piece, layer, parts, scaling, window)
            for beginning, positions in piece.keeps:
                beginning.keep(key[:, positions], value[:, positions])
            start = part.stop
        output[start:] = 0
        if len(self.sources):
            kept = (tensor[:, self.sources].transpose(0, 1) for tensor in (key, value))
            self.slots.write(layer, self.rows, self.places, *kept)
        return output


def _attend_piece(
    output: Tensor,
    piece: Piece,
    layer: int,
    parts: tuple[Tensor, Tensor, Tensor],
    scaling: float,
    window: int | None,
) -> None:
    """Write [T', H, e] from the queries, keys and values of a piece's T' positions."""
    query, key, value = parts
    ends = list(accumulate(segment.examples * segment.width for segment in piece.segments))
    places = [slice(end - s.examples * s.width, end) for end, s in zip(ends, piece.segments, strict=True)]
    kept_keys = [beginning.keys[layer] for beginning in piece.context]
    kept_values = [beginning.values[layer] for beginning in piece.context]
    for segment, place in zip(piece.segments, places, strict=True):
        keys = [*kept_keys, *(key[:, places[number]] for number in segment.context)]
        values = [*kept_values, *(value[:, places[number]] for number in segment.context)]
        own = (query[:, place], key[:, place], value[:, place])
        output[place] = _attend_segment(segment, own, keys, values, scaling, window)


def _attend_segment(
    segment: Segment,
    own: tuple[Tensor, Tensor, Tensor],
    keys: Sequence[Tensor],
    values: Sequence[Tensor],
    scaling: float,
    window: int | None,
) -> Tensor:
    """Return [E * n, H, e] from own [heads, E * n, d] each, over contexts [K, P, d] and [K, P, e] each and itself."""
    examples, width = segment.examples, segment.width
    query, key, value = (part.reshape(part.shape[0], examples, width, -1).transpose(0, 1) for part in own)
    before = sum(part.shape[1] for part in keys)
    if before:
        key = torch.cat([*(part.expand(examples, *part.shape) for part in keys), key], dim=2)
        value = torch.cat([*(part.expand(examples, *part.shape) for part in values), value], dim=2)
    mask = None
    if before or (window is not None and window < width):
        mask = torch.ones(width, before + width, dtype=torch.bool, device=query.device).tril(before)
        if window is not None:
            mask = mask.triu(before - window + 1)
    attended = F.scaled_dot_product_attention(
        query, key, value, mask, is_causal=mask is None, scale=scaling, enable_gqa=query.shape[1] != key.shape[1]
    )
    return attended.permute(0, 2, 1, 3).reshape(examples * width, query.shape[1], -1)


@dataclass(frozen=True)
class Sharers:
    """Sequences whose prompts begin with the same kept tokens.

    Attributes:
        rows: which of the B sequences: a slice, or [b] their numbers.
        context: the kept beginnings, the outermost first.
    """

    rows: slice | Tensor
    context: tuple[Beginning, ...]


class Step:
    """One token of each of B sequences, which take the first B slots.

    Args:
        slots: of the sequences.
        places: [B] where the token's keys and values go, which is how many the slot holds.
        width: how many places of the slots are read; more than every one of ``places``.
        sharers: all B sequences, by what they share.
        positions: [B] of the tokens; read where a layer has a window.
    """

    def __init__(self, slots: Slots, places: Tensor, width: int, sharers: Sequence[Sharers], positions: Tensor) -> None:
        self._slots, self._places, self._width = slots, places, width
        self._sharers, self._positions = sharers, positions
        self._rows = torch.arange(len(places), device=places.device)
        self._masks: dict[int | None, Tensor] = {}

    def attend(
        self, layer: int, query: Tensor, key: Tensor, value: Tensor, scaling: float, window: int | None
    ) -> Tensor:
        """See ``Reading``."""
        count, heads = len(self._places), key.shape[0]
        self._slots.write(layer, self._rows, self._places, key.transpose(0, 1), value.transpose(0, 1))
        keys, values = (kept[layer][:count, :, : self._width] for kept in (self._slots.keys, self._slots.values))
        folded = query.view(heads, -1, count, query.shape[2]).permute(2, 0, 1, 3)  # [B, K, G, d]
        own = part(folded, keys, values, scaling, self._mask(window, query.dtype))
        output = own.output
        for one in self._sharers:
            if one.context:
                mine = Part(own.output[one.rows], own.weight[one.rows])
                shared = (self._shared(folded[one.rows], at, one.rows, layer, scaling, window) for at in one.context)
                output[one.rows] = merged([mine, *shared])
        return output.reshape(count, query.shape[0], -1)

    def _mask(self, window: int | None, dtype: torch.dtype) -> Tensor:
        """Return [B, 1, 1, width], which hides places that are empty yet or out of reach."""
        if window not in self._masks:
            numbers = torch.arange(self._width, device=self._places.device)
            hidden = numbers > self._places[:, None]
            if window is not None:
                hidden = hidden | (numbers <= self._places[:, None] - window)
            self._masks[window] = masked(hidden[:, None, None], dtype)
        return self._masks[window]

    def _shared(
        self,
        query: Tensor,
        beginning: Beginning,
        rows: slice | Tensor,
        layer: int,
        scaling: float,
        window: int | None,
    ) -> Part:
        """Attend to a shared beginning, from queries [b, K, G, d]: all rows at once, as one sequence of queries."""
        count, heads, group, _ = query.shape
        mask = None
        if window is not None:
            positions = torch.arange(beginning.start, beginning.start + beginning.length, device=query.device)
            far = positions <= self._positions[rows][:, None] - window
            mask = masked(far.repeat_interleave(group, 0), query.dtype)
        tall = query.transpose(0, 1).reshape(1, heads, count * group, -1)
        found = part(tall, beginning.keys[layer][None], beginning.values[layer][None], scaling, mask)
        output = found.output.reshape(heads, count, group, -1).transpose(0, 1)
        return Part(output, found.weight.reshape(heads, count, group).transpose(0, 1))


def register() -> None:
    """Make ``attn_implementation="decoding"`` known to transformers."""
    AttentionInterface.register(DECODING, decoding_attention)
    AttentionMaskInterface.register(DECODING, row_mask)


register()

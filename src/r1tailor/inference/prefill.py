"""Prompts read as packed rows: shared beginnings once, their keys and values kept, the rest of each into its slot.

A part that several prompts share is read when the first of them is, and kept until the last one has its answer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import torch
from torch import Tensor

from r1tailor.batching.packing import MicroBatch, pack
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.kernels.decoding import Piece, Prefill
from r1tailor.kernels.key_values import Beginning, Slots


@dataclass(frozen=True)
class Part:
    """A run of tokens to read.

    Attributes:
        tokens: the prompt from ``start`` on, without a response.
        start: how many tokens of the prompt stand before it, all kept.
        context: as these beginnings, the outermost first.
        into: where its keys and values go: a beginning, or a slot by its number.
    """

    tokens: TokenizedExample
    start: int
    context: tuple[Beginning, ...]
    into: Beginning | int


@dataclass(frozen=True)
class Row:
    """A packed row.

    Attributes:
        batch: its tokens and positions; windows included.
        reading: what its attention attends to and keeps.
        last: [n] the place of the last token of each part that goes into a slot.
        slots: the slots of these.
    """

    batch: MicroBatch
    reading: Prefill
    last: Tensor
    slots: tuple[int, ...]


def rows(parts: Sequence[Part], slots: Slots, budget: int, padding: int) -> Iterator[Row]:
    """Yield packed rows of at most ``budget`` positions (a longer part has a row of its own) that hold every part.

    Args:
        parts: what to read; what is in their contexts is kept already.
        slots: of the sequences.
        budget: positions a row.
        padding: token id to fill up with.
    """
    waiting: list[_Packed] = []
    for one in _packed(parts, budget, padding):
        alone = one.batch.windows is not None
        if waiting and (alone or sum(other.length for other in waiting) + one.length > budget):
            yield _row(waiting, slots, padding)
            waiting = []
        waiting.append(one)
        if alone:
            yield _row(waiting, slots, padding)
            waiting = []
    if waiting:
        yield _row(waiting, slots, padding)


@dataclass(frozen=True)
class _Packed:
    """Parts with one context, packed together."""

    batch: MicroBatch
    parts: tuple[Part, ...]  # in the order of the row

    @property
    def length(self) -> int:
        return sum(segment.examples * segment.width for segment in self.batch.segments)


def _packed(parts: Sequence[Part], budget: int, padding: int) -> Iterator[_Packed]:
    def context(part: Part) -> tuple[int, ...]:
        return part.start, *map(id, part.context)

    for _, alike in groupby(sorted(parts, key=context), key=context):
        members = list(alike)
        for batch in pack([part.tokens for part in members], budget, padding):
            yield _Packed(batch, tuple(members[member] for member in batch.members))


def _row(packed: Sequence[_Packed], slots: Slots, padding: int) -> Row:
    ids: list[Tensor] = []
    positions: list[Tensor] = []
    pieces: list[Piece] = []
    kept: list[tuple[list[int], int]] = []  # places in the row, the slot that they go to
    start = 0
    for one in packed:
        keeps = []
        for part, places in zip(one.parts, _places(one), strict=True):
            if isinstance(part.into, Beginning):
                keeps.append((part.into, torch.tensor(places)))
            else:
                kept.append(([start + place for place in places], part.into))
        pieces.append(Piece(one.batch.segments, one.parts[0].context, tuple(keeps)))
        ids.append(one.batch.input_ids[0, : one.length])
        positions.append(one.batch.position_ids[0, : one.length] + one.parts[0].start)
        start += one.length
    filler = -start % 16
    batch = replace(
        packed[0].batch,
        input_ids=torch.cat([*ids, torch.full((filler,), padding)])[None],
        position_ids=torch.cat([*positions, torch.zeros(filler, dtype=torch.long)])[None],
    )
    reading = Prefill(
        pieces,
        slots,
        sources=torch.tensor([place for places, _ in kept for place in places], dtype=torch.long),
        rows=torch.tensor([slot for places, slot in kept for _ in places], dtype=torch.long),
        places=torch.tensor([number for places, _ in kept for number in range(len(places))], dtype=torch.long),
    )
    last = torch.tensor([places[-1] for places, _ in kept], dtype=torch.long)
    return Row(batch, reading, last, tuple(slot for _, slot in kept))


def _places(packed: _Packed) -> Iterator[list[int]]:
    """Yield the places in its row of each part's tokens, in order: those of its contexts, then its own."""
    segments = packed.batch.segments
    shared = {number for segment in segments for number in segment.context}
    members, starts, start = iter(packed.parts), [], 0
    for number, segment in enumerate(segments):
        starts.append(start)
        if number not in shared:
            before = [place for c in segment.context for place in range(starts[c], starts[c] + segments[c].width)]
            for example in range(segment.examples):
                own = len(next(members).tokens.prompt) - len(before)
                first = start + example * segment.width
                yield [*before, *range(first, first + own)]
        start += segment.examples * segment.width

"""Packed rows of pairs: the prompt once, the preferred and the rejected answer as branches after it."""

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from r1tailor.batching.packing import MicroBatch, packed
from r1tailor.batching.pairs import Pairs
from r1tailor.batching.tokens import TokenizedExample


def pack_pairs(examples: Sequence[TokenizedExample], token_budget: int, padding: int) -> Iterator[MicroBatch]:
    """Yield micro-batches that hold every example once, and the rejected answer of each in the same row.

    The loss of a pair needs both of its answers at once. ``members`` of a row names an example for each of its answers.
    The reference model's part of ``pairs`` is zero until ``References.accompany`` fills it in.

    Args:
        examples: at least one, with or without a rejected answer.
        token_budget: positions a row, without the filler at its end. An example that exceeds it gets a row of its own.
        padding: token id to fill up with.
    """
    order = sorted(range(len(examples)), key=lambda index: examples[index].prompt)
    yield from _rows(examples, order, token_budget, padding)


def _rows(
    examples: Sequence[TokenizedExample], part: Sequence[int], token_budget: int, padding: int
) -> Iterator[MicroBatch]:
    """Yield the row of a part of the examples; of smaller parts where that is longer than the budget."""
    answers = [(index, one) for index in part for one in (examples[index], examples[index].rejected) if one]
    (row,) = packed([answer for _, answer in answers], sys.maxsize, padding)
    length = sum(segment.examples * segment.width for segment in row.segments)
    if length <= token_budget or len(part) == 1:
        yield _paired(row, [index for index, _ in answers])
        return
    size = math.ceil(len(part) / min(len(part), math.ceil(length / token_budget)))
    for start in range(0, len(part), size):
        yield from _rows(examples, part[start : start + size], token_budget, padding)


def _paired(row: MicroBatch, indexes: Sequence[int]) -> MicroBatch:
    """Return a row with its pairs.

    Args:
        row: of the answers.
        indexes: of each answer, its example; of two answers of one example the first is preferred.
    """
    number = {member: place for place, member in enumerate(row.members)}
    places = [place for place, index in enumerate(indexes) if indexes[place - 1 : place] == [index]]
    members = tuple(indexes[member] for member in row.members)
    if not places:
        return replace(row, members=members)
    chosen, rejected = (torch.tensor([number[place - back] for place in places]) for back in (1, 0))
    return replace(row, members=members, pairs=Pairs(chosen, rejected, torch.zeros(len(places))))

"""Attention over a whole packed row as one fused operation: FlexAttention (torch.nn.attention.flex_attention), on GPUs.

A GPU that computes segment after segment spends its time on starting kernels. Which key a query attends to is a
function of the two positions, from which the compiled kernel also knows the blocks that it can leave out. On a CPU
torch computes the same function without a fused kernel; there it serves as a test alone.
"""

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention

from r1tailor.batching.packing import Segment

_KEPT = 4  # masks: a row's layers follow one another, its backward pass included


def attend_to_row(
    query: Tensor, key: Tensor, value: Tensor, segments: Sequence[Segment], scaling: float, window: int | None
) -> Tensor:
    """Return [1, T, H, e] from queries [1, H, T, d], keys [1, K, T, d] and values [1, K, T, e].

    Filler attends to itself: what stands there is read by nothing.

    Args:
        query: of the whole row.
        key: of the whole row.
        value: of the whole row.
        segments: the row from its start on.
        scaling: factor on the scores.
        window: how many keys a query attends to at most, its own the last; None for all.
    """
    mask = block_mask(tuple(segments), query.shape[2], window, query.device)
    grouped = query.shape[1] != key.shape[1]
    attend: Any = _compiled() if query.is_cuda else flex_attention
    attended: Any = attend(query, key, value, block_mask=mask, scale=scaling, enable_gqa=grouped)
    return cast("Tensor", attended).transpose(1, 2)


@cache
def _compiled() -> Callable[..., Any]:
    return torch.compile(flex_attention, dynamic=True)


@lru_cache(maxsize=_KEPT)
def block_mask(segments: tuple[Segment, ...], length: int, window: int | None, device: torch.device) -> BlockMask:
    """Return which keys of a row of ``length`` positions each query attends to."""
    numbers, owners, places = (torch.tensor(column, device=device) for column in _columns(segments, length))
    before = torch.zeros(len(segments) + 1, len(segments) + 1, dtype=torch.bool, device=device)
    for number, segment in enumerate(segments):
        before[number, list(segment.context)] = True

    def attends(_: Tensor, __: Tensor, query: Tensor, key: Tensor) -> Tensor:
        seen = before[numbers[query], numbers[key]] | ((owners[query] == owners[key]) & (query >= key))
        return seen if window is None else seen & (places[query] - places[key] < window)

    return create_block_mask(attends, None, None, length, length, device=device)


def _columns(segments: Sequence[Segment], length: int) -> tuple[list[int], list[int], list[int]]:
    """Return of each position its segment, its sequence, and its place as in its example alone."""
    numbers: list[int] = []
    owners: list[int] = []
    places: list[int] = []
    widths = [segment.examples * segment.width for segment in segments]
    for number, segment in enumerate(segments):
        begin = sum(widths[above] for above in segment.context)
        for _ in range(segment.examples):
            owner = owners[-1] + 1 if owners else 0
            numbers += [number] * segment.width
            owners += [owner] * segment.width
            places += range(begin, begin + segment.width)
    filler = range(len(numbers), length)
    return (
        [*numbers, *[len(segments)] * len(filler)],
        [*owners, *(len(owners) + place for place in filler)],
        [*places, *[0] * len(filler)],
    )

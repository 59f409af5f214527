"""Attention of short sequences as batched matrix products, and its gradient, as one differentiable operation.

Query heads that share a key-value head are folded together, so that each product is as tall as it can be; softmax runs
in fp32, and only what the products read is kept for the backward pass. The keys an example attends to (its shared
prefixes and its own) are concatenated once a segment, so that one product replaces one for each part. Results are
written into the row's own tensors.
"""

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor

from r1tailor.batching.packing import Segment


def product_dtype(x: Tensor) -> torch.dtype:
    """Return the dtype that products with a tensor are computed in: autocast's, or its own."""
    device = x.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else x.dtype


def attend_by_products(
    query: Tensor, key: Tensor, value: Tensor, segments: Sequence[Segment], scaling: float, window: int | None = None
) -> Tensor:
    """Return [T, H, e] from queries [H, T, d], keys [K, T, d] and values [K, T, e]; filler gets zeros.

    Under autocast the products are computed in its dtype, whatever dtypes the rotary embedding left.

    Args:
        query: of the whole row.
        key: of the whole row.
        value: of the whole row.
        segments: the row from its start on.
        scaling: factor on the scores.
        window: how many keys a query attends to at most, its own the last; None for all.
    """
    apply: Any = _Products.apply
    query, key, value = (tensor.to(product_dtype(tensor)) for tensor in (query, key, value))
    return cast("Tensor", apply(query, key, value, tuple(segments), scaling, window))


class _Products(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        query: Tensor,
        key: Tensor,
        value: Tensor,
        segments: tuple[Segment, ...],
        scaling: float,
        window: int | None,
    ) -> Tensor:
        output = value.new_zeros(query.shape[1], query.shape[0], value.shape[2])
        weights = []
        with torch.autocast(query.device.type, enabled=False):
            for part in _parts(segments, key.shape[0], query.shape[0]):
                later = causal_mask(part.width, part.before, part.group, query.dtype, query.device, part.within(window))
                scores = torch.baddbmm(later, part.folded(query), part.attended(key).transpose(1, 2), alpha=scaling)
                probabilities = scores.softmax(-1, dtype=torch.float32).to(value.dtype)
                part.write(output, torch.bmm(probabilities, part.attended(value)))
                weights.append(probabilities)
        ctx.save_for_backward(query, key, value, *weights)
        ctx.segments, ctx.scaling = segments, scaling
        return output

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        query, key, value, *weights = ctx.saved_tensors
        for_query, for_key, for_value = (torch.zeros_like(tensor) for tensor in (query, key, value))
        softmax_backward: Any = torch.ops.aten._softmax_backward_data
        with torch.autocast(query.device.type, enabled=False):
            parts = _parts(ctx.segments, key.shape[0], query.shape[0])
            for part, probabilities in zip(parts, weights, strict=True):
                along = part.read(gradients[0])
                for_weights = torch.bmm(along, part.attended(value).transpose(1, 2))
                for_scores = (
                    softmax_backward(for_weights, probabilities, -1, value.dtype).mul_(ctx.scaling).to(key.dtype)
                )
                part.put(for_query, torch.bmm(for_scores, part.attended(key)))
                part.add(for_key, torch.bmm(for_scores.transpose(1, 2), part.folded(query)))
                part.add(for_value, torch.bmm(probabilities.transpose(1, 2), along))
        return for_query, for_key, for_value, None, None, None


class _Part:
    """One segment of a row: where its positions and those of its context stand.

    E examples of n positions each, P positions of context, G query heads for each of K key-value heads.
    """

    def __init__(self, segment: Segment, start: int, context: Sequence[slice], kv_heads: int, heads: int) -> None:
        self.examples, self.width = segment.examples, segment.width
        self.own = slice(start, start + segment.examples * segment.width)
        self.context = context
        self.before = sum(place.stop - place.start for place in context)
        self.kv_heads, self.group = kv_heads, heads // kv_heads

    def within(self, window: int | None) -> int | None:
        """Return the window, or None where it reaches every key."""
        return window if window is not None and window < self.before + self.width else None

    def folded(self, tensor: Tensor) -> Tensor:
        """Return [K * E, G * n, d] from [H, T, d]: an example's query heads of a key-value head follow one another."""
        shape = (self.kv_heads, self.group, self.examples, self.width, -1)
        return tensor[:, self.own].reshape(shape).transpose(1, 2).reshape(self._batches, -1, tensor.shape[-1])

    def attended(self, tensor: Tensor) -> Tensor:
        """Return [K * E, P + n, d] from [K, T, d]: of each example its context's keys (or values) and its own."""
        own = tensor[:, self.own].reshape(self.kv_heads, self.examples, self.width, -1)
        before = [tensor[:, None, place].expand(-1, self.examples, -1, -1) for place in self.context]
        return torch.cat([*before, own], dim=2).view(self._batches, -1, tensor.shape[-1])

    def read(self, tensor: Tensor) -> Tensor:
        """Return [K * E, G * n, e] from [T, H, e]."""
        shape = (self.examples, self.width, self.kv_heads, self.group, -1)
        return tensor[self.own].reshape(shape).permute(2, 0, 3, 1, 4).reshape(self._batches, -1, tensor.shape[-1])

    def write(self, tensor: Tensor, folded: Tensor) -> None:
        """Put [K * E, G * n, e] into its place of [T, H, e]."""
        shape = (self.kv_heads, self.examples, self.group, self.width, -1)
        target = tensor[self.own].view(self.examples, self.width, self.kv_heads, self.group, -1)
        target.copy_(folded.view(shape).permute(1, 3, 0, 2, 4))

    def put(self, tensor: Tensor, folded: Tensor) -> None:
        """Put [K * E, G * n, d] into its place of [H, T, d]."""
        shape = (self.kv_heads, self.examples, self.group, self.width, -1)
        target = tensor[:, self.own].view(self.kv_heads, self.group, self.examples, self.width, -1)
        target.copy_(folded.view(shape).transpose(1, 2))

    def add(self, tensor: Tensor, attended: Tensor) -> None:
        """Add [K * E, P + n, d] to the places in [K, T, d] that it was read from."""
        by_example = attended.view(self.kv_heads, self.examples, -1, attended.shape[-1])
        own = by_example[:, :, self.before :].reshape(self.kv_heads, -1, attended.shape[-1])
        tensor[:, self.own] += own
        start = 0
        for place in self.context:
            end = start + place.stop - place.start
            tensor[:, place] += by_example[:, :, start:end].sum(1)
            start = end

    @property
    def _batches(self) -> int:
        return self.kv_heads * self.examples


def _parts(segments: Sequence[Segment], kv_heads: int, heads: int) -> list[_Part]:
    places: list[slice] = []
    parts = []
    for segment in segments:
        start = places[-1].stop if places else 0
        context = [places[number] for number in segment.context]
        parts.append(_Part(segment, start, context, kv_heads, heads))
        places.append(parts[-1].own)
    return parts


def causal_mask(
    width: int, before: int, group: int, dtype: torch.dtype, device: torch.device, window: int | None = None
) -> Tensor:
    """Return [group * n, P + n], minus infinity where a key lies after its query or before its window, and else 0."""
    key = (width, before, group, dtype, device, window)
    if key not in _MASKS:
        every = torch.full((width, before + width), float("-inf"), dtype=dtype, device=device)
        later = every.triu(before + 1)
        mask = (later if window is None else later + every.tril(before - window)).repeat(group, 1)
        if sum(kept.nbytes for kept in _MASKS.values()) + mask.nbytes > _MASKS_BYTES:
            _MASKS.clear()
        _MASKS[key] = mask
    return _MASKS[key]


def forget_masks() -> None:
    """Drop the masks that are kept: they are tensors of one mode (fake or real)."""
    _MASKS.clear()


_MASKS: dict[tuple[Any, ...], Tensor] = {}
_MASKS_BYTES = 2**26  # of them: layers share a row's masks, and rows have many shapes

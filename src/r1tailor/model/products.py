"""Attention of short sequences as batched matrix products, and its gradient, as one differentiable operation.

Query heads that share a key-value head are folded together, so that each product is as tall as it can be; softmax runs
in fp32. Forward and backward write into the row's own tensors segment by segment: nothing is split, filled or joined.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

import torch
from torch import Tensor

from r1tailor.curriculum.packing import Segment


def attend_by_products(
    query: Tensor, key: Tensor, value: Tensor, segments: Sequence[Segment], scaling: float
) -> Tensor:
    """Return [T, H, e] from queries [H, T, d], keys [K, T, d] and values [K, T, e]; filler gets zeros.

    Under autocast the products are computed in its dtype, whatever dtypes the rotary embedding left.
    """
    apply: Any = _Products.apply
    device = query.device.type
    if torch.is_autocast_enabled(device):
        query, key, value = (tensor.to(torch.get_autocast_dtype(device)) for tensor in (query, key, value))
    return cast("Tensor", apply(query, key, value, tuple(segments), scaling))


class _Products(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        query: Tensor,
        key: Tensor,
        value: Tensor,
        segments: tuple[Segment, ...],
        scaling: float,
    ) -> Tensor:
        heads, length = query.shape[:2]
        output = value.new_zeros(length, heads, value.shape[2])
        weights = []
        with torch.autocast(query.device.type, enabled=False):
            for part in _parts(segments, key.shape[0], heads):
                probabilities = part.probabilities(query, key, scaling)
                part.write(output, part.attended(probabilities.to(value.dtype), value))
                weights.append(probabilities)
        ctx.save_for_backward(query, key, value, *weights)
        ctx.segments, ctx.scaling = segments, scaling
        return output

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        query, key, value, *weights = ctx.saved_tensors
        (gradient,) = gradients
        for_query, for_key, for_value = (torch.zeros_like(tensor) for tensor in (query, key, value))
        parts = _parts(ctx.segments, key.shape[0], query.shape[0])
        with torch.autocast(query.device.type, enabled=False):
            for part, probabilities in zip(parts, weights, strict=True):
                low = probabilities.to(value.dtype)
                along = part.read(gradient)
                for_scores = part.scores_gradient(along, probabilities, value).mul_(ctx.scaling).to(key.dtype)
                part.add_query(for_query, for_scores, key)
                part.add_keys(for_key, for_scores, part.folded(query))
                part.add_keys(for_value, low, along)
        return for_query, for_key, for_value, None, None


class _Part:
    """One segment of a row: where its positions and those of its context stand."""

    def __init__(self, segment: Segment, start: int, context: Sequence[slice], kv_heads: int, heads: int) -> None:
        self.examples, self.width = segment.examples, segment.width
        self.own = slice(start, start + segment.examples * segment.width)
        self.context = context
        self.kv_heads, self.group = kv_heads, heads // kv_heads

    def folded(self, tensor: Tensor) -> Tensor:
        """Return [K, E * G * n, d] from [H, T, d]: an example's query heads of a key-value head follow one another."""
        shape = (self.kv_heads, self.group, self.examples, self.width, -1)
        return tensor[:, self.own].reshape(shape).transpose(1, 2).reshape(self.kv_heads, -1, tensor.shape[-1])

    def read(self, tensor: Tensor) -> Tensor:
        """Return [K, E * G * n, e] from [T, H, e]."""
        shape = (self.examples, self.width, self.kv_heads, self.group, -1)
        return tensor[self.own].reshape(shape).permute(2, 0, 3, 1, 4).reshape(self.kv_heads, -1, tensor.shape[-1])

    def write(self, tensor: Tensor, folded: Tensor) -> None:
        """Put [K, E * G * n, e] into its place of [T, H, e]."""
        shape = (self.kv_heads, self.examples, self.group, self.width, -1)
        target = tensor[self.own].view(self.examples, self.width, self.kv_heads, self.group, -1)
        target.copy_(folded.view(shape).permute(1, 3, 0, 2, 4))

    def by_example(self, folded: Tensor) -> Tensor:
        """Return [K * E, G * n, d] from [K, E * G * n, d]."""
        return folded.reshape(self.kv_heads * self.examples, self.group * self.width, -1)

    def of_own(self, tensor: Tensor) -> Tensor:
        """Return [K * E, n, d], the segment's own keys or values."""
        return tensor[:, self.own].reshape(self.kv_heads * self.examples, self.width, -1)

    def of_context(self, tensor: Tensor) -> Tensor:
        """Return [K, P, d], the keys or values of the context."""
        parts = [tensor[:, place] for place in self.context]
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)

    def probabilities(self, query: Tensor, key: Tensor, scaling: float) -> Tensor:
        """Return [K * E, G * n, n + P] in fp32: over an example's own keys, then over its context's."""
        folded = self.folded(query)
        later = future(self.width, self.group, query.dtype, query.device)
        own = torch.baddbmm(later, self.by_example(folded), self.of_own(key).transpose(1, 2), alpha=scaling)
        if not self.context:
            return own.softmax(-1, dtype=torch.float32)
        before = torch.bmm(folded, self.of_context(key).transpose(1, 2)).mul_(scaling)
        return torch.cat([own, before.view(*own.shape[:2], -1)], dim=-1).softmax(-1, dtype=torch.float32)

    def attended(self, probabilities: Tensor, value: Tensor) -> Tensor:
        """Return [K, E * G * n, e]: the values weighted."""
        output = torch.bmm(probabilities[..., : self.width], self.of_own(value)).view(
            self.kv_heads, -1, value.shape[-1]
        )
        if self.context:
            output.baddbmm_(self._before(probabilities), self.of_context(value))
        return output

    def scores_gradient(self, along: Tensor, probabilities: Tensor, value: Tensor) -> Tensor:
        """Return the gradient of the scores [K * E, G * n, n + P] in fp32 from that of the output [K, E * G * n, e]."""
        own = torch.bmm(self.by_example(along), self.of_own(value).transpose(1, 2))
        if self.context:
            before = torch.bmm(along, self.of_context(value).transpose(1, 2))
            own = torch.cat([own, before.view(*own.shape[:2], -1)], dim=-1)
        softmax_backward: Any = torch.ops.aten._softmax_backward_data
        return cast("Tensor", softmax_backward(own.float(), probabilities, -1, torch.float32))

    def add_query(self, target: Tensor, for_scores: Tensor, key: Tensor) -> None:
        """Put the gradient of the queries into its place of [H, T, d]."""
        folded = torch.bmm(for_scores[..., : self.width], self.of_own(key)).view(self.kv_heads, -1, key.shape[-1])
        if self.context:
            folded.baddbmm_(self._before(for_scores), self.of_context(key))
        shape = (self.kv_heads, self.examples, self.group, self.width, -1)
        target[:, self.own] = folded.view(shape).transpose(1, 2).reshape(target.shape[0], -1, target.shape[-1])

    def add_keys(self, target: Tensor, factors: Tensor, folded: Tensor) -> None:
        """Add factors^T folded to the places in [K, T, d] of the segment's own keys (or values) and its context's."""
        own = torch.bmm(factors[..., : self.width].transpose(1, 2), self.by_example(folded))
        target[:, self.own] += own.view(self.kv_heads, -1, own.shape[-1])
        if self.context:
            before = torch.bmm(self._before(factors).transpose(1, 2), folded)
            start = 0
            for place in self.context:
                end = start + place.stop - place.start
                target[:, place] += before[:, start:end]
                start = end

    def _before(self, factors: Tensor) -> Tensor:
        return factors[..., self.width :].reshape(self.kv_heads, -1, factors.shape[-1] - self.width)


def _parts(segments: Sequence[Segment], kv_heads: int, heads: int) -> list[_Part]:
    places: list[slice] = []
    parts = []
    for segment in segments:
        start = places[-1].stop if places else 0
        context = [places[number] for number in segment.context]
        parts.append(_Part(segment, start, context, kv_heads, heads))
        places.append(parts[-1].own)
    return parts


@lru_cache(maxsize=256)
def future(width: int, group: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return [group * n, n], minus infinity where a key lies after its query and else 0."""
    return torch.full((width, width), float("-inf"), dtype=dtype, device=device).triu(1).repeat(group, 1)

"""Causal attention of long sequences in half precision on a CPU, with a backward pass of matrix products.

The forward pass is torch's fused kernel. Its own backward pass works through small tiles that leave a processor's
matrix units idle. Here the probabilities of a block of queries are computed anew from the logarithms of summed
exponentials that the forward pass leaves (Dao et al. 2022, arXiv:2205.14135): five products do the work, as tall as
all query heads of a key-value head, over the keys that the block can attend to. Never more than one block of scores is
held. In fp32, which has no such units, torch's own is as fast.

A score minus its logarithm comes out of one product, since queries are extended by the logarithm and keys by ones: a
product in bf16 rounds its result, and this one is near zero wherever a key has weight.
"""

from typing import Any, cast

import torch
from torch import Tensor

from r1tailor.kernels.short_attention import causal_mask, product_dtype

_QUERIES = 128  # of a block: its scores stay in a processor's cache


def fits(query: Tensor, key: Tensor, value: Tensor) -> bool:
    """Return whether the operation is for these tensors: half precision, on a CPU, keys as wide as values."""
    return query.is_cpu and product_dtype(query).itemsize < torch.float32.itemsize and key.shape[-1] == value.shape[-1]


def attend_long(query: Tensor, key: Tensor, value: Tensor, scaling: float, window: int | None) -> Tensor:
    """Return [E, H, n, d] from queries [E, H, n, d] over keys and values [E, K, P + n, d].

    Under autocast products are computed in its dtype, whatever dtypes the rotary embedding left.

    Args:
        query: of the last n positions of each example.
        key: of all positions.
        value: of all positions.
        scaling: factor on the scores.
        window: how many keys a query attends to at most, its own the last; None for all.
    """
    apply: Any = _Blocks.apply
    query, key, value = (tensor.to(product_dtype(tensor)) for tensor in (query, key, value))
    return cast("Tensor", apply(query, key, value, scaling, window))


class _Blocks(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        query: Tensor,
        key: Tensor,
        value: Tensor,
        scaling: float,
        window: int | None,
    ) -> Tensor:
        fused: Any = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
        width, before = query.shape[2], key.shape[2] - query.shape[2]
        causal = not before and window is None
        mask = None if causal else causal_mask(width, before, 1, query.dtype, query.device, window)
        attended, logarithms = fused(query, key, value, is_causal=causal, attn_mask=mask, scale=scaling)
        ctx.save_for_backward(query, key, value, attended, logarithms)
        ctx.scaling, ctx.window = scaling, window
        return cast("Tensor", attended)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        query, key, value, attended, logarithms = ctx.saved_tensors
        with torch.autocast("cpu", enabled=False):
            means = (gradients[0].float() * attended.float()).sum(-1)  # of the gradients of an output's probabilities
            extended = _extended(query, logarithms / ctx.scaling), _extended(gradients[0], means)
            return *_gradients(*extended, key, value, ctx.scaling, ctx.window), None, None


def _gradients(
    queries: Tensor, along: Tensor, key: Tensor, value: Tensor, scaling: float, window: int | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients of query, key and value from extended queries and output gradients [E, H, n, d + 2]."""
    examples, heads, width, _ = queries.shape
    kv_heads, before = key.shape[1], key.shape[2] - width
    keys, values = (_with_ones(tensor.flatten(0, 1)) for tensor in (key, value))
    for_key, for_value = (torch.zeros(tensor.flatten(0, 1).shape) for tensor in (key, value))
    for_query = key.new_empty(examples, heads, width, key.shape[-1])
    for begin in range(0, width, _QUERIES):
        end = min(begin + _QUERIES, width)
        first = 0 if window is None else max(0, before + begin + 1 - window)
        seen = slice(first, before + end)
        query, gradient = (_folded(tensor[:, :, begin:end], kv_heads) for tensor in (queries, along))
        scores = _scaled(query, keys[:, seen].transpose(1, 2), scaling)
        _hide(scores, begin, end, before, first, window, width)
        probabilities = scores.exp_()
        for_value[:, seen] += torch.bmm(probabilities.transpose(1, 2), gradient[..., :-2])
        for_scores = probabilities.mul_(torch.bmm(gradient, values[:, seen].transpose(1, 2)))
        found = _scaled(for_scores, keys[:, seen, :-2], scaling)
        for_query[:, :, begin:end] = found.view(examples, heads, end - begin, -1)
        for_key[:, seen] += _scaled(for_scores.transpose(1, 2), query[..., :-2], scaling)
    return for_query, for_key.view_as(key).to(key.dtype), for_value.view_as(value).to(value.dtype)


def _hide(scores: Tensor, begin: int, end: int, before: int, first: int, window: int | None, width: int) -> None:
    """Set scores [B, G * (end - begin), keys from ``first`` on] of keys that a query may not see to minus infinity."""
    if window is None:  # keys before the block's own are seen by all of its queries
        mask = causal_mask(end - begin, 0, 1, scores.dtype, scores.device)
        scores = scores[..., begin - end :]
    else:
        mask = causal_mask(width, before, 1, scores.dtype, scores.device, window)[begin:end, first : before + end]
    scores.view(scores.shape[0], -1, *mask.shape).add_(mask)


def _extended(tensor: Tensor, less: Tensor) -> Tensor:
    """Return [E, H, n, d + 2] of [E, H, n, d]: its product with something extended by ones is the former less ``less``.

    Two columns, since one number in bf16 would not be precise enough.
    """
    coarse = (-less).to(tensor.dtype)
    fine = (-less - coarse).to(tensor.dtype)
    return torch.cat([tensor, coarse[..., None], fine[..., None]], -1)


def _with_ones(tensor: Tensor) -> Tensor:
    return torch.cat([tensor, tensor.new_ones(*tensor.shape[:-1], 2)], -1)


def _folded(tensor: Tensor, kv_heads: int) -> Tensor:
    """Return [E * K, G * m, d] from [E, H, m, d]: the query heads of a key-value head follow one another."""
    return tensor.reshape(tensor.shape[0] * kv_heads, -1, tensor.shape[-1])


def _scaled(left: Tensor, right: Tensor, scaling: float) -> Tensor:
    """Return the batched product times a factor, which is applied before the result is rounded."""
    return torch.baddbmm(left.new_empty(1), left, right, beta=0, alpha=scaling)

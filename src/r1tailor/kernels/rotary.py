"""Rotary position embedding of queries and keys as one differentiable operation (Su et al. 2021, arXiv:2104.09864).

y = x cos + rotate_half(x) sin, as transformers' Llama and Qwen models compute it in five operations. Here the result is
written where attention reads it, values included: the joint output of the three projections need not be kept. What the
backward pass needs is the angles alone. DeepSeek's attention, which rotates interleaved pairs, is left as it is.
"""

from typing import Any, cast

import torch
from torch import Tensor, nn

from r1tailor.kernels.attention import PACKED_ROWS, Window, packed_attention

_SAME_FORMULA = ("LlamaAttention", "Qwen2Attention", "Qwen3Attention")


def patch_rotations(model: nn.Module) -> None:
    """Give the attention layers of a transformers model our training step, in place."""
    for module in model.modules():
        kind = type(module)
        if kind.__name__ in _SAME_FORMULA:
            module.__class__ = type(kind.__name__, (kind,), {"forward": _forward_of(kind)})


def _forward_of(kind: Any) -> Any:  # noqa: ANN401  (transformers is untyped)
    def forward(
        self: Any,  # noqa: ANN401
        hidden_states: Tensor,
        position_embeddings: tuple[Tensor, Tensor],
        attention_mask: Window | None = None,
        past_key_values: Any = None,  # noqa: ANN401
        **options: Any,  # noqa: ANN401
    ) -> tuple[Tensor, Tensor | None]:
        packed = self.config._attn_implementation == PACKED_ROWS and past_key_values is None
        if not (packed and torch.is_grad_enabled()):
            plain = kind.forward(self, hidden_states, position_embeddings, attention_mask, past_key_values, **options)
            return cast("tuple[Tensor, Tensor | None]", plain)
        shape = (*hidden_states.shape[:-1], -1, self.head_dim)
        query, key, value = (layer(hidden_states).view(shape) for layer in (self.q_proj, self.k_proj, self.v_proj))
        if hasattr(self, "q_norm"):
            query, key = self.q_norm(query), self.k_norm(key)
        apply: Any = _Rotated.apply
        query, key, value = apply(query, key, value, *position_embeddings)
        dropout = self.attention_dropout if self.training else 0.0
        attended, _ = packed_attention(self, query, key, value, attention_mask, self.scaling, dropout, **options)
        return self.o_proj(attended.reshape(*hidden_states.shape[:-1], -1)), None

    return forward


class _Rotated(torch.autograd.Function):
    """q [1, T, H, d], k and v [1, T, K, d], cos and sin [1, T, d] -> the same as [1, heads, T, d], q and k rotated."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        query: Tensor,
        key: Tensor,
        value: Tensor,
        cos: Tensor,
        sin: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        ctx.save_for_backward(cos, sin)
        ctx.dtypes = query.dtype, key.dtype
        query, key = (_turned(part.transpose(1, 2), cos[:, None], sin[:, None]) for part in (query, key))
        return query, key, value.transpose(1, 2).contiguous()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        cos, sin = (angles[:, :, None] for angles in ctx.saved_tensors)
        half = cos.shape[-1] // 2
        # The transposed rotation: each half's sine goes with the other half.
        back = torch.cat([-sin[..., half:], -sin[..., :half]], dim=-1)
        query, key = (
            _turned(part.transpose(1, 2), cos, back).to(dtype)
            for part, dtype in zip(gradients, ctx.dtypes, strict=False)
        )
        return query, key, gradients[2].transpose(1, 2), None, None


def _turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Return x cos + rotate_half(x) sin in a contiguous tensor of x's shape."""
    result = torch.empty(x.shape, dtype=torch.promote_types(x.dtype, cos.dtype), device=x.device)
    torch.mul(x, cos, out=result)
    half = x.shape[-1] // 2
    result[..., :half].addcmul_(x[..., half:], sin[..., :half], value=-1)
    result[..., half:].addcmul_(x[..., :half], sin[..., half:])
    return result

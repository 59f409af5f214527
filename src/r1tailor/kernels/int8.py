"""Linear layers and embeddings with int8 weights; inputs of linear layers are quantised as they come.

y = s_x[t] s_w[o] (q_x q_w[o]) + b: one scale a row of the weight (an output channel) and one a row of the input (a
token). torch's own dynamic layers have one scale for a whole input, and one token with a large activation then takes
the precision of all others: only 71 % of SmolLM2's likeliest tokens stayed the same with them.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_LARGEST = 127


def quantised(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return [O, I] int8 and [O] fp32 scales of a weight [O, I]; w ~ q * s, the error at most s / 2."""
    scale = weight.detach().float().abs().amax(dim=1) / _LARGEST
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return torch.round(weight.detach().float() / scale[:, None]).to(torch.int8), scale


class _Int8(nn.Module):
    """Rows of int8 and a scale each.

    Args:
        weight: [O, I] int8.
        scale: [O] fp32.
    """

    weight: Tensor
    scale: Tensor

    def __init__(self, weight: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("scale", scale)


class Int8Linear(_Int8):
    """A linear layer whose products are computed in int8, exactly.

    Args:
        weight: [O, I] int8.
        scale: [O] fp32.
        bias: [O] fp32, or None.
    """

    bias: Tensor | None

    def __init__(self, weight: Tensor, scale: Tensor, bias: Tensor | None) -> None:
        super().__init__(weight, scale)
        self.register_buffer("bias", bias)
        self.out_features, self.in_features = weight.shape

    def forward(self, x: Tensor) -> Tensor:
        """Return [..., O] fp32 for [..., I]."""
        rows = x.reshape(-1, self.in_features).float()
        step = rows.abs().amax(dim=1, keepdim=True).clamp_(min=1e-9).div_(_LARGEST)
        product: Any = torch._int_mm((rows / step).round_().to(torch.int8), self.weight.t())
        output: Tensor = product.float().mul_(step).mul_(self.scale)
        if self.bias is not None:
            output += self.bias
        return output.view(*x.shape[:-1], self.out_features)


class Int8Embedding(_Int8):
    """An embedding whose rows become fp32 when they are looked up."""

    def forward(self, ids: Tensor) -> Tensor:
        """Return [..., I] fp32 for ids [...]."""
        return F.embedding(ids, self.weight).float() * self.scale[ids].unsqueeze(-1)

"""Linear layers and embeddings with int8 weights; inputs of linear layers are quantised as they come.

y = (s_x s_w[o]) * (q_x q_w[o]) + b: one scale a row of the weight (an output channel), one scale a call for the input.
torch packs the weight for the processor when a layer is made; the packed form never reaches a file, for it needs a
pickle, and torch warns that it will go.
"""

import warnings
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


class Int8Linear(nn.Module):
    """A linear layer whose products are computed in int8, on a CPU.

    Args:
        weight: [O, I] int8.
        scale: [O] fp32.
        bias: [O] fp32, or None.
    """

    def __init__(self, weight: Tensor, scale: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.out_features, self.in_features = weight.shape
        self._packed = _packed(weight, scale, bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return [..., O] fp32 for [..., I]."""
        operation: Any = torch.ops.quantized.linear_dynamic
        product: Tensor = operation(x.float(), self._packed, _REDUCED)
        return product


class Int8Embedding(nn.Module):
    """Rows of int8 and a scale each; a row becomes fp32 when it is looked up.

    Args:
        weight: [V, D] int8.
        scale: [V] fp32.
    """

    weight: Tensor
    scale: Tensor

    def __init__(self, weight: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("scale", scale)

    def forward(self, ids: Tensor) -> Tensor:
        """Return [..., D] fp32 for ids [...]."""
        return F.embedding(ids, self.weight).float() * self.scale[ids].unsqueeze(-1)


# Without VNNI two products of 8 bits can overflow 16: the input is then quantised to 7 bits.
_REDUCED = not getattr(torch.cpu, "_is_vnni_supported", lambda: False)()


def _packed(weight: Tensor, scale: Tensor, bias: Tensor | None) -> Any:  # noqa: ANN401
    make: Any = torch._make_per_channel_quantized_tensor
    pack: Any = torch.ops.quantized.linear_prepack
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*quantized tensor creation functions.*", category=UserWarning)
        return pack(make(weight, scale.double(), torch.zeros(len(scale), dtype=torch.long), 0), bias)

"""Linear layers while a model is asked: the same function, without gradients and without dropout.

Layers that read the same input (query, key and value; gate and up) are one product, and so are their adapters. On a CPU
a product of a few tokens with a small weight takes longer to begin than to compute. There the weights of such
layers are put into one tensor, of which each becomes a part, and feed-forward layers compute W x of columns instead of
x W of rows, for which bf16 units are faster (measured: ``tests/benchmarks/inference.py``).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, cast

import torch
import torch.nn.functional as F
from peft.tuners.lora import Linear as PeftLinear
from torch import Tensor, nn

from r1tailor.kernels.linear import TrainedLinear
from r1tailor.kernels.lora_linear import AdaptedLinear
from r1tailor.kernels.shared_input import join, together

_SMALL = 2**22  # elements of a weight: reading a larger one takes longer than beginning its product
_FEW = 256  # tokens: products of more are as fast in rows
_GATED = ("LlamaMLP", "Qwen2MLP", "Qwen3MLP", "MistralMLP", "Gemma3MLP", "DeepseekV3MLP")  # down(act(gate) * up)


@contextmanager
def asked(model: nn.Module) -> Iterator[None]:
    """Compute the layers of a model that read the same input together for a while; in evaluation mode."""
    before: list[tuple[Any, type[nn.Module], Any]] = []

    def become(module: Any, kind: type[nn.Module]) -> None:  # noqa: ANN401
        before.append((module, type(module), getattr(module, "_siblings", None)))
        module.__class__ = kind

    for parent in list(model.modules()):
        layers = _layers(parent)
        groups = [Joined(group) for group in together(layers)]
        if gated := _gated(parent, layers, groups):
            become(parent, _in_columns(cast("Any", type(parent))))
            cast("Any", parent)._siblings = gated
        for joined in groups:
            if len(joined.layers) > 1 or _adapted(joined.layers[0]):
                for layer in joined.layers:
                    become(layer, _AskedAdapted if _adapted(layer) else _Asked)
                join(joined.layers, joined.rows)
    try:
        yield
    finally:
        for module, kind, siblings in before:
            module.__class__, module._siblings = kind, siblings


class _Asked(TrainedLinear):
    """A linear layer that is computed with others."""

    def forward(self, x: Tensor) -> Tensor:
        """Return W x + b, of shape [..., out]."""
        return self._siblings.output(self, x)


class _AskedAdapted(AdaptedLinear):
    """peft's LoRA layer, computed with others."""

    def forward(self, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:  # noqa: ANN401
        """Return W x + b + scale * B A x, of shape [..., out]."""
        return self._siblings.output(self, x)


@dataclass(frozen=True)
class _Part:
    """One product: W [out, in], its bias [out], and B [out, r] with its scale, of the narrow columns that it reads."""

    weight: Tensor
    bias: Tensor | None
    up: Tensor
    narrow: slice


class Joined:
    """Layers that read the same input, in as few products as may be.

    Args:
        layers: plain linear layers or peft's over such.

    Attributes:
        layers: in their order.
        widths: of their outputs.
        single: whether one product computes them all: small weights of one dtype, on a CPU.
    """

    def __init__(self, layers: Sequence[Any]) -> None:
        self.layers = layers
        bases = [_base(layer) for layer in layers]
        self.widths = [base.out_features for base in bases]
        downs, ups = zip(*(_adapter(layer) for layer in layers), strict=True)
        self._down = torch.cat(downs)
        small = all(base.weight.is_cpu and base.weight.numel() <= _SMALL for base in bases)
        self.single = small and len({base.weight.dtype for base in bases}) == 1
        if self.single:
            bias = torch.cat([_bias(base) for base in bases]) if any(base.bias is not None for base in bases) else None
            self._parts = [_Part(_stacked(bases), bias, cast("Any", torch).block_diag(*ups), slice(None))]
        else:
            ends = torch.tensor([up.shape[1] for up in ups]).cumsum(0).tolist()
            parts = [slice(end - up.shape[1], end) for end, up in zip(ends, ups, strict=True)]
            self._parts = [
                _Part(base.weight, base.bias, up, part) for base, up, part in zip(bases, ups, parts, strict=True)
            ]

    def rows(self, _: Sequence[Any], x: Tensor) -> list[Tensor]:
        """Return of each of its layers [..., out] from [..., in]; see ``Siblings``."""
        tokens = x.reshape(-1, x.shape[-1])
        outputs = [F.linear(tokens, part.weight, part.bias) for part in self._parts]
        if len(self._down):
            narrow = tokens.mm(self._down.T)
            for output, part in zip(outputs, self._parts, strict=True):
                output.addmm_(narrow[:, part.narrow], part.up.T)
        if self.single:
            outputs = list(torch.split(outputs[0], self.widths, dim=1))
        return [output.view(*x.shape[:-1], -1) for output in outputs]

    def columns(self, x: Tensor) -> Tensor:
        """Return [sum of out, T] from [in, T] of layers that one product computes."""
        (part,) = self._parts
        output = part.weight.mm(x)
        if part.bias is not None:
            output.add_(part.bias[:, None])
        return output.addmm_(part.up, self._down.mm(x)) if len(self._down) else output


def _layers(parent: nn.Module) -> dict[str, Any]:
    """Return the linear layers of a module that can be computed together."""
    return {name: child for name, child in parent.named_children() if _plain(child) or _adapted(child)}


def _plain(layer: Any) -> bool:  # noqa: ANN401
    return type(layer) in (nn.Linear, TrainedLinear)


def _adapted(layer: Any) -> bool:  # noqa: ANN401
    if type(layer) not in (PeftLinear, AdaptedLinear) or not _plain(layer.base_layer) or layer.lora_variant:
        return False
    return len(layer.active_adapters) == 1 and not layer.disable_adapters and not layer.merged


def _base(layer: Any) -> nn.Linear:  # noqa: ANN401
    return cast("nn.Linear", getattr(layer, "base_layer", layer))


def _bias(base: nn.Linear) -> Tensor:
    return base.weight.new_zeros(base.out_features) if base.bias is None else base.bias.data


def _adapter(layer: Any) -> tuple[Tensor, Tensor]:  # noqa: ANN401
    """Return A [r, in] and scale * B [out, r] in the dtype of the products; r is 0 without an adapter."""
    weight = _base(layer).weight
    if not isinstance(layer, PeftLinear):
        return weight.new_empty(0, weight.shape[1]), weight.new_empty(weight.shape[0], 0)
    (name,) = layer.active_adapters
    down, up = layer.lora_A[name].weight.data, layer.lora_B[name].weight.data
    return down.to(weight.dtype), (up * layer.scaling[name]).to(weight.dtype)


def _stacked(bases: Sequence[nn.Linear]) -> Tensor:
    """Return [sum of out, in], of which the layers' weights are parts from now on: no memory is taken twice."""
    if not _adjacent(bases):
        with torch.inference_mode(False):  # else nothing could train them afterwards
            joined = torch.cat([base.weight.data for base in bases])
        for base, part in zip(bases, torch.split(joined, [base.out_features for base in bases]), strict=True):
            base.weight.data = part
    width = bases[0].in_features
    return bases[0].weight.data.as_strided((sum(base.out_features for base in bases), width), (width, 1))


def _adjacent(bases: Sequence[nn.Linear]) -> bool:
    """Whether the weights follow one another in one storage; those of a model that was cast or moved do not."""
    weights = [base.weight.data for base in bases]
    follow = all(one.data_ptr() + one.nbytes == other.data_ptr() for one, other in pairwise(weights))
    stored = {weight.untyped_storage().data_ptr() for weight in weights}
    return follow and len(stored) == 1 and all(weight.is_contiguous() for weight in weights)


def _gated(parent: nn.Module, layers: dict[str, Any], groups: Sequence[Joined]) -> tuple[Joined, Joined] | None:
    """Return the products of a feed-forward module: gate with up, and down; None where columns are no gain."""
    if type(parent).__name__ not in _GATED or not {"gate_proj", "up_proj", "down_proj"} <= layers.keys():
        return None
    inner, down = (next(one for one in groups if layers[name] in one.layers) for name in ("gate_proj", "down_proj"))
    return (inner, down) if inner.single and down.single else None


@cache
def _in_columns(kind: Any) -> Any:  # noqa: ANN401  (transformers is untyped)
    def forward(self: Any, x: Tensor) -> Tensor:  # noqa: ANN401
        tokens = x.reshape(-1, x.shape[-1])
        if len(tokens) > _FEW:
            return cast("Tensor", kind.forward(self, x))
        inner, down = self._siblings
        gate, up = torch.split(inner.columns(tokens.T), inner.widths)
        return cast("Tensor", down.columns(self.act_fn(gate).mul_(up)).T.view(x.shape))

    return type(kind.__name__, (kind,), {"forward": forward})

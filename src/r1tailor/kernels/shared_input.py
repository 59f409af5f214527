"""Layers that read the same input (query, key and value; gate and up) are computed together, when the first is called.

Their input is then converted to the dtype of the products once, kept once for the backward pass, and the parts of its
gradient are added up by the matrix products themselves.
"""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from torch import Tensor, nn

Layer = TypeVar("Layer", bound=nn.Module)

# Layers of one parent that read the same input, by their names in the architectures of the family.
_TOGETHER = (("q_proj", "k_proj", "v_proj"), ("gate_proj", "up_proj"), ("q_a_proj", "kv_a_proj_with_mqa"))


class Siblings(Generic[Layer]):
    """Layers that read the same input, and the function that computes all of them.

    Kept outside the module tree. What the others gave waits for their call with the very same tensor; a call
    with another one starts over, so recomputation under gradient checkpointing is safe.
    """

    def __init__(self, layers: Sequence[Layer], compute: Callable[[Sequence[Layer], Tensor], Sequence[Tensor]]) -> None:
        self._layers = layers
        self._compute = compute
        self._input: Tensor | None = None
        self._waiting: dict[int, Tensor] = {}

    def output(self, layer: Layer, x: Tensor) -> Tensor:
        """Return one layer's output."""
        if self._input is not x or id(layer) not in self._waiting:
            self._waiting = dict(zip(map(id, self._layers), self._compute(self._layers, x), strict=True))
            self._input = x  # not before: a checkpointed layer is computed again until its last need, which ends it
        result = self._waiting.pop(id(layer))
        if not self._waiting:
            self._input = None
        return result


def join(layers: Sequence[Any], compute: Callable[[Sequence[Any], Tensor], Sequence[Tensor]]) -> None:
    """Let layers that read the same input be computed together; each finds the others as ``_siblings``."""
    siblings = Siblings(layers, compute)
    for layer in layers:
        layer._siblings = siblings


def together(children: dict[str, Layer]) -> list[list[Layer]]:
    """Group children of one module, by name: those that read the same input, and each of the others alone."""
    left = dict(children)
    groups = [[left.pop(name) for name in names if name in left] for names in _TOGETHER]
    return [group for group in groups if group] + [[layer] for layer in left.values()]

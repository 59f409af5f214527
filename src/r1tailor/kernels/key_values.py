"""Keys and values of sequences that are being written: shared beginnings once, a slot of fixed size for each."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass(frozen=True)
class LayerShape:
    """Of one attention layer: key-value heads K, width d of a key, width e of a value."""

    heads: int
    key: int
    value: int


def position_bytes(shapes: Sequence[LayerShape], dtype: torch.dtype) -> int:
    """Return the bytes that one position of one sequence takes over all layers."""
    return sum(shape.heads * (shape.key + shape.value) for shape in shapes) * dtype.itemsize


@dataclass
class Beginning:
    """A shared beginning: the keys and values of its own P tokens, layer by layer.

    Attributes:
        start: how many tokens stand before it, in the beginnings around it.
        length: P.
        keys: of each layer [K, P, d].
        values: of each layer [K, P, e].
    """

    start: int
    length: int
    keys: list[Tensor] = field(default_factory=list)
    values: list[Tensor] = field(default_factory=list)

    def keep(self, key: Tensor, value: Tensor) -> None:
        """Add the next layer's keys [K, P, d] and values [K, P, e]."""
        self.keys.append(key.contiguous())
        self.values.append(value.contiguous())


class Slots:
    """Room for S sequences of C positions each, allocated once.

    Args:
        shapes: of the attention layers.
        count: S.
        capacity: C.
        like: a tensor of the dtype and on the device of keys and values.

    Attributes:
        keys: of each layer [S, K, C, d].
        values: of each layer [S, K, C, e].
    """

    def __init__(self, shapes: Sequence[LayerShape], count: int, capacity: int, like: Tensor) -> None:
        self.count, self.capacity = count, capacity
        # Zeros, because what is masked is multiplied by 0, which leaves NaN what is not a number.
        self.keys = [like.new_zeros(count, shape.heads, capacity, shape.key) for shape in shapes]
        self.values = [like.new_zeros(count, shape.heads, capacity, shape.value) for shape in shapes]

    def write(self, layer: int, slots: Tensor, places: Tensor, key: Tensor, value: Tensor) -> None:
        """Put keys [n, K, d] and values [n, K, e] into the places [n] of the slots [n]."""
        self.keys[layer][slots, :, places] = key
        self.values[layer][slots, :, places] = value

    def take_over(self, other: "Slots", count: int) -> None:
        """Copy the first slots of another, smaller one."""
        places = min(self.capacity, other.capacity)
        for layer in range(len(self.keys) if count else 0):
            self.keys[layer][:count, :, :places] = other.keys[layer][:count, :, :places]
            self.values[layer][:count, :, :places] = other.values[layer][:count, :, :places]

    def move(self, source: int, target: int, length: int) -> None:
        """Copy the first positions of one slot into another."""
        for keys, values in zip(self.keys, self.values, strict=True):
            keys[target, :, :length] = keys[source, :, :length]
            values[target, :, :length] = values[source, :, :length]

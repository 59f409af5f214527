"""How near a run comes to what the machine can do: necessary arithmetic over time and the rate of matrix products.

Necessary is what no engine can leave out: every distinct position through the linear layers once forward and once
or twice backward, and the head on supervised positions only. A beginning that examples of one micro-batch share is
counted once, the last token of an answer not at all, for nothing is predicted from it; padding, attention, norms and
the optimizer are not counted. So the share is a lower bound of what the matrix units are busy with, and 1 cannot be
reached.
"""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_SHAPE = (1024, 576, 1536)  # rows, in, out: a product of the embedded model's MLP


@dataclass(frozen=True)
class Sizes:
    """What the arithmetic of a model depends on.

    Attributes:
        linear: weights in the linear layers, without the head.
        adapters: weights in the LoRA matrices; 0 for full weights.
        vocabulary: rows of the head.
        hidden: columns of the head.
    """

    linear: int
    adapters: int
    vocabulary: int
    hidden: int


def model_sizes(model: object, targets: Sequence[str], r: int) -> Sizes:
    """Return the sizes of a transformers model (the meta device will do).

    Args:
        model: a causal language model.
        targets: leaf names of the adapted layers; none for full weights.
        r: rank of the adapters.
    """
    from torch import nn

    assert isinstance(model, nn.Module)
    head = model.get_output_embeddings()  # type: ignore[operator]  # every causal model has it
    layers = {
        name: module for name, module in model.named_modules() if type(module) is nn.Linear and module is not head
    }
    adapted = [layer for name, layer in layers.items() if name.rpartition(".")[2] in targets]
    return Sizes(
        linear=sum(layer.weight.numel() for layer in layers.values()),
        adapters=sum(r * (layer.in_features + layer.out_features) for layer in adapted),
        vocabulary=head.weight.shape[0],
        hidden=head.weight.shape[1],
    )


def distinct_positions(sequences: Sequence[Sequence[int]]) -> int:
    """Return how many positions sequences have when every beginning they share is counted once.

    >>> distinct_positions([[1, 2, 3], [1, 2, 4], [5]])
    5
    """
    ordered = sorted(tuple(sequence) for sequence in sequences)
    total, before = 0, ()
    for sequence in ordered:
        total += len(sequence) - _common(before, sequence)
        before = sequence
    return total


def necessary_flops(sizes: Sizes, positions: int, supervised: int) -> float:
    """Return the necessary floating-point operations of training (a multiplication and an addition are two).

    A product with N weights takes 2 N operations a position forward, 2 N for the gradient of its input and 2 N for
    that of its weights. Frozen weights (``sizes.adapters`` above 0) go without the last; the first layer's unneeded
    gradient of its input is not subtracted.

    Args:
        sizes: of the model.
        positions: distinct positions over all micro-batches.
        supervised: positions whose output is scored.
    """
    head = sizes.vocabulary * sizes.hidden * supervised
    if sizes.adapters:
        return float((4 * sizes.linear + 6 * sizes.adapters) * positions + 4 * head)
    return float(6 * sizes.linear * positions + 6 * head)


def measured_rates(threads: int) -> dict[str, float]:
    """Return the operations per second of a matrix product in bf16 and in fp32."""
    import torch

    torch.set_num_threads(threads)
    return {"bf16": _rate(torch.bfloat16), "fp32": _rate(torch.float32)}


def _rate(dtype: "torch.dtype", seconds: float = 1.5) -> float:
    """Return the operations per second of a matrix product, as the median over short samples."""
    import torch

    rows, width, out = _SHAPE
    a, b = torch.randn(rows, width).to(dtype), torch.randn(width, out).to(dtype)
    samples: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(10):
            torch.matmul(a, b)
        samples.append((time.perf_counter() - start) / 10)
    return 2 * rows * width * out / statistics.median(samples[1:] or samples)


def _common(a: Sequence[int], b: Sequence[int]) -> int:
    length = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        length += 1
    return length

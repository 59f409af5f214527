"""How close a run comes to the machine's peak: necessary arithmetic, over time and the rate of matrix products.

Necessary is what no engine can skip: every distinct position through the linear layers once forward and once
or twice backward, every key that a position attends to (causally) once forward and twice backward, and the head on
supervised positions only. A prefix shared by examples of one micro-batch is counted once. The last token of an answer
is not counted, because nothing is predicted from it; nor are padding, keys after their query, norms, softmax and the
optimizer. The share is therefore a lower bound on how busy the matrix units are, and 1 cannot be reached.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_SHAPE = (1024, 576, 1536)  # rows, in, out: a product of the embedded model's MLP


@dataclass(frozen=True)
class Sizes:
    """The sizes that determine a model's arithmetic.

    Attributes:
        linear: weights in the linear layers, without the head.
        adapters: weights in the LoRA matrices; 0 for full weights.
        attention: operations of a query with one key and its value, forward, over all heads and layers.
        vocabulary: rows of the head.
        hidden: columns of the head.
    """

    linear: int
    adapters: int
    attention: int
    vocabulary: int
    hidden: int


def model_sizes(model: object, targets: Sequence[str], r: int) -> Sizes:
    """Return the sizes of a transformers model (one on the meta device is enough).

    Args:
        model: a causal language model of the Llama or Qwen family.
        targets: leaf names of the adapted layers; none for full weights.
        r: rank of the adapters.
    """
    from torch import nn

    assert isinstance(model, nn.Module)
    head = model.get_output_embeddings()  # type: ignore[operator]  # every causal model has it
    layers = {
        name: module for name, module in model.named_modules() if type(module) is nn.Linear and module is not head
    }
    config: Any = model.config
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    adapted = [layer for name, layer in layers.items() if name.rpartition(".")[2] in targets]
    return Sizes(
        linear=sum(layer.weight.numel() for layer in layers.values()),
        adapters=sum(r * (layer.in_features + layer.out_features) for layer in adapted),
        attention=4 * width * config.num_attention_heads * config.num_hidden_layers,
        vocabulary=head.weight.shape[0],
        hidden=head.weight.shape[1],
    )


def distinct(sequences: Sequence[Sequence[int]]) -> tuple[int, int]:
    """Return how many positions sequences have, each shared prefix counted once, and how many keys these attend to.

    >>> distinct([[1, 2, 3], [1, 2, 4], [5]])
    (5, 10)
    """
    positions, keys = 0, 0
    before: tuple[int, ...] = ()
    for sequence in sorted(map(tuple, sequences)):
        shared = _common(before, sequence)
        positions += len(sequence) - shared
        keys += sum(range(shared + 1, len(sequence) + 1))
        before = sequence
    return positions, keys


def necessary_flops(sizes: Sizes, positions: int, keys: int, supervised: int) -> float:
    """Return the necessary floating-point operations of training (a multiplication and an addition are two).

    A product with N weights takes 2 N operations a position forward, 2 N for the gradient of its input and 2 N for
    that of its weights. Frozen weights (``sizes.adapters`` above 0) go without the last; the first layer's unneeded
    gradient of its input is not subtracted. Both factors of attention's two products have gradients.

    Args:
        sizes: of the model.
        positions: distinct positions over all micro-batches.
        keys: that these positions attend to.
        supervised: positions whose output is scored.
    """
    head = sizes.vocabulary * sizes.hidden * supervised
    attention = 3 * sizes.attention * keys
    if sizes.adapters:
        return float((4 * sizes.linear + 6 * sizes.adapters) * positions + attention + 4 * head)
    return float(6 * sizes.linear * positions + attention + 6 * head)


class Rate:
    """Operations per second of a matrix product, in short samples."""

    def __init__(self, dtype: "torch.dtype") -> None:
        import torch

        rows, width, out = _SHAPE
        self._factors = torch.randn(rows, width).to(dtype), torch.randn(width, out).to(dtype)
        self._result = torch.empty(rows, out, dtype=dtype)  # allocating each time would measure page faults too

    def sample(self) -> float:
        """Return the mean rate of ten products, after two that warm the caches."""
        for _ in range(2):
            self._multiply()
        start = time.perf_counter()
        for _ in range(10):
            self._multiply()
        rows, width, out = _SHAPE
        return 10 * 2 * rows * width * out / (time.perf_counter() - start)

    def _multiply(self) -> None:
        import torch

        with torch.autocast("cpu", enabled=False):  # between a run's steps it is on, and fp32 would be bf16
            torch.matmul(*self._factors, out=self._result)


class Possible:
    """What matrix products alone could do in a run's time: each interval at the mean rate of its two ends.

    The speed of a shared machine drifts by a quarter within minutes, and a slow interval takes longer: one rate for
    the whole run, or the median of many, would misrepresent it. Sampling time is excluded.

    Attributes:
        operations: of each precision, so far.
        seconds: total length of the intervals.
    """

    def __init__(self, rates: dict[str, Rate]) -> None:
        self._rates = rates
        self._latest: dict[str, float] = {}
        self.operations = dict.fromkeys(rates, 0.0)
        self.seconds = 0.0
        self._start = time.perf_counter()

    def sample(self) -> None:
        """End an interval and start the next."""
        seconds = time.perf_counter() - self._start
        for name, rate in self._rates.items():
            now = rate.sample()
            self.operations[name] += seconds * (self._latest.get(name, now) + now) / 2
            self._latest[name] = now
        self.seconds += seconds
        self._start = time.perf_counter()


def _common(a: Sequence[int], b: Sequence[int]) -> int:
    length = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        length += 1
    return length

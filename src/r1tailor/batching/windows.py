"""Windows of numbers that accompany the text: checked, addressed by content, and gathered for a row.

A model reads a window as a few soft tokens: embeddings that ``model/temporal.py`` computes from it. Among token ids
a soft token is a negative number that says which window and which of its tokens is meant. The address follows from
the window's numbers alone, so the same window has the same ids in every example, and another window has none of them:
a shared prefix may include a window, and never merges two different ones.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from r1tailor.batching.moved import moved
from r1tailor.errors import DataError
from r1tailor.records import Example

Series = tuple[tuple[float, ...], ...]
Address = tuple[int, int]  # the window's digest, the offset among its soft tokens
_OFFSETS = 2**16  # more than a window has soft tokens


@dataclass(frozen=True)
class Windows:
    """The windows of M distinct series in a batch, and the N places that their soft tokens take.

    Attributes:
        series: [M, T, C] fp32.
        positions: [N] places in the flattened batch of token ids.
        sources: [N] which window stands there, an index into ``series``.
        offsets: [N] which of its soft tokens.
    """

    series: Tensor
    positions: Tensor
    sources: Tensor
    offsets: Tensor

    def to(self, device: torch.device) -> "Windows":
        """Return the same windows on a device."""
        return Windows(*(moved(part, device) for part in (self.series, self.positions, self.sources, self.offsets)))


def window_shape(examples: Iterable[Example]) -> tuple[int, int] | None:
    """Return (T, C), the shape that the windows of all examples share, or None where no example has one.

    Raises:
        DataError: a window holds something else than finite numbers, is ragged, or differs in shape from the others;
            names the example.
    """
    shape, first = None, ""
    for example in examples:
        if not example.series:
            continue
        found = _array(example).shape
        if shape is None:
            shape, first = (int(found[0]), int(found[1])), example.id
        if found != shape:
            raise DataError(
                f"example {example.id}: its series has {_said(found)}, that of example {first} has {_said(shape)}; "
                "all windows of a data set must have one shape"
            )
    return shape


def addresses(series: Series, tokens: int) -> tuple[int, ...]:
    """Return the ids of a window's soft tokens: negative, the same for the same numbers.

    Args:
        series: [T][C].
        tokens: how many soft tokens the window becomes.
    """
    digest = _digest(series)
    return tuple(-1 - (digest * _OFFSETS + offset) for offset in range(tokens))


def separated(ids: Sequence[int], series: Iterable[Series], stand_in: int) -> tuple[list[int], Windows | None]:
    """Return token ids in which ``stand_in`` takes the place of soft tokens, and the windows that belong there.

    Args:
        ids: flat; negative ones address soft tokens.
        series: the windows of the examples that the ids came from; each may stand there often.
        stand_in: any id of the vocabulary.
    """
    found = [(position, _address(token)) for position, token in enumerate(ids) if token < 0]
    if not found:
        return list(ids), None
    known = {_digest(one): one for one in series}
    order = {digest: number for number, digest in enumerate(dict.fromkeys(digest for _, (digest, _) in found))}
    windows = Windows(
        series=torch.tensor([known[digest] for digest in order], dtype=torch.float32),
        positions=torch.tensor([position for position, _ in found]),
        sources=torch.tensor([order[digest] for _, (digest, _) in found]),
        offsets=torch.tensor([offset for _, (_, offset) in found]),
    )
    return [stand_in if token < 0 else token for token in ids], windows


def _address(token: int) -> Address:
    return divmod(-1 - token, _OFFSETS)


def _digest(series: Series) -> int:
    """Return 128 bits that tell this window from any other."""
    numbers = np.asarray(series, dtype=np.float64)
    shape = ",".join(map(str, numbers.shape)).encode()
    return int.from_bytes(hashlib.blake2b(shape + b":" + numbers.tobytes(), digest_size=16).digest())


def _array(example: Example) -> np.ndarray:
    try:
        numbers = np.asarray(example.series)
    except ValueError:
        raise DataError(f"example {example.id}: the steps of its series do not all have as many channels") from None
    if numbers.ndim != 2 or numbers.dtype.kind not in "iuf" or not np.isfinite(numbers).all():
        raise DataError(f"example {example.id}: its series must be steps of channels of finite numbers")
    return numbers


def _said(shape: tuple[int, ...]) -> str:
    return f"{shape[0]} steps of {shape[1]} channels"

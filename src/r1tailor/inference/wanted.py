"""What a decoder is asked for: answers to write, and the memory that it may use for them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from torch import Tensor, nn

from r1tailor.batching.tokens import TokenizedExample
from r1tailor.kernels.attention import unwrapped

_LIKELY = 64  # tokens that an answer is expected to have; a longer one gets a larger slot when it comes to it


class Written(Protocol):
    """An answer that is being written."""

    @property
    def done(self) -> bool:
        """Whether nothing more is to be written."""
        ...

    def take(self, token: int) -> int:
        """Add the model's token, or another one in its place; return what was added."""
        ...


Choose = Callable[[Tensor, Sequence[Any]], list[int]]  # logits [n, V] of n answers -> the next token of each


@dataclass
class Wanted:
    """An answer to write.

    Attributes:
        prompt: its response is ignored.
        longest: how many tokens the answer has at most.
        answer: what is written.
        ids: the tokens so far.
        own: how many positions its slot holds.
    """

    prompt: TokenizedExample
    longest: int
    answer: Written
    ids: list[int] = field(default_factory=list)
    own: int = 0

    def needs(self, shared: int) -> int:
        """Return the places in a slot that it is likely to need; ``shared`` leading tokens stand elsewhere."""
        read = len(self.prompt.prompt) - shared + len(self.ids)
        return read + max(min(self.longest - len(self.ids), _LIKELY), 1)


@dataclass
class Budget:
    """What may be used at once; halved where memory runs out.

    Attributes:
        memory: bytes for keys and values.
        positions: of a packed row.
        answers: how many are written together.
    """

    memory: int
    positions: int
    answers: int

    def halve(self) -> None:
        """Make do with half."""
        self.memory, self.positions = self.memory // 2, max(self.positions // 2, 1)
        self.answers = max(self.answers // 2, 1)


def budget_of(model: nn.Module, positions: int, answers: int) -> Budget:
    """Return a budget as large as what training keeps of a packed row for the backward pass.

    For each position and layer that is about 16 vectors as wide as a hidden state.

    Args:
        model: in evaluation mode.
        positions: of a packed row.
        answers: how many are written together, at most.
    """
    config, weight = unwrapped(model).config, next(model.parameters())
    return Budget(positions * config.num_hidden_layers * 16 * config.hidden_size * weight.itemsize, positions, answers)

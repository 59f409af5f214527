"""What can be asked of any model, wherever it runs. No torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from r1tailor.inference.sampling import GREEDY, Sampling
from r1tailor.records import Example

Prompt = Example | str  # a text is asked with the instruction of the domain's task
Progress = Callable[[int], None]  # called with the number of prompts done since the last call


def silent(done: int) -> None:
    """Report no progress."""


def as_examples(prompts: Sequence[Prompt], instruction: str) -> list[Example]:
    """Return prompts as examples; a text is asked with an instruction."""
    return [
        Example(f"prompt {number}", instruction, prompt, "") if isinstance(prompt, str) else prompt
        for number, prompt in enumerate(prompts, start=1)
    ]


@dataclass(frozen=True)
class Likelihood:
    """How well a model expects a response.

    Attributes:
        log_likelihood: of the response and its end token, in nats.
        tokens: how many tokens that sum runs over.
    """

    log_likelihood: float
    tokens: int


class Answerer(Protocol):
    """A model that can be asked. Windows of numbers travel in ``Example.series``."""

    def answer(self, prompts: Sequence[Prompt], sampling: Sampling = GREEDY, progress: Progress = silent) -> list[str]:
        """Return one answer for each prompt, in order.

        Raises:
            DataError: a prompt is longer than the model reads.
        """
        ...

    def score(
        self, prompts: Sequence[Prompt], responses: Sequence[str] | None = None, progress: Progress = silent
    ) -> list[Likelihood]:
        """Return the likelihood of each response, or, where none are given, of the examples' own.

        Raises:
            DataError: a prompt is longer than the model reads with its response: it is scored whole or not at all.
        """
        ...

    def rank(
        self, prompts: Sequence[Prompt], labels: Sequence[Sequence[str]], progress: Progress = silent
    ) -> list[tuple[float, ...]]:
        """Return log-likelihoods (nats) of each prompt's labels, in their order; none where it has no labels.

        A label is scored by its shortest beginning that tells it from the others; one that begins another counts where
        the answer does not continue to that (``ranking.py``).
        """
        ...

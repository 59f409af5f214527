"""What can be asked of any model, wherever it runs. No torch."""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Literal, Protocol

from r1tailor.domain import is_text
from r1tailor.inference.sampling import GREEDY, Sampling
from r1tailor.instruction.template import END_THINK, THINK
from r1tailor.records import Example
from r1tailor.schema.settings import Settings

Prompt = Example | str  # a text is asked with the instruction of the domain's task
Progress = Callable[[int], None]  # called with the number of prompts done since the last call
Truncated = Literal["", "reasoning", "answer"]


def silent(done: int) -> None:
    """Report no progress."""


def as_examples(prompts: Sequence[Prompt], instruction: str) -> list[Example]:
    """Return prompts as examples; a text is asked with an instruction."""
    return [
        Example(f"prompt {number}", instruction, prompt, "") if isinstance(prompt, str) else prompt
        for number, prompt in enumerate(prompts, start=1)
    ]


def responding(examples: list[Example], responses: Sequence[str] | None) -> list[Example]:
    """Return examples with given responses, without reasoning, in place of their own; as they are where none are."""
    if responses is None:
        return examples
    pairs = zip(examples, responses, strict=True)
    return [replace(example, output=response, reasoning="") for example, response in pairs]


def longest(examples: Sequence[Example], settings: Settings) -> int:
    """Return how many tokens are read at once: a text in the windows of training, anything else as the model can."""
    context, window = settings.model.context_length, settings.trainer.max_length
    return min(context, window) if examples and all(map(is_text, examples)) else context


@dataclass(frozen=True)
class Answer:
    """What a model wrote.

    Attributes:
        text: all of it, without the end of the turn. Where the prompt opens a block of reasoning it begins inside it.
        reasoning: what stands in the block, without its marks.
        answer: what follows the block; empty where the block does not end.
        reasoning_tokens: of the block, the marks that the model wrote included; 0 where it is not known.
        answer_tokens: of the answer; 0 where it is not known.
        truncated: ``reasoning`` where the block did not end within its budget (there is an answer then only if the
            block was closed for the model), ``answer`` where the answer did not, else empty.
    """

    text: str
    reasoning: str = ""
    answer: str = ""
    reasoning_tokens: int = 0
    answer_tokens: int = 0
    truncated: Truncated = ""

    @property
    def tagged(self) -> str:
        """The text with the mark that opens its block, also where the prompt holds that: cut reasoning is no answer."""
        inside = self.reasoning or self.truncated == "reasoning" or END_THINK in self.text
        return f"{THINK}\n{self.text}" if inside and not self.text.lstrip().startswith(THINK) else self.text


@dataclass(frozen=True)
class Likelihood:
    """How well a model expects a response.

    Attributes:
        log_likelihood: of the response and its end token, in nats.
        tokens: how many tokens that sum runs over.
        block_log_likelihood: of the block of reasoning before the answer, a part of that sum; 0 without a block.
        block_tokens: how many of the tokens are the block.
    """

    log_likelihood: float
    tokens: int
    block_log_likelihood: float = 0.0
    block_tokens: int = 0


def by_example(examples: Sequence[Example], ids: Sequence[str], found: Sequence[Likelihood]) -> list[Likelihood]:
    """Return one likelihood for each example: the sum of those of its windows, which have its id."""
    if len(found) == len(examples):
        return list(found)
    sums = {example.id: Likelihood(0.0, 0) for example in examples}
    for id_, one in zip(ids, found, strict=True):
        both = (astuple(sums[id_]), astuple(one))
        sums[id_] = Likelihood(*map(sum, zip(*both, strict=True)))
    return [sums[example.id] for example in examples]


class Answerer(Protocol):
    """A model that can be asked. Windows of numbers travel in ``Example.series``."""

    def answer(
        self, prompts: Sequence[Prompt], sampling: Sampling = GREEDY, progress: Progress = silent
    ) -> list[Answer]:
        """Return one answer for each prompt, in order.

        What is drawn for a prompt depends on its example's id alone, not on the prompts that are asked with it.

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
        self,
        prompts: Sequence[Prompt],
        labels: Sequence[Sequence[str]],
        progress: Progress = silent,
        reasoning: Sequence[str] | None = None,
    ) -> list[tuple[float, ...]]:
        """Return log-likelihoods (nats) of each prompt's labels, in their order; none where it has no labels.

        Where a prompt opens a block of reasoning, labels are ranked after the block that the model writes, unless
        ``evaluation.rank_after`` says otherwise. ``reasoning`` is what it wrote, where it was asked already; the scores
        are then likelihoods after it.

        A label is scored by its shortest beginning that tells it from the others; one that begins another counts where
        the answer does not continue to that (``ranking.py``).
        """
        ...

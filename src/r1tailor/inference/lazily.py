"""An answerer whose model is opened when it is first asked."""

from collections.abc import Callable, Sequence
from functools import cached_property

from r1tailor.inference.answerer import Answer, Answerer, Likelihood, Progress, Prompt, silent
from r1tailor.inference.sampling import GREEDY, Sampling


class Lazily:
    """An ``Answerer`` that opens another one when it is first asked.

    Args:
        opened: opens it.
    """

    def __init__(self, opened: Callable[[], Answerer]) -> None:
        self._opened = opened

    @cached_property
    def answerer(self) -> Answerer:
        """The one that is asked."""
        return self._opened()

    def answer(
        self, prompts: Sequence[Prompt], sampling: Sampling = GREEDY, progress: Progress = silent
    ) -> list[Answer]:
        """See ``Answerer``."""
        return self.answerer.answer(prompts, sampling, progress)

    def score(
        self, prompts: Sequence[Prompt], responses: Sequence[str] | None = None, progress: Progress = silent
    ) -> list[Likelihood]:
        """See ``Answerer``."""
        return self.answerer.score(prompts, responses, progress)

    def rank(
        self,
        prompts: Sequence[Prompt],
        labels: Sequence[Sequence[str]],
        progress: Progress = silent,
        reasoning: Sequence[str] | None = None,
    ) -> list[tuple[float, ...]]:
        """See ``Answerer``."""
        return self.answerer.rank(prompts, labels, progress, reasoning)

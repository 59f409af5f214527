"""The public face: a tuned model under one name, asked with plain texts."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import overload

from r1tailor import config
from r1tailor.errors import UserError
from r1tailor.inference import GREEDY, Answerer, Located, Prompt, Sampling, locate, open_located
from r1tailor.records import Example

Prompts = list[str] | list[Example] | list[Prompt] | tuple[Prompt, ...]


class Tailored:
    """A tuned model. ``r1tailor.load`` makes it.

    A text is asked as in training: with the instruction of the domain's task, or with another one if given. Lists are
    answered in one go and in their order.

    Args:
        found: the saved model.
        answerer: the same, loaded.

    Attributes:
        name: id of the version, or folder of the model.
    """

    def __init__(self, found: Located, answerer: Answerer) -> None:
        self.name = found.name
        self.settings = found.settings
        self._found = found
        self._answerer = answerer

    @overload
    def answer(self, prompts: Prompt, instruction: str | None = None, *, sampling: Sampling = ...) -> str: ...

    @overload
    def answer(self, prompts: Prompts, instruction: str | None = None, *, sampling: Sampling = ...) -> list[str]: ...

    def answer(
        self, prompts: Prompt | Prompts, instruction: str | None = None, *, sampling: Sampling = GREEDY
    ) -> str | list[str]:
        """Return the answer to a prompt, reasoning included, or a list of them.

        Args:
            prompts: a text or an example, or a list of these.
            instruction: in the place of that of the domain's task, for texts.
            sampling: greedy unless it says otherwise.

        Raises:
            DataError: a prompt is longer than the model reads.
        """
        answers = self._answerer.answer(self._asked(prompts, instruction), sampling)
        texts = [answer.text for answer in answers]
        return texts[0] if _is_one(prompts) else texts

    @overload
    def score(self, prompts: Prompt, responses: str, instruction: str | None = None) -> float: ...

    @overload
    def score(self, prompts: Prompts, responses: Sequence[str], instruction: str | None = None) -> list[float]: ...

    def score(
        self, prompts: Prompt | Prompts, responses: str | Sequence[str], instruction: str | None = None
    ) -> float | list[float]:
        """Return the log-likelihood (nats) of a response with its end token, or of each of a list.

        Raises:
            DataError: a prompt is longer than the model reads with its response.
        """
        given = [responses] if isinstance(responses, str) else responses
        scores = [one.log_likelihood for one in self._answerer.score(self._asked(prompts, instruction), given)]
        return scores[0] if _is_one(prompts) else scores

    @overload
    def rank(
        self, prompts: Prompt, labels: Sequence[str] | None = None, instruction: str | None = None
    ) -> dict[str, float]: ...

    @overload
    def rank(
        self, prompts: Prompts, labels: Sequence[str] | None = None, instruction: str | None = None
    ) -> list[dict[str, float]]: ...

    def rank(
        self, prompts: Prompt | Prompts, labels: Sequence[str] | None = None, instruction: str | None = None
    ) -> dict[str, float] | list[dict[str, float]]:
        """Return the probability of each label of a closed set, the likeliest first, or a list of these.

        Args:
            prompts: a text or an example, or a list of these.
            labels: the closed set; None for that of the domain.
            instruction: in the place of that of the domain's task, for texts.

        Raises:
            UserError: the domain has no closed set of answers, and no labels are given.
        """
        closed = list(labels or self._found.labels())
        if not closed:
            domain = self.settings.domain.name
            raise UserError(f"{self.name}: domain {domain} has no closed set of labels; give labels")
        asked = self._asked(prompts, instruction)
        ranked = [probabilities(closed, scores) for scores in self._answerer.rank(asked, [closed] * len(asked))]
        return ranked[0] if _is_one(prompts) else ranked

    def _asked(self, prompts: Prompt | Prompts, instruction: str | None) -> list[Prompt]:
        listed = [prompts] if isinstance(prompts, str | Example) else list(prompts)
        if instruction is None:
            return listed
        return [
            Example(f"prompt {n}", instruction, p, "") if isinstance(p, str) else p for n, p in enumerate(listed, 1)
        ]


def load(what: str | Path, root: Path = config.ROOT) -> Tailored:
    """Return a tuned model by its name (see ``r1tailor.load``)."""
    found = locate(what, root)
    return Tailored(found, open_located(found, root=root))


def probabilities(labels: Sequence[str], scores: Sequence[float]) -> dict[str, float]:
    """Return each label's share of the probability of all, from log-likelihoods (nats); the likeliest first."""
    most = max(scores)
    weights = [math.exp(score - most) for score in scores]
    shares = zip(labels, [weight / sum(weights) for weight in weights], strict=True)
    return dict(sorted(shares, key=lambda share: -share[1]))


def _is_one(prompts: Prompt | Prompts) -> bool:
    return isinstance(prompts, str | Example)

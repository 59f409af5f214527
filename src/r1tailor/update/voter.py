"""What answers to a question stand for, and several answers of the champion to it.

Which answers are possible is frozen with the day: some kinds of domain know it from their documents alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from r1tailor.domain.answers import label_in
from r1tailor.domain.base import answer_of, vote
from r1tailor.domain.label_rules import ClosedSet
from r1tailor.errors import DataError
from r1tailor.inference.answerer import Answer, Answerer
from r1tailor.inference.sampling import Sampling
from r1tailor.records import Example
from r1tailor.schema.domain import DomainSection
from r1tailor.update.day import Day

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Voter:
    """The closed sets of a domain's answers.

    Args:
        section: the domain's settings.
        closed: the closed set of the domain, or of the champion's data card; empty where there is none.
        own: by example, a closed set of its own.
    """

    def __init__(
        self, section: DomainSection, closed: Sequence[str] = (), own: Mapping[str, Sequence[str]] = NOTHING
    ) -> None:
        self._closed, self._own = tuple(closed) or section.task.labels or (), own
        self._rules = ClosedSet(section.task) if section.task.labels else None

    @classmethod
    def of(cls, day: Day, card: Sequence[str]) -> "Voter":
        """Return the voter of a day.

        Args:
            day: frozen.
            card: the closed set of the champion's data card, which counts where the day holds none.
        """
        frozen = day.labels()
        return cls(day.settings.domain, frozen["closed"] or card, frozen["own"])

    def labels_of(self, example: Example) -> tuple[str, ...]:
        """Return the closed set of an example's answers; empty where there is none."""
        return tuple(self._own.get(example.id, self._closed))

    def vote(self, example: Example, generated: str) -> str:
        """Return what an answer stands for; empty where it is no answer."""
        return vote(example, generated, self.labels_of(example))

    def settled(self, example: Example) -> str | None:
        """Return the answer of an example as the closed set spells it; None where it is outside the set."""
        if self._rules:
            return self._rules.label(example.output, example.id)
        labels = self.labels_of(example)
        return example.output if not labels or label_in(example.output, labels) else None


def drawn(answerer: Answerer, examples: Sequence[Example], count: int, sampling: Sampling) -> list[list[str]]:
    """Return [examples][count] answers with their reasoning in its marks; none to a prompt the model cannot read."""
    found: list[list[str]] = [[] for _ in examples]
    for number in range(count) if examples else ():
        for texts, answer in zip(found, _answers(answerer, examples, replace(sampling, sample=number)), strict=True):
            if answer is not None:
                texts.append(answer.tagged)
    return found


def _answers(answerer: Answerer, examples: Sequence[Example], sampling: Sampling) -> Sequence[Answer | None]:
    try:
        return answerer.answer(examples, sampling)
    except DataError:
        if len(examples) == 1:
            return [None]
        return [answer for example in examples for answer in _answers(answerer, [example], sampling)]


def said(generated: str) -> str:
    """Return the answer of a text, without its reasoning."""
    return answer_of(generated)

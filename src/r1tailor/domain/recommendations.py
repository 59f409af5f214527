"""Questions to guidelines: a passage and a question -> the recommendation that answers it, word for word.

Questions are written from the recommendations themselves (``domain/advice.py``). Some are put to another section's
passage, which does not answer them: a model that always quotes the sentence with the most words in common, as the
baseline does, quotes a wrong one there. Passages of one section stay in one part of the split.
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Literal

from pydantic import Field

from r1tailor.domain.advice import advice_in, advises, sentences
from r1tailor.domain.answers import normalised
from r1tailor.domain.base import Domain, answer_of, written
from r1tailor.domain.declaration import Declaration, ScoredMetric
from r1tailor.domain.passages import PassageTask, passages
from r1tailor.errors import ConfigError, DataError
from r1tailor.records import Document, Example, Prediction
from r1tailor.schema.domain import DomainSection

_BASELINE = "most_words_in_common"


class RecommendationTask(PassageTask):
    """How questions are put, and how many have no answer in their passage."""

    question: str = Field(
        description="The question, with {condition}: for whom or when, in the guideline's words; it may name {heading}."
    )
    unanswered: float = Field(
        ge=0, lt=1, description="Share of the questions that are put to a passage of another section."
    )
    no_answer: str = Field(min_length=1, description="What is said where the passage does not answer.")


class RecommendationsDomain(DomainSection):
    """Passages of guidelines and questions to them."""

    kind: Literal["recommendations"] = Field(description="recommendations: questions to passages of guidelines.")
    task: RecommendationTask = Field(description="What the model is asked.")


class Recommendations(Domain):
    """Questions to passages; ``group`` is the section."""

    settings: RecommendationsDomain

    def __init__(self, settings: RecommendationsDomain, documents: Sequence[Document]) -> None:
        super().__init__(settings, documents)
        self._without_condition = 0

    def remarks(self) -> Sequence[str]:
        """Say how much advice nobody is asked about."""
        count = self._without_condition
        return (f"{count:,} recommendations say neither for whom nor when: not asked",) if count else ()

    def examples(self) -> Iterator[Example]:
        """Yield the questions of each passage; which of them go to another section's passage is drawn by their ids.

        Raises:
            DataError: no passage holds a recommendation that says for whom or when.
        """
        asked = [*self._answered()]
        if not asked:
            raise DataError(
                f"domain {self.settings.name}: no recommendation was found (a sentence with should, offer, 推荐, 禁用, "
                "... that says for whom or when); choose domain.task.kind=text to train on the text itself"
            )
        for example in asked:
            drawn, others = random.Random(example.id), list[Example]()
            if drawn.random() < self.settings.task.unanswered:
                others = [one for one in asked if one.group != example.group]
            yield self._put_elsewhere(example, drawn.choice(others)) if others else example

    def score(self, example: Example, prediction: Prediction) -> dict[str, float]:
        """Score one answer; white space, case and punctuation aside."""
        given, wanted = normalised(answer_of(prediction.generated)), normalised(example.output)
        none = normalised(self.settings.task.no_answer)
        scores = {"recommendation_accuracy": float(given == wanted)}
        if wanted == none:
            return scores | {"abstention": float(given == none)}
        said = sentences(answer_of(prediction.generated), self.settings.language)
        return scores | {"quoted": float(bool(said) and all(_stands(one, example.fields["passage"]) for one in said))}

    def majority_answer(self, train: Sequence[Example]) -> str:
        """Return what is said where a passage does not answer."""
        return self.settings.task.no_answer

    def plain_answers(self, train: Sequence[Example], items: Sequence[Example]) -> Mapping[str, Sequence[str]]:
        """Return the passage's sentence that shares the most words with the question."""
        return {_BASELINE: [self._nearest(item) for item in items]}

    def _answered(self) -> Iterator[Example]:
        task, language = self.settings.task, self.settings.language
        self._without_condition = 0
        for document in self.documents:
            for number, passage in enumerate(passages(document.text, task.passage_characters)):
                found = sorted(advice_in(passage, language), key=lambda one: one.condition)
                advising = sum(advises(sentence, language) for sentence in sentences(passage, language))
                self._without_condition += advising - len(found)
                for condition, same in groupby(found, key=lambda one: one.condition):
                    answer = (" " if language == "en" else "").join(one.sentence for one in same)
                    yield self._example(document, f"{document.id}#{number}", passage, condition, answer)

    def _example(self, document: Document, name: str, passage: str, condition: str, answer: str) -> Example:
        task = self.settings.task
        heading = " / ".join(document.fields.get("headings") or ()) or str(document.fields.get("title", ""))
        try:
            question = task.question.format(condition=condition, heading=heading)
        except (KeyError, IndexError, ValueError) as error:
            allowed = "only {condition} and {heading} may stand in it"
            raise ConfigError([f"domain.task.question = {task.question!r}: {allowed}"]) from error
        output = written(task, {"recommendation": answer})
        key = re.sub(r"\W+", "-", condition)[:60]
        text = f"{passage}\n\n{question}"
        fields = {"question": question, "passage": passage}
        return Example(f"{name}-{key}", task.instruction, text, output, group=document.id, fields=fields)

    def _put_elsewhere(self, example: Example, other: Example) -> Example:
        passage, question = other.fields["passage"], example.fields["question"]
        return replace(
            example,
            input=f"{passage}\n\n{question}",
            output=self.settings.task.no_answer,
            group=other.group,  # what is read decides the part: no passage of the test is seen in train
            fields={"question": question, "passage": passage},
        )

    def _nearest(self, item: Example) -> str:
        asked = {*normalised(item.fields["question"])}
        found = sentences(item.fields["passage"], self.settings.language)
        return max(found, key=lambda sentence: len(asked & {*normalised(sentence)}), default="")


def _stands(sentence: str, passage: str) -> bool:
    return f" {' '.join(normalised(sentence))} " in f" {' '.join(normalised(passage))} "


DECLARATION = Declaration(
    kind="recommendations",
    section=RecommendationsDomain,
    implementation="r1tailor.domain.recommendations:Recommendations",
    metrics=(
        ScoredMetric(
            "recommendation_accuracy",
            "proportion",
            constant_answer=True,
            description="Answers that are the recommendation, or say that there is none, word for word; case and "
            "punctuation aside.",
        ),
        ScoredMetric(
            "abstention",
            "proportion",
            constant_answer=True,
            description="Of questions that the passage does not answer, those where the answer says so.",
        ),
        ScoredMetric(
            "quoted",
            "proportion",
            description="Of questions that the passage answers, those whose answer stands in the passage.",
        ),
    ),
)

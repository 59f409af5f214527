"""EU law: a passage of an act -> the act and its article.

A citation is complete when it names an act and an article, and valid when every article it names exists in that act:
an invented article number is the typical fault of a model that writes law.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from r1tailor.domain.answers import label_in
from r1tailor.domain.base import Domain, answer_of, written
from r1tailor.domain.declaration import Declaration, ScoredMetric
from r1tailor.domain.passages import PassageTask, passages
from r1tailor.records import Document, Example, Prediction
from r1tailor.schema.domain import DomainSection

_ARTICLE = re.compile(r"\bart(?:icles?|\.)\s*(\d{1,5})\b", re.IGNORECASE)


class LegalDomain(DomainSection):
    """Passages of EU acts: act and article."""

    kind: Literal["legal"] = Field(description="legal: act and article of a passage of EU law.")
    task: PassageTask = Field(description="What the model is asked.")


class Legal(Domain):
    """Citations over the articles of ``sources/eu_laws.py``."""

    settings: LegalDomain

    def __init__(self, settings: LegalDomain, documents: Sequence[Document]) -> None:
        super().__init__(settings, documents)
        self._articles: dict[str, set[int]] = {}
        self._act_called: dict[str, str] = {}
        for document in documents:
            act = document.fields["act"]
            self._articles.setdefault(act, set()).add(document.fields["article"])
            self._act_called |= dict.fromkeys(names_of(act, document.fields["official_number"]), act)

    def examples(self) -> Iterator[Example]:
        """Yield one example for each passage; those of one article are one group."""
        task = self.settings.task
        for document in self.documents:
            kept = {"act": document.fields["act"], "article": document.fields["article"]}
            output = written(task, {name: str(value) for name, value in kept.items()})
            for number, passage in enumerate(passages(document.text, task.passage_characters)):
                id_ = f"{document.id}#{number}"
                yield Example(id_, task.instruction, passage, output, group=document.id, fields=kept)

    def labels(self) -> tuple[str, ...]:
        """Return the names of the acts, or the labels of the task."""
        return self.settings.task.labels or tuple(self._articles)

    def score(self, example: Example, prediction: Prediction) -> dict[str, float]:
        """Score one citation against its reference."""
        answer = answer_of(prediction.generated)
        act, articles = self.act_in(answer), [int(number) for number in _ARTICLE.findall(answer)]
        complete = bool(act and articles)
        right = act == example.fields["act"]
        return {
            "act_accuracy": float(right),
            "act_accuracy_ranked": float(prediction.ranked == example.fields["act"]),
            "article_accuracy": float(right and articles[:1] == [example.fields["article"]]),
            "citation_completeness": float(complete),
            "citation_validity": float(complete and self._articles[act].issuperset(articles)),
        }

    def majority_answer(self, train: Sequence[Example]) -> str:
        """Return the most frequent citation of the most frequent act of the training examples."""
        (act, _), *_ = Counter(example.fields["act"] for example in train).most_common(1)
        (output, _), *_ = Counter(e.output for e in train if e.fields["act"] == act).most_common(1)
        return output

    def act_in(self, answer: str) -> str:
        """Return the act that an answer names first, by its name, its short name or its number; empty if none."""
        return self._act_called.get(label_in(answer, tuple(self._act_called)), "")


def names_of(act: str, official_number: str) -> Iterator[str]:
    """Yield what an act is called, in lower case: ``NIS2 Directive``, ``NIS2``, ``2022/2555``."""
    folded = act.casefold()
    yield folded
    yield folded.removeprefix("eu ").removesuffix(" directive")
    if official_number:
        yield official_number


DECLARATION = Declaration(
    kind="legal",
    section=LegalDomain,
    implementation="r1tailor.domain.legal:Legal",
    metrics=(
        ScoredMetric(
            "act_accuracy",
            "proportion",
            constant_answer=True,
            ranked="act_accuracy_ranked",
            description="Answers that name the right act.",
        ),
        ScoredMetric(
            "act_accuracy_ranked",
            "proportion",
            description="The same, taking the act that the model finds likeliest instead of a free answer.",
        ),
        ScoredMetric(
            "article_accuracy",
            "proportion",
            constant_answer=True,
            description="Answers that name the right article of the right text.",
        ),
        ScoredMetric(
            "citation_completeness", "proportion", description="Answers that name both a text and an article."
        ),
        ScoredMetric(
            "citation_validity",
            "proportion",
            description="Answers whose citation is complete and exists; what is invented does not.",
        ),
    ),
)

"""Passages of one's own documents: a passage -> the title of the document that it comes from.

A task that documents without answers bear: whoever can tell which guideline, contract or manual a passage is from has
learnt what each of them is about. Passages of one section stay in one part of the split, so that no sentence of the
test was trained on, while every title was.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from r1tailor.domain.base import Domain, answer_of, written
from r1tailor.domain.declaration import Declaration, ScoredMetric
from r1tailor.domain.passages import PassageTask, passages
from r1tailor.errors import DataError
from r1tailor.records import Document, Example, Prediction
from r1tailor.schema.domain import DomainSection


class TitledPassagesDomain(DomainSection):
    """Passages of documents: the title of the document that each comes from."""

    kind: Literal["titled_passages"] = Field(description="titled_passages: the document that a passage comes from.")
    task: PassageTask = Field(description="What the model is asked.")


class TitledPassages(Domain):
    """Titles over the sections of one's own documents; the closed set are the titles."""

    settings: TitledPassagesDomain

    def __init__(self, settings: TitledPassagesDomain, documents: Sequence[Document]) -> None:
        super().__init__(settings, documents)
        self._titles = {document.id: title_of(document) for document in documents}

    def examples(self) -> Iterator[Example]:
        """Yield one example for each passage; those of one section are one group.

        Raises:
            DataError: all documents have the same title, so that there is nothing to tell apart.
        """
        if len(self.labels()) < 2:
            raise DataError(
                f"domain {self.settings.name}: all documents have one title, so there is nothing to tell apart; "
                "give several documents, or choose task.kind: text"
            )
        task = self.settings.task
        for document in self.documents:
            output = written(task, {"title": self._titles[document.id]})
            for number, passage in enumerate(passages(document.text, task.passage_characters)):
                yield Example(f"{document.id}#{number}", task.instruction, passage, output, group=document.id)

    def labels(self) -> tuple[str, ...]:
        """Return the titles, or the labels of the task."""
        return self.settings.task.labels or tuple(dict.fromkeys(self._titles.values()))

    def score(self, example: Example, prediction: Prediction) -> dict[str, float]:
        """Score one title against its reference."""
        answer = " ".join(answer_of(prediction.generated).casefold().split())
        return {
            "title_accuracy": float(answer == " ".join(example.output.casefold().split())),
            "title_accuracy_ranked": float(prediction.ranked == example.output),
        }

    def majority_answer(self, train: Sequence[Example]) -> str:
        """Return the title of the most training passages."""
        (answer, _), *_ = Counter(example.output for example in train).most_common(1)
        return answer


def title_of(document: Document) -> str:
    """Return what a document is called: its title, its highest heading, or where it stands in its source."""
    headings = document.fields.get("headings") or [""]
    return str(document.fields.get("title") or headings[0] or document.id.rpartition("-")[0] or document.id).strip()


DECLARATION = Declaration(
    kind="titled_passages",
    section=TitledPassagesDomain,
    implementation="r1tailor.domain.titled_passages:TitledPassages",
    metrics=(
        ScoredMetric(
            "title_accuracy",
            "proportion",
            constant_answer=True,
            ranked="title_accuracy_ranked",
            description="Answers that are the right title, case and white space aside.",
        ),
        ScoredMetric(
            "title_accuracy_ranked",
            "proportion",
            description="The same, taking the title that the model finds likeliest instead of a free answer.",
        ),
    ),
)

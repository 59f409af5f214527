"""A domain from anybody's records with outputs, or documents that people labelled: YAML only."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field, model_validator

from r1tailor.domain.answers import folded, label_in
from r1tailor.domain.base import Domain, answer_of, coverage, written
from r1tailor.domain.conversations import rejected_answer, turned
from r1tailor.domain.declaration import Declaration, ScoredMetric
from r1tailor.domain.label_rules import ClosedSet
from r1tailor.domain.labelled import labelled
from r1tailor.errors import DataError
from r1tailor.records import Example, Prediction
from r1tailor.schema.domain import DomainSection
from r1tailor.thinking import parted

_EMPTY = {"instruction": "", "reasoning": "", "group": "", "entities": []}  # what a source may leave out
_READ = {
    "instruction",
    "reasoning",
    "group",
    "output",
    "turns",
    "tools",
    "of_turns",
    "gold",
    "terms",
    "pages",
    "rejected_output",
}


class GenericDomain(DomainSection):
    """Any JSONL of instruction, input and output records; no code needed."""

    kind: Literal["generic"] = Field(description="generic: your own records with outputs, or labelled documents.")

    @model_validator(mode="after")
    def _names_the_labels_that_metrics_need(self) -> "GenericDomain":
        needing = [metric.name for metric in self.task.metrics if metric.name in ("label_accuracy", "macro_f1")]
        if needing and not self.task.labels:
            raise ValueError(f"task.metrics: {' and '.join(needing)} need the closed set of answers (task.labels)")
        return self


class Generic(Domain):
    """Examples as they stand in the source; accuracy and ranking where the task names its labels."""

    reads_turns = True
    reads_rejected = True

    def examples(self) -> Iterator[Example]:
        """Yield one example for each document that has an output or carries gold labels (see ``domain/labelled.py``).

        Raises:
            DataError: no document does, or an answer is none of the task's labels and the rules say to stop.
        """
        task, found = self.settings.task, False
        closed = ClosedSet(task)
        self.outside = closed.outside
        for document in self.documents:
            fields = _EMPTY | labelled(document) | document.fields
            if "output" not in fields:
                continue
            found = True
            kept = {name: value for name, value in fields.items() if name not in _READ}
            if "turns" in fields:
                yield from turned(document, fields, kept, task)
                continue
            thought, said = parted(fields["output"])
            fields = fields | {"output": said or fields["output"], "reasoning": fields["reasoning"] or thought}
            output = closed.label(
                written(task, {"input": document.text, **fields}), document.id, several="gold" in fields
            )
            if output is None:
                continue
            instruction = fields["instruction"] or task.instruction
            reasoning = fields["reasoning"] if task.keeps_reasoning else ""
            yield Example(
                document.id,
                instruction,
                document.text,
                output,
                reasoning,
                fields["group"],
                kept,
                rejected=rejected_answer(document.text, fields, task, output),
            )
        if self.documents and not found:
            raise DataError(
                f"domain {self.settings.name}: no record has an output and none has gold labels; "
                "give records with outputs, or people's labels in domain.annotation.exports"
            )
        closed.settle(self.settings.name)

    def unlabelled(self) -> Iterator[Example]:
        """Yield a question for each document that has no output, no gold labels and no turns."""
        for document in self.documents:
            fields = _EMPTY | labelled(document) | document.fields
            if "output" not in fields and "turns" not in fields and document.text:
                kept = {name: value for name, value in fields.items() if name not in _READ}
                asked = fields["instruction"] or self.settings.task.instruction
                yield Example(document.id, asked, document.text, "", group=fields["group"], fields=kept)

    def score(self, example: Example, prediction: Prediction) -> dict[str, float]:
        """Score one answer against its reference."""
        answer, reference = answer_of(prediction.generated), answer_of(example.output)
        scores = {"exact_match": float(folded(answer) == folded(reference))}
        scores |= coverage("entity_coverage", example.fields.get("entities", ()), answer)
        if wanted := label_in(reference, self.labels()):
            scores["label_accuracy"] = float(label_in(answer, self.labels()) == wanted)
            scores["label_accuracy_ranked"] = float(prediction.ranked == wanted)
        return scores

    def majority_answer(self, train: Sequence[Example]) -> str:
        """Return the most frequent reference answer."""
        (answer, _), *_ = Counter(example.output for example in train).most_common(1)
        return answer


class _Generic(Declaration):
    def measured(self, section: GenericDomain) -> tuple[ScoredMetric, ...]:
        """Return also what is measured over a closed set, where the task names one."""
        return self.metrics if self.labels(section) else self.metrics[:2]


DECLARATION = _Generic(
    kind="generic",
    section=GenericDomain,
    implementation="r1tailor.domain.generic:Generic",
    metrics=(
        ScoredMetric(
            "exact_match",
            "proportion",
            constant_answer=True,
            description="Answers that equal the reference, case and white space aside.",
        ),
        ScoredMetric(
            "entity_coverage",
            "mean",
            description="Share of the terms that an answer must mention (`entities`) that it does mention.",
        ),
        ScoredMetric(
            "label_accuracy",
            "proportion",
            constant_answer=True,
            ranked="label_accuracy_ranked",
            description="Answers whose first label is the reference's.",
        ),
        ScoredMetric(
            "label_accuracy_ranked",
            "proportion",
            description="The same, taking the label that the model finds likeliest instead of a free answer.",
        ),
    ),
)

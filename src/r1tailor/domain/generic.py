"""A domain from anybody's JSONL of instruction, input and output: YAML only."""

from collections import Counter
from collections.abc import Iterator, Sequence

from r1tailor.domain.base import Domain, ScoredMetric, answer_of, coverage
from r1tailor.errors import ConfigError
from r1tailor.records import Document, Example, Prediction
from r1tailor.schema import GenericDomain

_ALWAYS = (ScoredMetric("exact_match", "proportion", constant_answer=True), ScoredMetric("entity_coverage", "mean"))
_WITH_LABELS = (
    ScoredMetric("label_accuracy", "proportion", constant_answer=True),
    ScoredMetric("label_accuracy_ranked", "proportion"),
)


class Generic(Domain):
    """Examples as they stand in the source; accuracy and ranking where the task names its labels."""

    def __init__(self, settings: GenericDomain, documents: Sequence[Document]) -> None:
        super().__init__(settings, documents)
        self.metrics = _ALWAYS + (_WITH_LABELS if self.labels() else ())

    def examples(self) -> Iterator[Example]:
        """Yield one example for each document."""
        task = self.settings.task
        for document in self.documents:
            fields = document.fields
            try:
                output = task.response.format(input=document.text, **fields)
            except (KeyError, IndexError, ValueError, AttributeError, TypeError) as error:
                allowed = "{input}, " + ", ".join(f"{{{name}}}" for name in fields)
                raise ConfigError(
                    [f"domain.task.response = {task.response!r}: only {allowed} may stand in it"]
                ) from error
            instruction = fields["instruction"] or task.instruction
            reasoning = fields["reasoning"] if task.reasoning else ""
            kept = {"entities": fields["entities"]}
            yield Example(document.id, instruction, document.text, output, reasoning, fields["group"], kept)

    def labels(self) -> tuple[str, ...]:
        """Return the labels of the task."""
        return self.settings.task.labels or ()

    def score(self, example: Example, prediction: Prediction) -> dict[str, float]:
        """Score one answer against its reference."""
        answer = answer_of(prediction.generated)
        scores = {
            "exact_match": float(_folded(answer) == _folded(example.output)),
            "entity_coverage": coverage(example.fields["entities"], answer),
        }
        if self.labels():
            scores["label_accuracy"] = float(self._label_in(answer) == example.output)
            scores["label_accuracy_ranked"] = float(prediction.ranked == example.output)
        return scores

    def majority_answer(self, train: Sequence[Example]) -> str:
        """Return the most frequent reference answer."""
        (answer, _), *_ = Counter(example.output for example in train).most_common(1)
        return answer

    def _label_in(self, answer: str) -> str:
        """Return the label that an answer names first (the longest, where two begin together)."""
        folded = answer.casefold()
        found = sorted((folded.find(label.casefold()), -len(label), label) for label in self.labels())
        return next((label for place, _, label in found if place >= 0), "")


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())

"""Continued pre-training: the examples of ``task.kind: text`` are the clean documents of any domain, as they stand.

Such an example has no prompt: its output is the text, and every token of it is supervised. What is measured is the
perplexity of held-out documents; nothing is answered, so nothing is scored.
"""

from collections.abc import Iterator, Sequence

from r1tailor.domain.base import Domain
from r1tailor.domain.declaration import ScoredMetric
from r1tailor.records import Example, Prediction

_MARK = {"kind": "text"}


def is_text(example: Example) -> bool:
    """Whether an example is a whole text, without a prompt."""
    return example.fields.get("kind") == _MARK["kind"] and not example.instruction and not example.input


class Texts(Domain):
    """The documents of a domain as they stand."""

    @property
    def metrics(self) -> tuple[ScoredMetric, ...]:
        """Nothing is scored: perplexity is measured in every domain."""
        return ()

    def examples(self) -> Iterator[Example]:
        """Yield an example for each document that holds more than white space."""
        for document in self.documents:
            if document.text.strip():
                group = document.fields.get("group") or ""
                yield Example(document.id, "", "", document.text, group=str(group), fields=dict(_MARK))

    def labels(self) -> tuple[str, ...]:
        """Return no labels."""
        return ()

    def score(self, example: Example, prediction: Prediction) -> dict[str, float]:
        """Return no scores."""
        return {}

    def majority_answer(self, train: Sequence[Example]) -> str:
        """Return nothing: there is no answer."""
        return ""

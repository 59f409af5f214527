"""Continued pre-training: the examples of ``task.kind: text`` are the clean documents of any domain, as they stand.

Such an example has no prompt: its output is the text, and every token of it is supervised. With
``task.passage_characters`` a document becomes several examples, so that of one long document parts can be held out.
What is measured is the perplexity of held-out texts; nothing is answered, so nothing is scored.
"""

from collections.abc import Iterator, Sequence

from r1tailor.domain.base import Domain
from r1tailor.domain.declaration import ScoredMetric
from r1tailor.domain.passages import pieces
from r1tailor.records import Document, Example, Prediction

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
        """Yield an example for each document, or each piece of one, that holds more than white space."""
        for document in self.documents:
            group, day = str(document.fields.get("group") or ""), document.available_at
            for id_, text in self._texts(document):
                if text.strip():
                    yield Example(id_, "", "", text, group=group, available_at=day, fields=dict(_MARK))

    def _texts(self, document: Document) -> Iterator[tuple[str, str]]:
        """Yield the texts of a document, each with its id."""
        longest = self.settings.task.passage_characters
        if longest is None:
            yield document.id, document.text
            return
        for number, text in enumerate(pieces(document.text, longest)):
            yield f"{document.id}#{number}", text

    def labels(self) -> tuple[str, ...]:
        """Return no labels."""
        return ()

    def score(self, example: Example, prediction: Prediction) -> dict[str, float]:
        """Return no scores."""
        return {}

    def majority_answer(self, train: Sequence[Example]) -> str:
        """Return nothing: there is no answer."""
        return ""

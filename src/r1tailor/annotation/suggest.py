"""Pre-annotation: annotators see what a model predicts, or the terms found in a document.

Suggestions are never votes: they go out with the tasks and are not read back. A language model gives surfaces rather
than offsets (it cannot count), so its mentions are looked up in the text, and those that do not occur are dropped.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from r1tailor.annotation.tokens import HAN
from r1tailor.records import Document, Labels, Span

_WORD = rf"[^\W{HAN}]"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Labels that a machine proposes for one document.

    Attributes:
        document: the document's id.
        model_version: their origin (``terms``, or a version of the registry).
        score: confidence, in [0, 1].
        labels: the proposed labels.
    """

    document: str
    model_version: str
    score: float
    labels: Labels


@dataclass(frozen=True, slots=True)
class Predicted:
    """A model's prediction for one document: mentions as (surface, label), answers by question, and its confidence."""

    mentions: tuple[tuple[str, str], ...]
    score: float
    answers: dict[str, tuple[str, ...]] = field(default_factory=dict)


def from_model(
    documents: Iterable[Document], predict: Callable[[Document], Predicted], model_version: str
) -> Iterator[Suggestion]:
    """Yield a model's suggestion for each document."""
    for document in documents:
        predicted = predict(document)
        spans = {span for surface, label in predicted.mentions for span in mentions(document.text, surface, label)}
        labels = Labels(spans=tuple(sorted(spans)), answers=dict(sorted(predicted.answers.items())))
        yield Suggestion(document.id, model_version, predicted.score, labels)


def from_terms(
    documents: Iterable[Document], label_of: Callable[[Mapping[str, Any]], str | None], score: float
) -> Iterator[Suggestion]:
    """Yield the terms found in each document (its field ``terms``) as spans.

    Args:
        documents: with their terms, which are mappings of start, end, surface, preferred, code.
        label_of: returns the span label of a term (by its code, for example); None leaves it out.
        score: the share of such terms that annotators confirm, as measured, in [0, 1].
    """
    for document in documents:
        labelled = [(term, label_of(term)) for term in document.fields.get("terms", ())]
        spans = {Span(term["start"], term["end"], label) for term, label in labelled if label is not None}
        if spans:
            yield Suggestion(document.id, "terms", score, Labels(spans=tuple(sorted(spans))))


def mentions(text: str, surface: str, label: str) -> list[Span]:
    """Return every occurrence of a surface in a text, ignoring case, but not within a longer word.

    Chinese has no word boundaries, so none is required next to a Chinese character.
    """
    if not surface.strip():
        return []
    pattern = rf"(?<!{_WORD})" if re.match(_WORD, surface) else ""
    pattern += re.escape(surface)
    pattern += rf"(?!{_WORD})" if re.match(_WORD, surface[-1]) else ""
    return [Span(found.start(), found.end(), label) for found in re.finditer(pattern, text, re.IGNORECASE)]

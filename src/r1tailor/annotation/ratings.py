"""Votes as tables of ratings: the value that each annotator gave to each unit of a document.

A question is rated once per document. Spans are rated token by token, with ``no label`` for a token outside every span,
so that annotators who agree on part of a span agree in part. A relation is rated for every ordered pair of spans that
the scheme can relate, by the annotators who drew both spans: for the others the rating is missing, not negative.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from r1tailor.annotation.tokens import pieces
from r1tailor.records import Annotation, Document, Labels, Span
from r1tailor.schema.annotation import OwnScheme

NOTHING = "no label"
MISSING = -1
Codes = NDArray[np.int64]
Unit = tuple[str, dict[str, str]]  # the document, value by annotator


@dataclass(frozen=True)
class Ratings:
    """The ratings of one aspect of a scheme.

    Attributes:
        aspect: ``spans``, ``relations`` or the name of a question.
        documents: the documents that have a unit.
        document_of: [units] index into ``documents``.
        codes: [units, annotators] index into ``values``, or ``MISSING``.
        values: all values given, sorted.
    """

    aspect: str
    documents: tuple[str, ...]
    document_of: Codes
    codes: Codes
    values: tuple[str, ...]


def ratings(
    votes: Mapping[str, Sequence[Annotation]], documents: Mapping[str, Document], scheme: OwnScheme
) -> list[Ratings]:
    """Return the ratings of every aspect of a scheme.

    Args:
        votes: by document; one per annotator, none of them cancelled.
        documents: by id.
        scheme: the aspects.
    """
    tables = []
    if scheme.spans:
        tables.append(_table("spans", (u for id_ in votes for u in _tokens(documents[id_], votes[id_]))))
    if scheme.relations:
        allowed = {(relation.head, relation.tail) for relation in scheme.relations}
        tables.append(_table("relations", (u for id_ in votes for u in _pairs(id_, votes[id_], allowed))))
    asked = [question.name for question in scheme.questions]
    return tables + [_table(name, (_answers(id_, votes[id_], name) for id_ in votes)) for name in asked]


def _tokens(document: Document, votes: Sequence[Annotation]) -> Iterator[Unit]:
    text = document.text
    cuts = {cut for vote in votes for span in vote.labels.spans for cut in (span.start, span.end)}
    tokens = [(start, end) for start, end in pieces(text, cuts) if not text[start:end].isspace()]
    starts = [start for start, _ in tokens]
    labels = {vote.annotator: _token_labels(vote.labels, starts) for vote in votes}
    for number in range(len(tokens)):
        yield document.id, {annotator: given[number] for annotator, given in labels.items()}


def _token_labels(labels: Labels, starts: list[int]) -> list[str]:
    given: list[list[str]] = [[] for _ in starts]
    for span in labels.spans:
        for number in range(bisect_left(starts, span.start), bisect_left(starts, span.end)):
            given[number].append(span.label)
    return [_joined(found) for found in given]


def _pairs(document: str, votes: Sequence[Annotation], allowed: set[tuple[str, str]]) -> Iterator[Unit]:
    drawn = {vote.annotator: set(vote.labels.spans) for vote in votes}
    said: dict[str, dict[tuple[Span, Span], list[str]]] = {vote.annotator: {} for vote in votes}
    for vote in votes:
        for relation in vote.labels.relations:
            said[vote.annotator].setdefault((relation.head, relation.tail), []).append(relation.label)
    spans = sorted(set().union(*drawn.values()))
    for pair in ((head, tail) for head in spans for tail in spans if (head.label, tail.label) in allowed):
        seen = [annotator for annotator, own in drawn.items() if own.issuperset(pair)]
        if seen:
            yield document, {annotator: _joined(said[annotator].get(pair, [])) for annotator in seen}


def _answers(document: str, votes: Sequence[Annotation], question: str) -> Unit:
    answered = [vote for vote in votes if question in vote.labels.answers]
    return document, {vote.annotator: _joined(vote.labels.answers[question]) for vote in answered}


def _joined(labels: Iterable[str]) -> str:
    return " + ".join(sorted(set(labels))) or NOTHING


def _table(aspect: str, units: Iterable[Unit]) -> Ratings:
    rated = [unit for unit in units if unit[1]]
    documents = tuple(dict.fromkeys(document for document, _ in rated))
    number_of = {document: number for number, document in enumerate(documents)}
    annotators = sorted({annotator for _, given in rated for annotator in given})
    values = tuple(sorted({value for _, given in rated for value in given.values()}))
    code_of = {value: code for code, value in enumerate(values)}
    codes = np.full((len(rated), len(annotators)), MISSING, np.int64)
    column_of = {annotator: column for column, annotator in enumerate(annotators)}
    for row, (_, given) in enumerate(rated):
        for annotator, value in given.items():
            codes[row, column_of[annotator]] = code_of[value]
    document_of = np.array([number_of[document] for document, _ in rated], np.int64)
    return Ratings(aspect, documents, document_of, codes, values)

"""Prodigy's JSONL: exports (``prodigy db-out``) become annotations, documents become tasks.

What is easily misread: ``token_end`` is inclusive; a relation's ``head`` and ``child`` are indices of tokens (the last
token of a span), not of spans or characters; only the answer ``accept`` carries labels. Offsets are code points, as in
Python.
Format: https://prodi.gy/docs/api-interfaces, views ner_manual, spans_manual, relations, choice, classification.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from r1tailor.annotation.expected import Expected, Foreign, parsed
from r1tailor.annotation.suggest import Suggestion
from r1tailor.annotation.tokens import pieces
from r1tailor.errors import DataError
from r1tailor.record_files import read_json_lines
from r1tailor.records import Annotation, Document, Labels, Relation, Span
from r1tailor.schema.annotation import OwnScheme


class _Meta(Foreign):
    document: str


class _Token(Foreign):
    start: int
    end: int
    id: int


class _Span(Foreign):
    start: int
    end: int
    label: str
    text: str | None = None
    token_start: int | None = None
    token_end: int | None = None


class _Head(Foreign):
    start: int
    end: int
    label: str | None = None


class _Relation(Foreign):
    head: int
    child: int
    label: str
    head_span: _Head | None = None
    child_span: _Head | None = None


class _Row(Foreign):
    text: str
    meta: _Meta
    answer: Literal["accept", "reject", "ignore"]
    tokens: list[_Token] = Field(default_factory=list)
    spans: list[_Span] = Field(default_factory=list)
    relations: list[_Relation] = Field(default_factory=list)
    accept: list[str] = Field(default_factory=list)
    label: str | None = None
    annotator: str | None = Field(None, alias="_annotator_id")
    session: str | None = Field(None, alias="_session_id")
    timestamp: float | None = Field(None, alias="_timestamp", ge=0, lt=1e11)


def read(path: Path, expected: Expected) -> list[Annotation]:
    """Return the annotations of an export, in the order of the file.

    Raises:
        DataError: the file is not such an export, or its labels are inconsistent; names the line.
    """
    return [_annotation(value, expected, f"{path}, line {number}") for number, value in read_json_lines(path)]


def _annotation(value: dict[str, Any], expected: Expected, place: str) -> Annotation:
    row = parsed(_Row, value, place)
    document = expected.check_text(row.meta.document, row.text, place)
    who = row.annotator or row.session
    if not who:
        raise DataError(f"{place}: neither _annotator_id nor _session_id names the annotator")
    labels = _labels(row, expected, place) if row.answer == "accept" else Labels()
    created = datetime.fromtimestamp(row.timestamp, UTC).isoformat() if row.timestamp is not None else ""
    return Annotation(document, who, row.answer, labels, created, None, place)


def _labels(row: _Row, expected: Expected, place: str) -> Labels:
    spans = [_span(span, row, f"{place}, span {number}") for number, span in enumerate(row.spans)]
    relations = [
        Relation(
            _end(relation.head, relation.head_span, spans, row, f"{place}, relation {number}, head"),
            _end(relation.child, relation.child_span, spans, row, f"{place}, relation {number}, child"),
            relation.label,
        )
        for number, relation in enumerate(row.relations)
    ]
    return expected.labels(spans, relations, _answers(row, expected.scheme, place), {}, place)


def _span(span: _Span, row: _Row, place: str) -> Span:
    if not 0 <= span.start < span.end <= len(row.text):
        raise DataError(f"{place}: start and end must be 0 <= start < end <= {len(row.text)}")
    if span.text is not None and span.text != row.text[span.start : span.end]:
        raise DataError(f"{place}: text[{span.start}:{span.end}] is not its text")
    if row.tokens and span.token_start is not None and span.token_end is not None:
        first, last = _token(span.token_start, row, place), _token(span.token_end, row, place)
        if (first.start, last.end) != (span.start, span.end):
            raise DataError(
                f"{place}: tokens {span.token_start} to {span.token_end} (inclusive) cover "
                f"{first.start} to {last.end}, not {span.start} to {span.end}"
            )
    return Span(span.start, span.end, span.label)


def _token(number: int, row: _Row, place: str) -> _Token:
    if not 0 <= number < len(row.tokens):
        raise DataError(f"{place}: there is no token {number}; tokens are 0 to {len(row.tokens) - 1}")
    return row.tokens[number]


def _end(number: int, said: _Head | None, spans: Sequence[Span], row: _Row, place: str) -> Span:
    """Return the span at one end of a relation: the one the relation names, or else the one over its token."""
    token = _token(number, row, place)
    over = [span for span in spans if span.start <= token.start and token.end <= span.end]
    if said is not None:
        over = [span for span in over if (span.start, span.end) == (said.start, said.end)]
        over = [span for span in over if said.label is None or span.label == said.label]
    if len(over) != 1:
        raise DataError(f"{place}: {len(over)} labelled spans lie over token {number}; there must be one")
    return over[0]


def _answers(row: _Row, scheme: OwnScheme, place: str) -> dict[str, tuple[str, ...]]:
    """Return the answer to the one question that a Prodigy task can ask: a choice, or an accepted label."""
    chosen = tuple(row.accept) or ((row.label,) if row.label is not None else ())
    if chosen and len(scheme.questions) != 1:
        raise DataError(f"{place}: it answers a question; the scheme has {len(scheme.questions)}, Prodigy asks one")
    return {scheme.questions[0].name: chosen} if chosen else {}


def tasks(
    documents: Iterable[Document],
    scheme: OwnScheme,
    suggestions: Sequence[Suggestion] = (),
    annotations: Sequence[Annotation] = (),
    reasons: Mapping[str, str] | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield one task per document, or one per annotation where a document has annotations.

    Args:
        documents: to be labelled, in this order.
        scheme: its question, if there is one, becomes a choice.
        suggestions: spans and relations that annotators see and correct; one per document.
        annotations: existing votes, written as ``prodigy db-in`` takes them.
        reasons: by document, why it is to be labelled (again), for the task's meta.
    """
    suggested = {suggestion.document: suggestion for suggestion in suggestions}
    for document in documents:
        meta = {"document": document.id} | ({"reason": reasons[document.id]} if reasons else {})
        votes = [annotation for annotation in annotations if annotation.document == document.id]
        for vote in votes:
            yield _task(document.text, meta, vote.labels, scheme) | _answered(vote)
        if not votes:
            labels = suggested[document.id].labels if document.id in suggested else Labels()
            yield _task(document.text, meta, labels, scheme)


def _task(text: str, meta: dict[str, str], labels: Labels, scheme: OwnScheme) -> dict[str, Any]:
    starts, ends = {span.start for span in labels.spans}, {span.end for span in labels.spans}
    bounds = [
        (start, end)
        for start, end in pieces(text, starts | ends)
        if not text[start:end].isspace() or start in starts or end in ends
    ]
    tokens = [
        {"text": text[start:end], "start": start, "end": end, "id": number, "ws": text[end : end + 1] == " "}
        for number, (start, end) in enumerate(bounds)
    ]
    at_start = {start: number for number, (start, _) in enumerate(bounds)}
    at_end = {end: number for number, (_, end) in enumerate(bounds)}
    written = {
        span: {
            "start": span.start,
            "end": span.end,
            "token_start": at_start[span.start],
            "token_end": at_end[span.end],
            "label": span.label,
        }
        for span in labels.spans
    }
    relations = [_written(relation, written) for relation in labels.relations]
    task = {"text": text, "meta": meta, "tokens": tokens, "spans": list(written.values()), "relations": relations}
    return task | _options(scheme, labels)


def _written(relation: Relation, written: dict[Span, dict[str, Any]]) -> dict[str, Any]:
    head, child = written[relation.head], written[relation.tail]
    ends = {"head": head["token_end"], "child": child["token_end"], "head_span": head, "child_span": child}
    return ends | {"label": relation.label}


def _options(scheme: OwnScheme, labels: Labels) -> dict[str, Any]:
    if len(scheme.questions) != 1:
        return {}
    (question,) = scheme.questions
    options = [{"id": value, "text": value} for value in question.values]
    return {"options": options, "accept": list(labels.answers.get(question.name, ()))}


def _answered(vote: Annotation) -> dict[str, Any]:
    answered = {"answer": vote.answer, "_annotator_id": vote.annotator, "_session_id": vote.annotator}
    if not vote.created_at:
        return answered
    return answered | {"_timestamp": datetime.fromisoformat(vote.created_at).timestamp()}

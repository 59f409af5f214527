"""What an export may hold: labels of the scheme, on the documents as they are now.

Offsets are valid on one text only. A task whose text is no longer that of the document (cleaning rules have changed
since) is refused, and so is every label, relation or answer that is not in the scheme.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from r1tailor.config_messages import did_you_mean, first, shortened
from r1tailor.errors import DataError
from r1tailor.records import Annotation, Document, Labels, Relation, Span
from r1tailor.schema.annotation import OwnScheme


class Foreign(BaseModel):
    """A mapping in a tool's file: keys that we read are strict, other keys are ignored."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", allow_inf_nan=False)


Format = TypeVar("Format", bound=Foreign)


def parsed(format_: type[Format], value: object, place: str, tags: tuple[str, ...] = ()) -> Format:
    """Return a value of a tool's file, validated against its format.

    Raises:
        DataError: it does not have that format; names the place and the key.
    """
    try:
        return format_.model_validate(value)
    except ValidationError as error:
        raise DataError(f"{place}: {first(error, tags)}") from None


def moment(written: str, place: str) -> str:
    """Return a date and time as ISO in UTC, so that two tools' times can be compared.

    Raises:
        DataError: it is not an ISO date and time.
    """
    try:
        read = datetime.fromisoformat(written)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        raise DataError(f"{place}: created_at must be an ISO date and time") from None


@dataclass(frozen=True, slots=True)
class Expected:
    """The documents by id, and the scheme, that an export must fit.

    Attributes:
        documents: by id.
        scheme: the labels.
        renamed: of a domain with privacy, the opaque ids that a raw one may have: an export may be older than they are.
    """

    documents: Mapping[str, Document]
    scheme: OwnScheme
    renamed: Callable[[str], Iterable[str]] | None = None

    def known(self, document: str, place: str) -> str:
        """Return the id of the clean document that an export names.

        Raises:
            DataError: there is no such document. Where ids are opaque, that of the export may be a raw one and is not
                quoted.
        """
        if document in self.documents:
            return document
        if self.renamed is None:
            raise DataError(f"{place}: document {shortened(document)} is not among the clean documents")
        for opaque in self.renamed(document):
            if opaque in self.documents:
                return opaque
        raise DataError(
            f"{place}: its document is not among the clean documents; write the tasks again: r1tailor tasks"
        )

    def check_text(self, document: str, text: str, place: str) -> str:
        """Return the id of a task's document, once the task is known to have its current text.

        Raises:
            DataError: there is no such document, or its text has changed.
        """
        id_ = self.known(document, place)
        if self.documents[id_].text != text:
            raise DataError(
                f"{place}: its text is not the text of document {shortened(id_)}: cleaned by other rules since? "
                "Offsets would be wrong; write the tasks again and label those"
            )
        return id_

    def labels(
        self,
        spans: Sequence[Span],
        relations: Sequence[Relation],
        answers: Mapping[str, tuple[str, ...]],
        comments: Mapping[str, tuple[str, ...]],
        place: str,
    ) -> Labels:
        """Return the labels in canonical order, once they are known to be in the scheme.

        Raises:
            DataError: a label is not in the scheme, or a single-answer question has two answers.
        """
        known = [span.name for span in self.scheme.spans]
        for span in spans:
            if span.label not in known:
                raise DataError(f"{place}: {_unknown('span label', span.label, known)}")
        triples = [(relation.head, relation.name, relation.tail) for relation in self.scheme.relations]
        for relation in relations:
            triple = (relation.head.label, relation.label, relation.tail.label)
            if triple not in triples:
                known = [" ".join(allowed) for allowed in triples]
                raise DataError(f"{place}: {_unknown('relation', ' '.join(triple), known)}")
        for name, values in answers.items():
            self._check_answer(name, values, place)
        return Labels(
            tuple(sorted(set(spans))),
            tuple(sorted(set(relations))),
            {name: tuple(sorted(set(values))) for name, values in sorted(answers.items())},
            dict(sorted(comments.items())),
        )

    def record(self, annotation: Annotation, place: str) -> Annotation:
        """Return an annotation of our own format once it is known to fit its document and the scheme.

        Raises:
            DataError: there is no such document, or a label is not in the scheme or not in the text.
        """
        id_ = self.known(annotation.document, place)
        length, labels = len(self.documents[id_].text), annotation.labels
        ends = [end for relation in labels.relations for end in (relation.head, relation.tail)]
        for span in labels.spans:
            if not 0 <= span.start < span.end <= length:
                raise DataError(f"{place}: a span must have 0 <= start < end <= {length}")
        if not set(ends) <= set(labels.spans):
            raise DataError(f"{place}: the head and the tail of a relation must be among the spans")
        checked = self.labels(labels.spans, labels.relations, labels.answers, labels.comments, place)
        created = moment(annotation.created_at, place) if annotation.created_at else ""
        return replace(annotation, document=id_, labels=checked, created_at=created)

    def _check_answer(self, name: str, values: tuple[str, ...], place: str) -> None:
        questions = {question.name: question for question in self.scheme.questions}
        if name not in questions:
            raise DataError(f"{place}: {_unknown('question', name, list(questions))}")
        for value in values:
            if value not in questions[name].values:
                raise DataError(f"{place}: {_unknown(f'answer to {name}', value, questions[name].values)}")
        if len(set(values)) > 1 and not questions[name].multiple:
            raise DataError(f"{place}: {name} has {len(set(values))} answers and takes one")


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    allowed = ", ".join(known) or "none"
    return f"{shortened(name)} is no {what} of the scheme. Allowed: {allowed}.{did_you_mean(name, known)}"

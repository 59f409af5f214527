"""What people are asked to label, where their labels come from, and when they agree enough (``annotation/``).

A scheme's definitions are read by people: they stand beside the labels in the tool, and a confused pair of labels is
answered with the two definitions side by side.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from r1tailor.fields import Fraction, Location, Name
from r1tailor.schema.base import Section

Label = Annotated[str, Field(pattern=r"^\S(.*\S)?$", max_length=100)]
RESERVED = (
    "text",
    "document",
    "spans",
    "comment",
    "id",
    "annotator",
    "relations",
)  # names that the tools' files use themselves


class SpanLabel(Section):
    """A label for a stretch of text."""

    name: Label
    definition: str


class RelationLabel(Section):
    """A label for what one span is to another; ``head`` and ``tail`` are span labels."""

    name: Label
    head: Label
    tail: Label
    definition: str


class Question(Section):
    """A question about a whole document, answered by one of ``values``, or by several if ``multiple``."""

    name: Name
    values: Annotated[tuple[Label, ...], Field(strict=False, min_length=2)]
    multiple: bool
    definition: str


class OwnScheme(Section):
    """Your own labels: spans, relations between them, questions about the whole document."""

    kind: Literal["own"]
    spans: Annotated[tuple[SpanLabel, ...], Field(strict=False)]
    relations: Annotated[tuple[RelationLabel, ...], Field(strict=False)]
    questions: Annotated[tuple[Question, ...], Field(strict=False)]

    @model_validator(mode="after")
    def _is_coherent(self) -> "OwnScheme":
        spans, questions = [span.name for span in self.spans], [question.name for question in self.questions]
        relations = [(relation.name, relation.head, relation.tail) for relation in self.relations]
        if not spans and not questions:
            raise ValueError("a scheme needs spans or questions")
        lists: list[Sequence[object]] = [spans, questions, relations, *(question.values for question in self.questions)]
        if any(len(set(names)) < len(names) for names in lists):
            raise ValueError("a label stands twice in one list")
        for relation in self.relations:
            if not {relation.head, relation.tail} <= set(spans):
                raise ValueError(f"relation {relation.name}: its head and its tail must be among the spans")
        if taken := sorted(set(questions) & set(RESERVED)):
            raise ValueError(f"a question must not be called {taken[0]}: the tools' files use that name themselves")
        return self


class ShippedScheme(Section):
    """The labels that ship for a domain (``annotation/schemes.py``)."""

    kind: Literal["shipped"]
    name: Literal["medical", "legal", "education"]


Scheme = Annotated[ShippedScheme | OwnScheme, Field(discriminator="kind")]


class LabelStudioExport(Section):
    """A JSON or JSON-MIN export of Label Studio (``annotation/label_studio.py``)."""

    kind: Literal["label_studio"]
    path: Location


class ProdigyExport(Section):
    """What ``prodigy db-out`` writes (``annotation/prodigy.py``)."""

    kind: Literal["prodigy"]
    path: Location


class RecordsExport(Section):
    """JSONL of this package's own annotation records, for any other tool (``records.Annotation``)."""

    kind: Literal["records"]
    path: Location


Export = Annotated[LabelStudioExport | ProdigyExport | RecordsExport, Field(discriminator="kind")]


class AgreementGate(Section):
    """When labels are good enough to train on, for every aspect of the scheme.

    The agreement coefficient must reach ``kappa`` and the lower bound of its bootstrap interval (over documents, at
    ``confidence``) ``lower_bound``, on at least ``items`` documents that were labelled twice or more.
    """

    kappa: Annotated[float, Field(gt=0, le=1)]
    lower_bound: Fraction
    items: Annotated[int, Field(ge=2)]
    resamples: Annotated[int, Field(ge=100)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]


class Annotation(Section):
    """People's labels: the scheme, the exports they come from, the gate, and how votes become gold labels.

    ``merge: exact`` makes a span gold when more than half of its document's annotators drew it to the character;
    ``overlap`` lets spans of one label that overlap count as the same one. A tie waits for ``adjudication``: an export
    in which an adjudicator labelled the documents in question, or null.
    """

    scheme: Scheme
    exports: Annotated[tuple[Export, ...], Field(strict=False)]
    gate: AgreementGate
    merge: Literal["exact", "overlap"]
    adjudication: Export | None

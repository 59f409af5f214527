"""What people are asked to label, where their labels come from, and when they agree enough (``annotation/``).

Annotators read a scheme's definitions: the tool shows them next to the labels, and where two labels are confused,
the report shows both definitions side by side.
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

    name: Label = Field(description="The label, as the annotation tool shows it.")
    definition: str = Field(description="When to use the label; shown to annotators.")


class RelationLabel(Section):
    """A label for the relation of one span to another."""

    name: Label = Field(description="The label, as the annotation tool shows it.")
    head: Label = Field(description="Span label that the relation starts from; one of `spans`.")
    tail: Label = Field(description="Span label that the relation points to; one of `spans`.")
    definition: str = Field(description="When to use the label; shown to annotators.")


class Question(Section):
    """A question about a whole document."""

    name: Name = Field(
        description="Name of the question; not one that the tools' files use themselves, such as `text`."
    )
    values: tuple[Label, ...] = Field(strict=False, min_length=2, description="The answers to choose from.")
    multiple: bool = Field(description="`true` allows several answers to one document, `false` exactly one.")
    definition: str = Field(description="How to answer; shown to annotators.")


class OwnScheme(Section):
    """Your own labels: spans, relations between them, questions about the whole document."""

    kind: Literal["own"]
    spans: tuple[SpanLabel, ...] = Field(
        strict=False, description="Labels for stretches of text. A scheme needs at least one span or one question."
    )
    relations: tuple[RelationLabel, ...] = Field(strict=False, description="Labels for relations between spans.")
    questions: tuple[Question, ...] = Field(strict=False, description="Questions about the whole document.")

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
    name: Literal["medical", "legal", "education"] = Field(description="Which of the shipped schemes to use.")


Scheme = Annotated[ShippedScheme | OwnScheme, Field(discriminator="kind")]


class LabelStudioExport(Section):
    """A JSON or JSON-MIN export of Label Studio (``annotation/label_studio/``)."""

    kind: Literal["label_studio"]
    path: Location = Field(description="The exported file, relative to the project.")


class ProdigyExport(Section):
    """What ``prodigy db-out`` writes (``annotation/prodigy.py``)."""

    kind: Literal["prodigy"]
    path: Location = Field(description="The exported JSONL file, relative to the project.")


class RecordsExport(Section):
    """JSONL of this package's own annotation records, for any other tool (``records.Annotation``)."""

    kind: Literal["records"]
    path: Location = Field(description="The JSONL file, relative to the project.")


Export = Annotated[LabelStudioExport | ProdigyExport | RecordsExport, Field(discriminator="kind")]


class AgreementGate(Section):
    """When labels are good enough to train on. Every aspect of the scheme must pass."""

    kappa: float = Field(
        gt=0, le=1, description="Least agreement coefficient (Cohen, Fleiss or Krippendorff, whichever fits the data)."
    )
    lower_bound: Fraction = Field(description="Least lower bound of the coefficient's bootstrap interval.")
    items: int = Field(ge=2, description="Least number of documents labelled by two or more annotators.")
    resamples: int = Field(ge=100, description="Bootstrap resamples, over documents, behind the interval.")
    confidence: float = Field(gt=0.5, lt=1, description="Confidence level of the interval.")


class Annotation(Section):
    """People's labels: the scheme, the exports they come from, the gate, and how votes become gold labels."""

    scheme: Scheme = Field(description="What annotators label: a shipped scheme, or your own.")
    exports: tuple[Export, ...] = Field(
        strict=False,
        description="Exports of the annotation tools. With an empty list, documents pass through without labels.",
    )
    gate: AgreementGate = Field(description="The agreement that labels must reach; below it the pipeline stops.")
    merge: Literal["exact", "overlap"] = Field(
        description="When spans of several annotators are one: `exact` needs the same characters, "
        "`overlap` lets overlapping spans of one label count as the same. "
        "A span is gold if more than half of its document's annotators drew it."
    )
    adjudication: Export | None = Field(
        description="Export in which an adjudicator labelled the documents with a tie; `null`: ties stay open."
    )

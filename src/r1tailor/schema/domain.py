"""What a domain is: its goals, sources, cleaning, task and split (``domain/``, ``instruction/``)."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from r1tailor.fields import Fraction, Name, Response
from r1tailor.schema.base import Section
from r1tailor.schema.corpus import Cleaning
from r1tailor.schema.sources import Source


class Task(Section):
    """What the model is asked and how a reference answer is written.

    ``response`` is a format string over the fields of a domain's records; ``reasoning`` turns on the
    ``<think>`` part for records that carry one. ``labels`` is the closed set of answers, if there is one;
    null lets the domain derive it from its documents.
    """

    instruction: str
    response: Response
    reasoning: bool
    labels: Annotated[tuple[str, ...], Field(strict=False)] | None


class Split(Section):
    """Shares of the held-out parts; items at or above ``similarity`` never straddle two parts.

    ``similarity`` is the Jaccard index over character trigrams, in [0, 1].
    """

    validation: Fraction
    test: Annotated[float, Field(gt=0, lt=1)]
    similarity: Annotated[float, Field(gt=0, le=1)]

    @model_validator(mode="after")
    def _leaves_something_to_train_on(self) -> "Split":
        if self.validation + self.test >= 1:
            raise ValueError("validation + test must be below 1, or nothing is left to train on")
        return self


Metric = Literal[
    "perplexity",
    "bleu",
    "exact_match",
    "entity_coverage",
    "label_accuracy",
    "label_accuracy_ranked",
    "category_accuracy",
    "chapter_accuracy",
    "chapter_accuracy_ranked",
    "compliance",
]


class Goal(Section):
    """A need of the domain, written as a threshold on one metric of the tuned model."""

    metric: Metric
    at_least: float | None = None
    at_most: float | None = None
    why: str

    @model_validator(mode="after")
    def _has_one_threshold(self) -> "Goal":
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("a goal has either at_least or at_most")
        return self


class _Domain(Section):
    name: Name
    title: str
    language: Literal["en", "zh"]
    goals: Annotated[tuple[Goal, ...], Field(strict=False)]
    sources: Annotated[tuple[Source, ...], Field(strict=False, min_length=1)]
    cleaning: Cleaning
    task: Task
    split: Split


class MedicalDomain(_Domain):
    """ICD-10-CM coding of diagnostic terms (``domain/medical.py``)."""

    kind: Literal["medical"]


class GenericDomain(_Domain):
    """Any JSONL of instruction, input and output records; no code needed (``domain/generic.py``)."""

    kind: Literal["generic"]


Domain = Annotated[MedicalDomain | GenericDomain, Field(discriminator="kind")]

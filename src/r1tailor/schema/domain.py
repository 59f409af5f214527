"""What a domain is: its goals, sources, cleaning, annotation, task and split (``domain/``, ``instruction/``).

A kind of domain that has settings of its own extends these sections in its declaration (``domain/declaration.py``).
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SerializeAsAny, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticKnownError

from r1tailor.fields import DomainName, Fraction, IsoDate, Response
from r1tailor.schema.annotation import Annotation
from r1tailor.schema.base import Section, declared
from r1tailor.schema.corpus import Cleaning, Compliance
from r1tailor.schema.sources import Source

GENERAL_METRICS = ("perplexity", "bleu")  # measured in every domain


class Template(Section):
    """Arguments of the chat template, the same in training, evaluation and serving."""

    enable_thinking: bool | None = Field(
        default=None, description="Whether prompts ask for reasoning, for templates that know it; null is their own."
    )
    date_string: str | None = Field(
        default=None,
        description="What a template prints as today's date; null is 2026-01-01 in its own format, on every day.",
    )


class Task(Section):
    """What the model is asked, and how a reference answer is written."""

    instruction: str = Field(description="Instruction that opens every prompt; a record's own comes first.")
    response: Response = Field(
        description='Reference answer: text with fields of the domain\'s records in braces, such as "{output}".'
    )
    reasoning: bool = Field(description="Whether records that carry reasoning are trained with a <think> part.")
    labels: tuple[str, ...] | None = Field(
        strict=False, description="Closed set of answers; null derives it from the documents, where there is one."
    )
    train_turns: Literal["last", "all"] = Field(
        default="last",
        description="Which answers of a conversation are examples: the last, or all, each after the turns before it.",
    )
    template: Template = Field(default=Template(), description="Arguments of the model's chat template.")

    @model_validator(mode="after")
    def _reasons_only_where_the_template_lets_it(self) -> "Task":
        if self.reasoning and self.template.enable_thinking is False:
            raise ValueError(
                "template.enable_thinking = false leaves no room for reasoning: set reasoning to false too"
            )
        return self


class Boundaries(Section):
    """Where the held-out parts of a split in time begin."""

    validation: IsoDate = Field(description="ISO date from which examples belong to validation.")
    test: IsoDate = Field(description="ISO date from which examples belong to the test.")

    @model_validator(mode="after")
    def _are_in_order(self) -> "Boundaries":
        if self.validation > self.test:
            raise ValueError("validation must not be later than test")
        return self


class Leaks(Section):
    """What counts as a leak from a held-out example into train (``instruction/decontaminate.py``)."""

    fields: tuple[Literal["input", "output", "reasoning"], ...] = Field(
        strict=False, description="Texts of an example that are compared: any of input, output, reasoning."
    )
    containment: float = Field(
        gt=0, le=1, description="Share of a held-out text's character trigrams in a training text that makes a leak."
    )
    on_leak: Literal["remove", "stop"] = Field(
        description="What a leak does: remove takes the example out of train, stop ends the run."
    )


class Split(Section):
    """How examples are divided into train, validation and test."""

    validation: Fraction = Field(description="Share of validation, in [0, 1).")
    test: float = Field(gt=0, lt=1, description="Share of the test, in (0, 1).")
    similarity: float = Field(
        gt=0,
        le=1,
        description="Jaccard index over character trigrams from which two items are never put into different parts.",
    )
    by: Literal["similarity", "group", "time"] = Field(
        default="similarity",
        description="What is kept together: clusters of similar items, the group that a record names (a patient, a "
        "law), or a stretch of time.",
    )
    boundaries: Boundaries | None = Field(
        default=None, description="Of by: time, where validation and test begin; null follows from the shares."
    )
    embargo_days: int = Field(
        default=0, ge=0, le=36500, description="Of by: time, calendar days before a boundary that are in no part."
    )
    leaks: Leaks = Field(
        default=Leaks(fields=("input", "output", "reasoning"), containment=0.75, on_leak="remove"),
        description="What counts as a leak into train, and what it does.",
    )

    @model_validator(mode="after")
    def _leaves_something_to_train_on(self) -> "Split":
        if self.validation + self.test >= 1:
            raise ValueError("validation + test must be below 1, or nothing is left to train on")
        if self.by != "time" and (self.boundaries or self.embargo_days):
            raise ValueError("boundaries and embargo_days are of by: time")
        return self


class Goal(Section):
    """A need of the domain, written as a threshold on one metric of the tuned model."""

    metric: Annotated[str, declared("metrics")] = Field(
        description="A metric that the domain measures: perplexity, bleu, or one that its kind declares."
    )
    at_least: float | None = Field(default=None, description="Smallest value that meets the goal.")
    at_most: float | None = Field(default=None, description="Largest value that meets the goal.")
    why: str = Field(description="What goes wrong below the threshold; shown in the report.")

    @model_validator(mode="after")
    def _has_one_threshold(self) -> "Goal":
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("a goal has either at_least or at_most")
        return self


class DomainSection(Section):
    """What every domain has; the section of a kind extends it."""

    kind: str = Field(description="Which code reads the documents and scores the answers.")
    name: DomainName = Field(description="Name of the domain, its outputs and its versions: a folder is called so.")
    title: str = Field(description="What the domain is about, in a few words for the report.")
    language: Literal["en", "zh"] = Field(description="Language of the answers; BLEU cuts zh into characters.")
    goals: tuple[Goal, ...] = Field(strict=False, description="What the tuned model has to reach.")
    compliance: Compliance = Field(description="Rules that the documents are checked against: none, hipaa, securities.")
    sources: tuple[Source, ...] = Field(strict=False, min_length=1, description="Where raw material comes from.")
    cleaning: Cleaning = Field(description="How documents are cleaned.")
    annotation: Annotation | None = Field(description="People's labels; null lets documents pass through.")
    task: Task = Field(description="What the model is asked.")
    split: Split = Field(description="How examples are divided into train, validation and test.")

    @field_validator("sources")
    @classmethod
    def _names_each_source_once(cls, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        names = [source.name for source in sources]
        twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
        if twice:
            raise ValueError(f"two sources are called {', '.join(twice)}; each needs a name of its own")
        return sources

    @model_validator(mode="after")
    def _securities_need_permissions(self) -> "DomainSection":
        silent = [source.name for source in self.sources if source.permissions is None]
        if self.compliance == "securities" and silent:
            raise ValueError(
                "compliance = securities needs permissions (use, redistribution, embargo_until, inside_information) of "
                f"every source; none in {', '.join(silent)}"
            )
        stated = [source.permissions.use for source in self.sources if source.permissions]
        if len(stated) == len(self.sources) and "train" not in stated:
            raise ValueError("no source has permissions.use = train: there is nothing to train on")
        return self

    @model_validator(mode="after")
    def _hipaa_needs_to_know_what_is_treated(self) -> "DomainSection":
        if self.compliance == "hipaa" and self.cleaning.privacy is None:
            raise ValueError("compliance = hipaa needs cleaning.privacy: which identifiers are treated, and how")
        return self


def _of_its_kind(domain: Any, info: ValidationInfo[dict[str, Any] | None]) -> Any:  # noqa: ANN401
    """Validate a domain by the section of its kind, which comes with the validation's context (``section``)."""
    context = info.context or {}
    if not isinstance(domain, dict) or "section" not in context:
        return domain
    if context["section"] is None:
        tags = {"discriminator": "'kind'", "tag": str(domain.get("kind")), "expected_tags": context["kinds"]}
        raise PydanticKnownError("union_tag_invalid", tags)
    return context["section"].model_validate(domain, context=context)


Domain = Annotated[SerializeAsAny[DomainSection], BeforeValidator(_of_its_kind)]

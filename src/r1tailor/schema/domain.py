"""What a domain is: its goals, sources, cleaning, annotation, task and split (``domain/``, ``instruction/``).

A kind of domain that has settings of its own extends these sections in its declaration (``domain/declaration.py``).
"""

from collections.abc import Sequence
from pathlib import PurePath
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SerializeAsAny, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticKnownError

from r1tailor.fields import DomainName, Fraction, IsoDate, Location, Response
from r1tailor.schema.annotation import Annotation
from r1tailor.schema.base import Section, declared
from r1tailor.schema.corpus import Cleaning, Compliance
from r1tailor.schema.metrics import NamedMetric
from r1tailor.schema.sources import JsonlSource, Source
from r1tailor.schema.tables import RowSource

REASONING_METRICS = (  # measured where the model's template, or the model, opens a block of reasoning
    "think_rate",
    "reasoning_tokens",
    "truncated",
    "answer_cut",
    "answer_perplexity",
    "reasoning_perplexity",
)
CALIBRATION_METRICS = ("ranked_brier", "ranked_ece")  # measured where labels of a closed set are ranked
UNSUPPORTED = "unsupported"  # measured where answers or references state figures, codes or citations
GENERAL_METRICS = ("perplexity", "bleu")  # measured in every domain
TEXT_METRICS = ("perplexity",)  # measured where whole texts are read
Reasoning = Literal["refuse", "keep", "empty", "unsupervised", "none", "distil"]


class LabelRules(Section):
    """How the spellings of answers are folded onto the closed set of labels (``domain/label_rules.py``)."""

    strip: bool = Field(default=True, description="Whether blanks around an answer, and how many within, do not count.")
    fold_case: bool = Field(default=True, description="Whether upper and lower case do not count.")
    map: dict[str, str] = Field(default={}, description="Odd spelling -> label.")
    outside: Literal["stop", "drop"] = Field(
        default="stop",
        description="What an answer outside the set does: `stop` lists all of them, `drop` leaves such examples out "
        "and counts them.",
    )


class Template(Section):
    """Arguments of the chat template, the same in training, evaluation and serving."""

    enable_thinking: bool | None = Field(
        default=None, description="Whether prompts ask for reasoning, for templates that know it; null is their own."
    )
    date_string: str | None = Field(
        default=None,
        description="What a template prints as today's date; null is 2026-01-01 in its own format, on every day.",
    )


def _of_booleans(value: Any) -> Any:  # noqa: ANN401
    """Return the name of what earlier releases wrote as true or false."""
    return {True: "keep", False: "none"}[value] if isinstance(value, bool) else value


class Task(Section):
    """What the model is asked, and how a reference answer is written; or that it reads whole texts."""

    kind: Literal["answer", "text"] = Field(
        default="answer",
        description="What is learnt: answer takes an answer to each prompt; text continues pre-training on the clean "
        "documents, with the loss on all of their tokens, and of the other settings of the task reads only "
        "passage_characters.",
    )
    instruction: str = Field(description="Instruction that opens every prompt; a record's own comes first.")
    response: Response = Field(
        description='Reference answer: text with fields of the domain\'s records in braces, such as "{output}".'
    )
    reasoning: Annotated[Reasoning, BeforeValidator(_of_booleans)] = Field(
        default="refuse",
        description="What examples with and without reasoning teach: `keep` trains what they hold; `empty` trains an "
        "empty block, so that the model stops thinking; `unsupervised` leaves the block out of the loss; `none` "
        "writes no block; `distil` has a teacher write what is missing (objective=distillation_sequences); `refuse` "
        "is `keep`, and stops where the model thinks and no example has reasoning. Where the chat template knows no "
        "thinking, `empty`, `unsupervised` and `none` are the same.",
    )
    labels: tuple[str, ...] | None = Field(
        strict=False, description="Closed set of answers; null derives it from the documents, where there is one."
    )
    label_rules: LabelRules = Field(
        default=LabelRules(), description="How answers are folded onto labels, in domains of kind generic."
    )
    metrics: tuple[NamedMetric, ...] = Field(
        default=(),
        strict=False,
        description="Metrics by name, measured next to those of the domain's kind: a name, or a mapping with settings.",
    )
    too_long: Literal["leave_out", "stop"] = Field(
        default="leave_out",
        description="What happens to items longer than the context: they are counted before training and left out, "
        "or the run stops.",
    )
    passage_characters: int | None = Field(
        default=None,
        ge=20,
        description="Of kind: text, the longest example in characters: documents are cut at the ends of paragraphs, "
        "lines or sentences, so that one long document has parts to hold out; null takes whole documents.",
    )
    train_turns: Literal["last", "all"] = Field(
        default="last",
        description="Which answers of a conversation are examples: the last, or all, each after the turns before it.",
    )
    template: Template = Field(default=Template(), description="Arguments of the model's chat template.")

    @model_validator(mode="after")
    def _folds_onto_labels(self) -> "Task":
        labels, rules = self.labels or (), self.label_rules
        if rules.map and not labels:
            raise ValueError("label_rules.map needs labels, the closed set of answers")
        if strange := [label for label in rules.map.values() if label not in labels]:
            raise ValueError(f"label_rules.map leads to {strange[0]!r}, which is none of labels")
        folds = [" ".join(label.split()).casefold() for label in labels]
        if rules.fold_case and len(set(folds)) < len(labels):
            raise ValueError("two of labels differ by case or blanks alone; set label_rules.fold_case to false")
        return self

    @field_validator("metrics")
    @classmethod
    def _names_each_metric_once(cls, metrics: tuple[NamedMetric, ...]) -> tuple[NamedMetric, ...]:
        names = [metric.key for metric in metrics]
        twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
        if twice:
            raise ValueError(f"two metrics are called {', '.join(twice)}; give one of them a name of its own (called)")
        return metrics

    @model_validator(mode="after")
    def _reasons_only_where_the_template_lets_it(self) -> "Task":
        if self.reasoning in ("keep", "distil") and self.template.enable_thinking is False:
            raise ValueError("template.enable_thinking = false leaves no room for reasoning: set reasoning to none too")
        return self

    @property
    def keeps_reasoning(self) -> bool:
        """Whether examples hold the reasoning of their records."""
        return self.reasoning not in ("empty", "none")


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
    test_from: Location | None = Field(
        default=None,
        description="Your own test set, a file that the domain's sources can read; then nothing else is tested on.",
    )
    validation_from: Location | None = Field(
        default=None, description="Your own validation set, a file that the domain's sources can read."
    )
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
        if self.boundaries and (self.test_from or self.validation_from):
            raise ValueError("boundaries, or test_from and validation_from: both say which items are held out")
        return self

    @property
    def drawn_test(self) -> float:
        """Share of the test among the examples that no file of its own holds."""
        return 0.0 if self.test_from else self.test

    @property
    def drawn_validation(self) -> float:
        """Share of validation among the examples that no file of its own holds."""
        return 0.0 if self.validation_from else self.validation

    @property
    def given(self) -> dict[str, str]:
        """The files that hold a part, by the part."""
        files = {"validation": self.validation_from, "test": self.test_from}
        return {part: path for part, path in files.items() if path}


class Goal(Section):
    """A need of the domain, written as a threshold on one metric of the tuned model."""

    metric: Annotated[str, declared("metrics")] = Field(
        description="A metric that the domain measures: perplexity, bleu, or one that its kind declares."
    )
    at_least: float | None = Field(default=None, description="Smallest value that meets the goal.")
    at_most: float | None = Field(default=None, description="Largest value that meets the goal.")
    why: str = Field(description="What goes wrong below the threshold; shown in the report.")
    floor: bool = Field(
        default=False,
        description="Whether it is a floor: a value to keep, such as the share of valid citations, that need not be "
        "shown to beat the base model and the plain baselines. Constant or cut answers miss it all the same.",
    )

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
    compliance: Compliance = Field(
        description="Rules that the documents are checked against: none, hipaa, pipl, securities."
    )
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

    @property
    def given_sources(self) -> dict[str, Source]:
        """The sources of the parts that files of their own hold, by the part (see ``_reader_of``)."""
        found = {part: _reader_of(path, self.sources, f"{part}_from") for part, path in self.split.given.items()}
        return {part: source for part, source in found.items() if source is not None}

    @property
    def every_source(self) -> tuple[Source, ...]:
        """All sources; held-out material comes first, so that of two equal documents it is the one that is kept."""
        return (*reversed(self.given_sources.values()), *self.sources)

    @model_validator(mode="after")
    def _reads_the_parts_that_are_given(self) -> "DomainSection":
        for part in self.split.given.keys() - self.given_sources.keys():
            raise ValueError(
                f"split.{part}_from needs a source that reads files of your own (kind: jsonl, table, ...), since its "
                "records are read as those of that source"
            )
        taken = [source.name for source in self.sources if source.name in {f"{part}_from" for part in self.split.given}]
        if taken:
            raise ValueError(f"a source is called {taken[0]}, as the file of split.{taken[0]} is; call it otherwise")
        return self

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
    def _knows_what_is_treated(self) -> "DomainSection":
        if self.compliance in ("hipaa", "pipl") and self.cleaning.privacy is None:
            raise ValueError(
                f"compliance = {self.compliance} needs cleaning.privacy: {self.compliance} (every kind of identifier "
                "is redacted), or kinds and their modes"
            )
        return self

    @model_validator(mode="after")
    def _privacy_keeps_no_column_by_accident(self) -> "DomainSection":
        open_ = [s.name for s in self.sources if isinstance(s, RowSource) and s.columns.fields is None]
        if self.cleaning.privacy and open_:
            raise ValueError(
                "cleaning.privacy needs columns.fields of each table, the list of columns that are kept ([]: none): a "
                "column such as Patient Name holds names without the words around them by which they are found; it is "
                f"missing in {', '.join(open_)}"
            )
        return self


def _reader_of(path: str, sources: Sequence[Source], name: str) -> Source | None:
    """Return the source that reads a file: one of the domain's with another path; None where none reads files.

    It is the first that reads a file of the same ending, for JSONL also a plain source of JSONL next to a table, or
    else the first that reads files.
    """
    of_files = [source for source in sources if hasattr(source, "path")]
    if not of_files:
        return None
    ending = PurePath(path).suffix.casefold()
    alike = [source for source in of_files if PurePath(getattr(source, "path")).suffix.casefold() == ending]  # noqa: B009
    if not alike and ending == ".jsonl" and any(source.kind in ("jsonl", "table") for source in of_files):
        shared = of_files[0].model_dump(include={"licence", "available_at", "on_damage"})
        permissions = of_files[0].permissions
        return JsonlSource(kind="jsonl", name=name, path=path, permissions=permissions, **shared)
    return (alike or of_files)[0].model_copy(update={"name": name, "path": path})


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

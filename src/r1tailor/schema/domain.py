"""What a domain is: its goals, sources, cleaning, annotation, task and split (``domain/``, ``instruction/``)."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from r1tailor.fields import Fraction, IsoDate, Name, Response
from r1tailor.schema.annotation import Annotation
from r1tailor.schema.base import Section
from r1tailor.schema.corpus import Cleaning, Compliance
from r1tailor.schema.finance import Channel, Crises, Market, MarketTask, Thresholds
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


class Boundaries(Section):
    """The dates (ISO) from which on examples are validated and tested with."""

    validation: IsoDate
    test: IsoDate

    @model_validator(mode="after")
    def _are_in_order(self) -> "Boundaries":
        if self.validation > self.test:
            raise ValueError("validation must not be later than test")
        return self


class Leaks(Section):
    """What counts as a leak from a held-out example into train, and what becomes of it.

    ``containment`` is the share of a held-out text's character trigrams that stand in the training text, in (0, 1]
    (``instruction/decontaminate.py``). ``on_leak: remove`` takes the example out of train, ``stop`` ends the run.
    """

    fields: Annotated[tuple[Literal["input", "output", "reasoning"], ...], Field(strict=False)]
    containment: Annotated[float, Field(gt=0, le=1)]
    on_leak: Literal["remove", "stop"]


class PassageTask(Task):
    """A task over passages of at most ``passage_characters``, cut from the documents at the ends of sentences."""

    passage_characters: Annotated[int, Field(ge=20)]


class LawsTask(PassageTask):
    """The closed set of laws is that of the ``largest_laws`` with the most articles in force."""

    largest_laws: Annotated[int, Field(gt=1)]


class DiseaseTask(Task):
    """What is asked of a disease: its ``department`` from its symptoms, or its ``symptoms`` from its name.

    The closed set of departments is that of the ``largest_departments`` with the most diseases, once ``synonyms``
    (written name -> name that counts) are resolved. An example names at most ``most_symptoms``.
    """

    question: Literal["department", "symptoms"]
    largest_departments: Annotated[int, Field(gt=1)]
    most_symptoms: Annotated[int, Field(gt=0)]
    synonyms: dict[str, str]


class FinanceTask(Task):
    """What is asked of a market, at the close of every ``every_days``-th trading day.

    Neighbouring windows are nearly the same: before the validation boundary, where there is one, only every
    ``train_every``-th decision is learnt from.

    ``instruction`` opens every prompt, the task's own of ``questions`` follows. ``tasks`` stand in order from simple to
    hard: their places are the examples' levels. A window of ``window`` trading days over ``channels``, normalised by
    the trailing ``normalise_days``, is read as soft tokens; with ``numbers_as_text`` its summary is written into the
    prompt instead. Risk and allocation look ``horizon_days`` trading days ahead. ``mask`` keeps names and dates out.
    """

    labels: None  # follow from the tasks
    tasks: Annotated[tuple[MarketTask, ...], Field(strict=False, min_length=1)]
    questions: dict[MarketTask, str]
    market: Market
    window: Annotated[int, Field(ge=8, le=1024)]
    every_days: Annotated[int, Field(gt=0)]
    train_every: Annotated[int, Field(gt=0)]
    horizon_days: Annotated[int, Field(gt=1, le=252)]
    normalise_days: Annotated[int, Field(gt=0, le=10_000)]
    channels: Annotated[tuple[Channel, ...], Field(strict=False, min_length=1)]
    thresholds: Thresholds
    numbers_as_text: bool
    mask: bool
    crises: Crises

    @model_validator(mode="after")
    def _can_be_asked(self) -> "FinanceTask":
        unasked = [task for task in self.tasks if task not in self.questions]
        if unasked:
            raise ValueError(f"questions must hold one for each of tasks; {', '.join(unasked)} has none")
        if len(set(self.tasks)) < len(self.tasks) or len(set(self.channels)) < len(self.channels):
            raise ValueError("each of tasks and of channels may stand there only once")
        if self.every_days >= self.horizon_days:
            raise ValueError("every_days must be smaller than horizon_days, or days lie between two horizons")
        if self.window > self.normalise_days:
            raise ValueError("window must not be longer than normalise_days, the days it is normalised by")
        return self


class Split(Section):
    """Shares of the held-out parts; items at or above ``similarity`` never straddle two parts.

    ``similarity`` is the Jaccard index over character trigrams, in [0, 1]. Items are placed by clusters of it, by the
    ``group`` that their source names (a patient, a law), or by the time from which they could have been known. By time,
    the shares say where the ``boundaries`` lie unless these are given, and what lies less than ``embargo_days`` before
    a boundary is in no part.
    """

    validation: Fraction
    test: Annotated[float, Field(gt=0, lt=1)]
    similarity: Annotated[float, Field(gt=0, le=1)]
    by: Literal["similarity", "group", "time"] = "similarity"
    boundaries: Boundaries | None = None
    embargo_days: Annotated[int, Field(ge=0, le=36500)] = 0
    leaks: Leaks = Leaks(fields=("input", "output", "reasoning"), containment=0.75, on_leak="remove")

    @model_validator(mode="after")
    def _leaves_something_to_train_on(self) -> "Split":
        if self.validation + self.test >= 1:
            raise ValueError("validation + test must be below 1, or nothing is left to train on")
        if self.by != "time" and (self.boundaries or self.embargo_days):
            raise ValueError("boundaries and embargo_days are of by: time")
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
    "act_accuracy",
    "act_accuracy_ranked",
    "law_accuracy",
    "law_accuracy_ranked",
    "article_accuracy",
    "field_of_law_accuracy",
    "citation_completeness",
    "citation_validity",
    "verified_accuracy",
    "step_coverage",
    "within_syllabus",
    "department_accuracy",
    "department_accuracy_ranked",
    "symptom_precision",
    "trend_accuracy",
    "trend_accuracy_ranked",
    "volatility_accuracy",
    "volatility_accuracy_ranked",
    "risk_accuracy",
    "risk_accuracy_ranked",
    "allocation_accuracy",
    "allocation_accuracy_ranked",
    "risk_vocabulary_coverage",
    "warning_recall",
    "warning_precision",
    "warning_false_alarms_per_year",
    "warning_median_lead",
    "warning_usefulness",
    "warning_relative_usefulness",
    "portfolio_annual_return",
    "portfolio_sharpe",
    "portfolio_sharpe_above_buy_and_hold",
    "portfolio_deflated_sharpe",
    "portfolio_turnover",
    "portfolio_drawdown",
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
    compliance: Compliance
    sources: Annotated[tuple[Source, ...], Field(strict=False, min_length=1)]
    cleaning: Cleaning
    annotation: Annotation | None
    task: Task
    split: Split

    @model_validator(mode="after")
    def _hipaa_needs_to_know_what_is_treated(self) -> "_Domain":
        if self.compliance == "hipaa" and self.cleaning.privacy is None:
            raise ValueError("compliance = hipaa needs cleaning.privacy: which identifiers are treated, and how")
        return self


class MedicalDomain(_Domain):
    """ICD-10-CM coding of diagnostic terms (``domain/medical.py``)."""

    kind: Literal["medical"]


class GenericDomain(_Domain):
    """Any JSONL of instruction, input and output records; no code needed (``domain/generic.py``)."""

    kind: Literal["generic"]


class LegalDomain(_Domain):
    """Passages of EU acts -> act and article (``domain/legal.py``)."""

    kind: Literal["legal"]
    task: PassageTask


class LegalZhDomain(_Domain):
    """Passages of Chinese laws -> law, article and field of law (``domain/legal_zh.py``)."""

    kind: Literal["legal_zh"]
    task: LawsTask


class EducationDomain(_Domain):
    """Generated problems -> reasoning and a verified answer (``domain/education.py``)."""

    kind: Literal["education"]


class EducationZhDomain(_Domain):
    """Chinese primary-school problems -> solution and answer (``domain/education_zh.py``)."""

    kind: Literal["education_zh"]


class MedicalZhDomain(_Domain):
    """Chinese diseases: symptoms -> department, or name -> symptoms (``domain/medical_zh.py``)."""

    kind: Literal["medical_zh"]
    task: DiseaseTask


class FinanceDomain(_Domain):
    """Market data as known at the time: trend, volatility, risk ahead, allocation (``domain/finance/finance.py``)."""

    kind: Literal["finance"]
    task: FinanceTask

    @model_validator(mode="after")
    def _has_the_sources_it_names(self) -> "FinanceDomain":
        there = [source.name for source in self.sources]
        for role in ("index", "stocks", "credit", "factors"):
            wanted = getattr(self.task.market, role)
            if wanted and wanted.source not in there:
                raise ValueError(f"task.market.{role}.source = {wanted.source}: sources has {', '.join(there)}")
        return self


Domain = Annotated[
    MedicalDomain
    | GenericDomain
    | LegalDomain
    | LegalZhDomain
    | EducationDomain
    | EducationZhDomain
    | MedicalZhDomain
    | FinanceDomain,
    Field(discriminator="kind"),
]

"""What a kind of domain declares before anything of it is imported: no torch, no numpy, no documents.

Kinds are ours and those that installed packages bring: with an entry point of the group ``r1tailor.domains`` that is
named as the kind and whose value is the place of a ``Declaration`` (``triage = "triage:DECLARATION"``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Literal

from r1tailor.errors import ConfigError
from r1tailor.schema.ability import metrics as of_ability
from r1tailor.schema.domain import (
    CALIBRATION_METRICS,
    GENERAL_METRICS,
    REASONING_METRICS,
    TEXT_METRICS,
    UNSUPPORTED,
    DomainSection,
)
from r1tailor.schema.redteam import REDTEAM_METRICS
from r1tailor.schema.settings import Settings
from r1tailor.schema.sources import READERS

if TYPE_CHECKING:
    from r1tailor.domain.base import Domain
    from r1tailor.records import Document

GROUP = "r1tailor.domains"
_OF_ANSWERS = (*CALIBRATION_METRICS, UNSUPPORTED)  # measured where labels are ranked, and where figures are stated
KINDS = {  # pyproject.toml lists the same; a checkout that was installed before it knew a kind has no entry point of it
    "coded_notes": "r1tailor.domain.coded_notes:DECLARATION",
    "diagnosis_zh": "r1tailor.domain.diagnosis_zh:DECLARATION",
    "education": "r1tailor.domain.education:DECLARATION",
    "education_dialogue": "r1tailor.domain.education_dialogue:DECLARATION",
    "education_zh": "r1tailor.domain.education_zh:DECLARATION",
    "finance": "r1tailor.domain.finance.declaration:DECLARATION",
    "generic": "r1tailor.domain.generic:DECLARATION",
    "legal": "r1tailor.domain.legal:DECLARATION",
    "legal_articles": "r1tailor.domain.legal_articles:DECLARATION",
    "legal_zh": "r1tailor.domain.legal_zh:DECLARATION",
    "medical": "r1tailor.domain.medical:DECLARATION",
    "medical_triples": "r1tailor.domain.medical_triples:DECLARATION",
    "medical_zh": "r1tailor.domain.medical_zh:DECLARATION",
    "medication_zh": "r1tailor.domain.medication_zh:DECLARATION",
    "recommendations": "r1tailor.domain.recommendations:DECLARATION",
    "titled_passages": "r1tailor.domain.titled_passages:DECLARATION",
}


@dataclass(frozen=True, slots=True)
class ScoredMetric:
    """A metric that a domain measures.

    Attributes:
        name: as goals and reports call it.
        kind: ``proportion`` scores every item 0 or 1 (Wilson interval, McNemar test), ``mean`` scores it in [0, 1],
            ``corpus`` is computed over all items at once.
        constant_answer: whether always giving the majority answer is a fair baseline, and so are other plain ones.
        ranked: the metric of the base model that this one is also compared with: its most likely label. A base model
            that answers in prose is otherwise judged by its format.
        description: what it measures, for the metrics reference.
    """

    name: str
    kind: Literal["proportion", "mean", "corpus"]
    constant_answer: bool = False
    ranked: str = ""
    description: str = ""


@dataclass(frozen=True)
class Declaration:
    """A kind of domain.

    Attributes:
        kind: as ``domain.kind`` names it.
        section: the settings of such a domain; its field ``kind`` is ``Literal[kind]``.
        implementation: place of its ``Domain`` (``module:Class``), imported when documents are read with it.
        metrics: everything that such domains can measure, next to perplexity and BLEU.
        readers: places (``module:function``) of readers of packaged sources, by the name that ``reader`` takes; each
            is called as ``read(origin, path)``, see ``sources/base.py``.
    """

    kind: str
    section: type[DomainSection]
    implementation: str
    metrics: tuple[ScoredMetric, ...]
    readers: Mapping[str, str] = field(default_factory=dict)

    def measured(self, section: Any) -> tuple[ScoredMetric, ...]:  # noqa: ANN401 - of the declared section
        """Return those of ``metrics`` that a domain with these settings measures."""
        return self.metrics

    def labels(self, section: Any) -> tuple[str, ...]:  # noqa: ANN401 - of the declared section
        """Return the closed set of answers as far as settings alone tell it; empty if there is none."""
        return section.task.labels or ()

    def variants(self, settings: Settings) -> Mapping[str, Settings]:
        """Return the compositions to train next to this one, by name; each changes settings of ``instruct`` onwards.

        Raises:
            ConfigError: a variant that is asked for cannot be trained.
        """
        return {}

    def open(self, section: DomainSection, documents: "Sequence[Document]") -> "Domain":
        """Return the domain over its clean documents."""
        opened: Domain = _at(self.implementation)(section, documents)
        return opened


def kinds() -> list[str]:
    """Return the kinds of domains there are, sorted."""
    return sorted({*KINDS, *(point.name for point in entry_points(group=GROUP))})


@cache
def declaration(kind: str) -> Declaration:
    """Return what a kind of domain declares; ours cannot be replaced.

    Raises:
        ConfigError: there is no such kind, two packages bring it, or what a package brings is no declaration of it.
    """
    if kind in KINDS:
        found = _at(KINDS[kind])
        assert isinstance(found, Declaration)
        return found
    points = list(entry_points(group=GROUP, name=kind))
    if len(points) != 1:
        places = ", ".join(point.value for point in points) or "no package"
        raise ConfigError([f"domain.kind = {kind!r}: exactly one package must bring it; {places} does"])
    try:
        brought = points[0].load()
    except Exception as error:  # somebody else's module may raise anything
        raise ConfigError([f"domain.kind = {kind!r}: {points[0].value} cannot be imported: {error!r}"]) from error
    if not isinstance(brought, Declaration) or brought.kind != kind:
        raise ConfigError([f"domain.kind = {kind!r}: {points[0].value} is not a Declaration of that kind"])
    return brought


def declarations() -> list[Declaration]:
    """Return what every kind of domain declares, sorted by kind.

    Raises:
        ConfigError: see ``declaration``.
    """
    return [declaration(kind) for kind in kinds()]


def context(composition: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever was composed
    """Return what validation asks about the domain of a composition: its section, and the words its kind declares."""
    domain = composition.get("domain") if isinstance(composition, dict) else None
    kind = domain.get("kind") if isinstance(domain, dict) else None
    if kind not in KINDS and kind not in (known := kinds()):
        return {"section": None, "kinds": ", ".join(map(repr, known))}
    chosen = declaration(kind)
    own = (*(metric.name for metric in chosen.metrics), *_named(domain))
    metrics = (*GENERAL_METRICS, *own, *of_majority(own, _samples(composition)), *REASONING_METRICS, *_OF_ANSWERS)
    metrics += REDTEAM_METRICS if _attacks(composition) else ()
    metrics += of_ability(*_asked_of_ability(composition))
    return {"section": chosen.section, "metrics": metrics, "readers": (*READERS, *chosen.readers)}


def _named(domain: Any) -> list[str]:  # noqa: ANN401 - whatever was composed
    """Return what the metrics that a task names are called, as far as it can be told before validation."""
    task = domain.get("task") if isinstance(domain, dict) else None
    listed = task.get("metrics") if isinstance(task, dict) else None
    entries = (
        [{"name": one} if isinstance(one, str) else one for one in listed or ()] if isinstance(listed, list) else []
    )
    names = [one.get("called") or one.get("name") for one in entries if isinstance(one, dict)]
    return [name for name in names if isinstance(name, str)]


def of_majority(metrics: Sequence[str], samples: int) -> list[str]:
    """Return the names of metrics of the answer that most of several give."""
    return [f"{name}_maj@{samples}" for name in metrics] if samples > 1 else []


def _attacks(composition: Any) -> bool:  # noqa: ANN401 - whatever was composed
    """Return whether a composition asks cases of our own, as far as it can be told before validation."""
    redteam = composition.get("redteam")
    return isinstance(redteam, dict) and redteam.get("cases", ()) not in ((), [])


def _asked_of_ability(composition: Any) -> tuple[list[str], list[str]]:  # noqa: ANN401 - whatever was composed
    """Return names and languages of the general sets, as far as they can be told before validation."""
    ability = composition.get("ability")
    listed = [ability.get(key) for key in ("sets", "generated")] if isinstance(ability, dict) else []
    sets = [one for some in listed if isinstance(some, list | tuple) for one in some if isinstance(one, dict)]
    return [str(one.get("name")) for one in sets], [str(one.get("language")) for one in sets]


def _samples(composition: Any) -> int:  # noqa: ANN401 - whatever was composed
    evaluation = composition.get("evaluation")
    samples = evaluation.get("samples", 1) if isinstance(evaluation, dict) else 1
    return samples if isinstance(samples, int) else 1


def measured_names(section: DomainSection, samples: int = 1, attacked: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the names of the metrics that these settings measure.

    Args:
        section: the domain.
        samples: answers to each held-out item.
        attacked: metrics of the red team, where it asks anything.
    """
    measured_by_kind = declaration(section.kind).measured(section)
    own = [metric.name for metric in measured_by_kind]
    own += [metric.called or metric.name for metric in section.task.metrics]
    of_answers = [metric.name for metric in measured_by_kind if metric.kind == "proportion"]
    measured = (*GENERAL_METRICS, *own, *of_majority(of_answers, samples), *REASONING_METRICS, *_OF_ANSWERS)
    if section.task.kind == "text":
        measured = TEXT_METRICS
    return (*measured, *attacked)


def unmeasured(section: DomainSection, samples: int = 1, attacked: Sequence[str] = ()) -> list[str]:
    """Return a fault for each goal on a metric that the kind knows and these settings do not measure.

    Args:
        section: the domain.
        samples: answers to each held-out item.
        attacked: metrics of the red team, where it asks anything.
    """
    measured = measured_names(section, samples, attacked)
    return [
        f"domain.goals.{number}.metric = {goal.metric!r}: not measured with these settings; measured are "
        f"{', '.join(measured)}"
        for number, goal in enumerate(section.goals)
        if goal.metric not in measured
    ]


def _at(place: str) -> Any:  # noqa: ANN401
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)

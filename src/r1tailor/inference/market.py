"""What a market domain asks on a day, and what the answer is worth: the signal with its record. No torch.

The questions are the domain's own prompts, from figures as they were known on the day. The signal is the probability
of a risky label against the threshold that was chosen before the version's test, and the record is how the version's
signals did in that test, which it was not trained on.
"""

import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from r1tailor import sources, store
from r1tailor.corpus import chain
from r1tailor.corpus.engine import Report, kept, treated
from r1tailor.domain import Domain, open_domain
from r1tailor.domain.finance.words import CALM
from r1tailor.errors import UserError
from r1tailor.inference.tailored import probabilities
from r1tailor.records import Document, Example, Rejection
from r1tailor.schema.settings import Settings

RISK = "risk"
_TUNED = "tuned"  # the version's own name in its evaluation
_TEXTS = {
    "en": {
        "on": "Signal: on (risk {risk:.0%}, threshold {threshold:.0%}).",
        "off": "Signal: off (risk {risk:.0%}, threshold {threshold:.0%}).",
        "unknown": "Signal: unknown (risk {risk:.0%}): the model was not evaluated, so that it has no threshold and no "
        "record.",
        "record": "In the past ({first} to {last}, held out from training) such a signal came before a {crisis} "
        "{credited} of {alarms} times{lead}; {caught} of {crises} {plural} were warned of.",
        "lead": ", median lead {days:g} trading days",
        "none": "In the past ({first} to {last}, held out from training) there was no such signal, with {crises} "
        "{plural}.",
        "older": "In the past ({first} to {last}, held out from training) {precision} of such signals came before a "
        "{crisis}.",
        "drawdowns": ("drawdown", "drawdowns"),
        "events": ("crisis", "crises"),
    },
    "zh": {
        "on": "信号：触发(风险{risk:.0%}，阈值{threshold:.0%})。",
        "off": "信号：未触发(风险{risk:.0%}，阈值{threshold:.0%})。",
        "unknown": "信号：未知(风险{risk:.0%})：模型未经评估，没有阈值和历史记录。",
        "record": "历史记录({first}至{last}，未参与训练)：此类信号{alarms}次中有{credited}次出现在{crisis}之前{lead}；"
        "{crises}次{plural}中预警了{caught}次。",
        "lead": "，提前天数的中位数为{days:g}个交易日",
        "none": "历史记录({first}至{last}，未参与训练)：没有出现过此类信号，其间有{crises}次{plural}。",
        "older": "历史记录({first}至{last}，未参与训练)：此类信号有{precision}出现在{crisis}之前。",
        "drawdowns": ("回撤", "回撤"),
        "events": ("危机", "危机"),
    },
}


@runtime_checkable
class Dated(Protocol):
    """A domain whose questions follow from a date."""

    def questions_at(self, day: str) -> list[Example]:
        """Return what is asked on a day, of what was known at its end; ``available_at`` is the last trading day.

        Raises:
            DataError: too little was known.
        """
        ...


def questions_at(settings: Settings, root: Path, day: date) -> tuple[Domain, list[Example]]:
    """Return the domain over its raw material as it is now, and what it asks on a day.

    Args:
        settings: the composition of the model that is asked.
        root: the project's root, for the sources' files.
        day: of which only what was known at its end is read.

    Raises:
        UserError: the domain's questions do not follow from a date, or too little was known on that day.
    """
    domain = open_domain(settings.domain, _documents(settings, root))
    if not isinstance(domain, Dated):
        raise UserError(f"domain {settings.domain.name} answers texts: --asof and --today are for market domains")
    return domain, domain.questions_at(day.isoformat())


def measured(model: Path) -> Path | None:
    """Return the metrics of the version or the run that a model belongs to; None where it was not evaluated."""
    places = [folder / "evaluation" / "metrics.json" for folder in list(model.parents)[:3]]
    return next((place for place in places if place.is_file()), None)


@dataclass(frozen=True)
class Signal:
    """What a version says of the risk of a day.

    Attributes:
        labels: the probability of each label.
        record: the warnings of its evaluation (``warning`` of ``metrics.json``); empty where it was not evaluated.
    """

    labels: Mapping[str, float]
    record: Mapping[str, Any]

    @property
    def risk(self) -> float:
        """The probability of any label but that of a low risk."""
        return 1.0 - sum(share for label, share in self.labels.items() if label in CALM)

    @property
    def threshold(self) -> float | None:
        """The risk above which there is a signal, chosen before the test; None where it was not evaluated."""
        found: float | None = self.record.get("thresholds", {}).get(_TUNED)
        return found

    @property
    def warns(self) -> bool | None:
        """Whether there is a signal; None where there is no threshold."""
        return None if self.threshold is None else self.risk > self.threshold

    @property
    def figures(self) -> Mapping[str, Any]:
        """The figures of the version's signals in its test, each with ``value`` and its interval."""
        found: Mapping[str, Any] = self.record.get("models", {}).get(_TUNED, {})
        return found

    def as_fields(self) -> dict[str, Any]:
        """Return plain values: risk, labels, threshold, whether it warns, and the record."""
        return {
            "risk": self.risk,
            "labels": dict(self.labels),
            "threshold": self.threshold,
            "warns": self.warns,
            "record": {
                "from": self.record.get("from"),
                "to": self.record.get("to"),
                "events": self.record.get("events", []),
                "figures": self.figures,
            },
        }


def signal(labels: Sequence[str], scores: Sequence[float], metrics: Path | None) -> Signal:
    """Return the signal of a day.

    Args:
        labels: of the risk.
        scores: their log-likelihoods (nats).
        metrics: ``metrics.json`` of the version's evaluation; None where it was not evaluated.
    """
    record: Mapping[str, Any] = {} if metrics is None else store.read_json(metrics).get("warning", {})
    return Signal(probabilities(labels, scores), record)


def told(found: Signal, settings: Settings) -> str:
    """Return a signal with its record as sentences, in the domain's language."""
    texts: Mapping[str, Any] = _TEXTS[settings.domain.language]
    state = {True: "on", False: "off", None: "unknown"}[found.warns]
    said = [texts[state].format(risk=found.risk, threshold=found.threshold or 0.0)]
    if found.figures:
        crises = getattr(settings.domain.task, "crises", None)
        said.append(_past(found, texts, crises.labels if crises else "drawdowns"))
    return ("" if settings.domain.language == "zh" else " ").join(said)


def _past(found: Signal, texts: Mapping[str, Any], kind: str) -> str:
    figures = {name: entry.get("value") for name, entry in found.figures.items()}
    crisis, plural = texts[kind]
    crises, alarms = len(found.record.get("events", [])), figures.get("alarms")
    facts = {"first": found.record.get("from"), "last": found.record.get("to"), "crisis": crisis, "plural": plural}
    if alarms is None:  # of an evaluation that kept no counts
        precision = figures.get("precision")
        return str(texts["older"].format(**facts, precision=f"{precision or 0.0:.0%}"))
    if not alarms:
        return str(texts["none"].format(**facts, crises=crises))
    days, caught = figures.get("median_lead_of_caught"), round((figures.get("recall") or 0.0) * crises)
    lead = texts["lead"].format(days=days) if days is not None else ""
    counts = {"credited": round(figures.get("credited_alarms") or 0.0), "alarms": round(alarms), "caught": caught}
    return str(texts["record"].format(**facts, **counts, crises=crises, lead=lead))


def _documents(settings: Settings, root: Path) -> list[Document]:
    """Return the clean documents of a domain, read and cleaned as its stages do; what readers print is no answer."""
    rejected: list[Rejection] = []
    steps = chain(settings.domain.cleaning, root)
    raw = (document for source in settings.domain.sources for document in sources.read(source, root, rejected))
    with redirect_stdout(sys.stderr):
        return list(kept((treated(document, steps) for document in raw), Report()))

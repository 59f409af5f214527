"""The track record of signals: warnings, portfolio, and one comparison with a volatility threshold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from r1tailor.errors import DataError
from r1tailor.evaluation.market.comparison import honest_comparison
from r1tailor.evaluation.market.decisions import NEVER, SAME_RATE, TUNED, Decisions
from r1tailor.evaluation.market.early_warning import Days, Flags, Record
from r1tailor.evaluation.market.entries import Entry, entry
from r1tailor.evaluation.market.metrics import DecisionMetric, EarlyWarnings, RiskOff, RiskOffAmongTrials
from r1tailor.evaluation.market.portfolio import Overlay
from r1tailor.evaluation.market.timeline import Timeline
from r1tailor.evaluation.resampling import Array, percentiles
from r1tailor.schema.settings import Settings

RANDOM = "random, tuned's rate"


@dataclass(frozen=True)
class TrackRecord:
    """The warnings and the portfolio that follow from the decisions.

    Attributes:
        timeline: trading days and crises.
        decisions: the signals of every model and baseline.
        warnings: by model or baseline, the alarms and lead times.
        overlays: by model or baseline, the portfolio.
        metrics: values for ``metrics.json``: ``warning``, ``portfolio``, ``sentence``.
    """

    timeline: Timeline
    decisions: Decisions
    warnings: dict[str, Record]
    overlays: dict[str, Overlay]
    metrics: dict[str, Any]


def track_record(settings: Settings, timeline: Timeline, decisions: Decisions) -> TrackRecord:
    """Return the track record of decisions.

    Raises:
        DataError: no trading day follows the first decision, so that no return could be earned.
    """
    if decisions.days[0] + 2 >= len(timeline.closes) - 1:
        raise DataError("no trading day follows the first decision of the test: there is no return to measure")
    warnings = {name: _warnings(settings, timeline, decisions, on) for name, on in decisions.signals.items()}
    portfolios = {name: _portfolio(settings, timeline, decisions, on) for name, on in decisions.signals.items()}
    records = {name: metric.record() for name, metric in warnings.items()}
    overlays = {name: metric.overlay() for name, metric in portfolios.items()}
    warned = {name: _entries(settings, metric) for name, metric in warnings.items()}
    earned = {name: _entries(settings, metric) for name, metric in portfolios.items()}
    for name, signals in decisions.at_rate.items():
        warned[name] |= _at_rate(settings, _warnings(settings, timeline, decisions, signals))
    if TUNED in records:
        warned[RANDOM], earned[RANDOM] = _random(settings, timeline, decisions)
    events = [timeline.episodes[event] for event in records[NEVER].events]
    metrics = {
        "warning": {
            "events": [{"name": event.name, "onset": timeline.dates[event.onset]} for event in events],
            "beyond": list(timeline.beyond),
            "from": timeline.dates[decisions.days[0]],
            "to": timeline.dates[decisions.days[-1]],
            "false_rate": settings.evaluation.warning.false_rate,
            "thresholds": decisions.thresholds,
            "models": warned,
        },
        "portfolio": {"trials": len(decisions.trials), "models": earned},
        "sentence": honest_comparison(settings, records) if SAME_RATE in records else None,
    }
    return TrackRecord(timeline, decisions, records, overlays, metrics)


def _warnings(settings: Settings, timeline: Timeline, decisions: Decisions, signals: Flags) -> EarlyWarnings:
    metric = EarlyWarnings(timeline, settings.evaluation.warning)
    metric.update(decisions.days, signals)
    return metric


def _portfolio(settings: Settings, timeline: Timeline, decisions: Decisions, signals: Flags) -> RiskOffAmongTrials:
    metric = RiskOffAmongTrials(timeline.closes, settings.evaluation.portfolio, len(decisions.trials))
    metric.update(decisions.days, signals, np.stack(decisions.trials, axis=1))
    return metric


def _entries(settings: Settings, metric: EarlyWarnings | RiskOffAmongTrials) -> dict[str, Entry]:
    """Return every figure, with its interval where it has one."""
    bounds = metric.intervals(settings.evaluation.resamples, settings.evaluation.confidence, settings.seed)
    return {name: entry(value, bounds.get(name)) for name, value in metric.figures().items()}


def _at_rate(settings: Settings, metric: EarlyWarnings) -> dict[str, Entry]:
    """Return the share of crises caught, and the false alarms in the test, of signals at a false-alarm rate."""
    found = _entries(settings, metric)
    return {"recall_at_rate": found["recall"], "false_alarms_at_rate": found["false_alarms_per_year"]}


def _random(settings: Settings, timeline: Timeline, decisions: Decisions) -> tuple[dict[str, Entry], dict[str, Entry]]:
    """Return mean and band of random signals that are on as often as those of the tuned model."""
    warning, confidence = settings.evaluation.warning, settings.evaluation.confidence
    rate, generator = decisions.signals[TUNED].mean(), np.random.default_rng(settings.seed)
    drawn = [generator.random(len(decisions.days)) < rate for _ in range(warning.random_seeds)]
    metrics = EarlyWarnings(timeline, warning), RiskOff(timeline.closes, settings.evaluation.portfolio)
    warned, earned = ([_of_signals(metric, decisions.days, on) for on in drawn] for metric in metrics)
    return _bands(warned, confidence), _bands(earned, confidence)


def _of_signals(metric: DecisionMetric, days: Days, signals: Flags) -> dict[str, float]:
    metric.reset()
    metric.update(days, signals)
    return metric.figures()


def _bands(drawn: Sequence[Mapping[str, float]], confidence: float) -> dict[str, Entry]:
    return {name: _band(np.array([one[name] for one in drawn]), confidence) for name in drawn[0]}


def _band(values: Array, confidence: float) -> Entry:
    """Return the mean over random seeds, and the band that holds the given share of them."""
    known = values[np.isfinite(values)]
    return entry(float(known.mean()) if len(known) else float("nan"), percentiles(known, confidence))

"""The record that a risk desk asks for: warnings, portfolio, and the one honest comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from r1tailor.errors import DataError
from r1tailor.evaluation.market import early_warning, sharpe
from r1tailor.evaluation.market.blocks import percentiles
from r1tailor.evaluation.market.comparison import honest_comparison
from r1tailor.evaluation.market.decisions import NEVER, SAME_RATE, TUNED, Decisions
from r1tailor.evaluation.market.early_warning import Record, judge
from r1tailor.evaluation.market.entries import Entry, entry
from r1tailor.evaluation.market.portfolio import Overlay, overlay
from r1tailor.evaluation.market.timeline import Timeline
from r1tailor.evaluation.metrics import Array
from r1tailor.schema.settings import Settings

RANDOM = "random, tuned's rate"


@dataclass(frozen=True)
class TrackRecord:
    """Everything that follows from the decisions.

    Attributes:
        timeline: trading days and crises.
        decisions: who signalled when.
        warnings: the record of each model's and baseline's alarms.
        overlays: the portfolio of each.
        metrics: plain values for ``metrics.json``: ``warning``, ``portfolio``, ``sentence``.
    """

    timeline: Timeline
    decisions: Decisions
    warnings: dict[str, Record]
    overlays: dict[str, Overlay]
    metrics: dict[str, Any]


def track_record(settings: Settings, timeline: Timeline, decisions: Decisions) -> TrackRecord:
    """Return the whole record of decisions.

    Raises:
        DataError: no trading day follows the decisions, so that nothing could be earned.
    """
    warning, cost = settings.evaluation.warning, settings.evaluation.portfolio.cost_basis_points
    if decisions.days[0] + 2 >= len(timeline.closes) - 1:
        raise DataError("no trading days follow the first decision of the test: nothing can be judged")
    records = {name: judge(decisions.days, on, timeline, warning) for name, on in decisions.signals.items()}
    overlays = {name: overlay(decisions.days, on, timeline.closes, cost) for name, on in decisions.signals.items()}
    tried = [_daily(overlay(decisions.days, on, timeline.closes, cost)) for on in decisions.trials]
    warned = {name: _warning(settings, decisions, record) for name, record in records.items()}
    earned = {name: _portfolio(settings, made, overlays[NEVER], tried) for name, made in overlays.items()}
    if TUNED in records:
        warned[RANDOM], earned[RANDOM] = _random(settings, timeline, decisions)
    events = [timeline.episodes[event] for event in records[NEVER].events]
    metrics = {
        "warning": {
            "events": [{"name": event.name, "onset": timeline.dates[event.onset]} for event in events],
            "from": timeline.dates[decisions.days[0]],
            "to": timeline.dates[decisions.days[-1]],
            "models": warned,
        },
        "portfolio": {"trials": len(tried), "models": earned},
        "sentence": honest_comparison(settings, records) if SAME_RATE in records else None,
    }
    return TrackRecord(timeline, decisions, records, overlays, metrics)


def _daily(made: Overlay) -> float:
    return float(sharpe.sharpe(made.returns))


def _warned(record: Record, theta: float) -> dict[str, float]:
    caught = [lead for lead in record.leads if lead]
    return {
        "recall": record.recall,
        "precision": record.precision,
        "false_alarms_per_year": record.false_alarms,
        "median_lead": record.median_lead,
        "median_lead_of_caught": float(np.median(caught)) if caught else float("nan"),
        "usefulness": float(early_warning.usefulness(record.outcomes, theta)),
        "relative_usefulness": float(early_warning.relative_usefulness(record.outcomes, theta)),
        "signal_rate": float(record.outcomes[:, 1].mean()) if len(record.outcomes) else float("nan"),
    }


def _warning(settings: Settings, decisions: Decisions, record: Record) -> dict[str, Entry]:
    evaluation, warning = settings.evaluation, settings.evaluation.warning
    options = (evaluation.resamples, evaluation.confidence, settings.seed)
    spacing = float(np.median(np.diff(decisions.days)))
    bounds = early_warning.event_intervals(record, *options)
    bounds["usefulness"] = early_warning.usefulness_interval(record, warning, spacing, *options)
    return {name: entry(value, bounds.get(name)) for name, value in _warned(record, warning.theta).items()}


def _earned(made: Overlay) -> dict[str, float]:
    return {
        "annual_return": made.annual_return,
        "sharpe": sharpe.annual(_daily(made)),
        "sharpe_standard_error": sharpe.annual(sharpe.standard_error(made.returns)),
        "sharpe_under_autocorrelation": sharpe.annual_under_autocorrelation(made.returns),
        "probabilistic_sharpe": sharpe.probabilistic(made.returns),
        "turnover": made.turnover,
        "drawdown": made.drawdown,
        "in_cash": float(1 - made.weights.mean()),
    }


def _portfolio(settings: Settings, made: Overlay, hold: Overlay, tried: Sequence[float]) -> dict[str, Entry]:
    evaluation = settings.evaluation
    options = (evaluation.portfolio.block_days, evaluation.resamples, evaluation.confidence, settings.seed)
    apart = sharpe.difference_interval(made.returns, hold.returns, *options)
    values = _earned(made) | {
        "sharpe_above_buy_and_hold": sharpe.annual(_daily(made) - _daily(hold)),
        "deflated_sharpe": sharpe.deflated(made.returns, tried),
    }
    bounds = {"sharpe": sharpe.interval(made.returns, *options), "sharpe_above_buy_and_hold": apart}
    return {name: entry(value, bounds.get(name)) for name, value in values.items()}


def _random(settings: Settings, timeline: Timeline, decisions: Decisions) -> tuple[dict[str, Entry], dict[str, Entry]]:
    """Return mean and band of random signals, on as often as those of the tuned model."""
    warning, cost = settings.evaluation.warning, settings.evaluation.portfolio.cost_basis_points
    rate, generator = decisions.signals[TUNED].mean(), np.random.default_rng(settings.seed)
    drawn = [generator.random(len(decisions.days)) < rate for _ in range(warning.random_seeds)]
    warned = [_warned(judge(decisions.days, on, timeline, warning), warning.theta) for on in drawn]
    earned = [_earned(overlay(decisions.days, on, timeline.closes, cost)) for on in drawn]
    return _bands(warned, settings.evaluation.confidence), _bands(earned, settings.evaluation.confidence)


def _bands(drawn: Sequence[Mapping[str, float]], confidence: float) -> dict[str, Entry]:
    return {name: _band(np.array([one[name] for one in drawn]), confidence) for name in drawn[0]}


def _band(values: Array, confidence: float) -> Entry:
    """Return the mean over random seeds and the band that holds most of them."""
    known = values[np.isfinite(values)]
    return entry(float(known.mean()) if len(known) else float("nan"), percentiles(known, confidence))

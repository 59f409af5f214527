"""A made-up market for the tests of its evaluation: trading days, crises, risk examples."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from r1tailor import config
from r1tailor.evaluation.market.decisions import NEVER, SAME_RATE, TUNED, Decisions
from r1tailor.evaluation.market.timeline import Episode, Timeline
from r1tailor.evaluation.market.track_record import TrackRecord, track_record
from r1tailor.evaluation.resampling import Array
from r1tailor.records import Example
from r1tailor.schema.evaluation import EarlyWarning

LABELS = ("low", "elevated", "high")


@dataclass(frozen=True)
class MadeCrisis:
    name: str
    onset: str
    trough: str


def weekdays(n: int, first: date = date(1990, 1, 1)) -> tuple[str, ...]:
    """Return n weekdays as ISO dates."""
    found, day = [], first
    while len(found) < n:
        if day.weekday() < 5:
            found.append(day.isoformat())
        day += timedelta(1)
    return tuple(found)


def warning(**changes: float) -> EarlyWarning:
    """Return windows of ten days, one day's gap, a cool-down of three."""
    plain: dict[str, float] = {"horizon_days": 10, "gap_days": 1, "cooldown_days": 3, "theta": 0.5}
    return EarlyWarning.model_validate({**plain, "calibration_items": 300, "random_seeds": 20, **changes})


def market(n: int = 200, episodes: Sequence[tuple[int, int]] = ((100, 120),), closes: Array | None = None) -> Timeline:
    """Return n trading days with crises at (onset, trough)."""
    found = tuple(Episode(f"crisis {number}", *ends) for number, ends in enumerate(episodes))
    return Timeline(weekdays(n), np.linspace(100, 120, n) if closes is None else closes, found)


def risk_example(day: str, features: dict[str, float | None], label: str, task: str = "risk") -> Example:
    """Return one example of a task as the finance domain makes them."""
    fields = {"task": task, "date": day, "label": label, "features": features, "volatility": features["volatility"]}
    return Example(
        f"{task}/{day}", "How risky?", f"the numbers of {day}", f"{label}. why", fields=fields, available_at=day
    )


def made_record() -> TrackRecord:
    """Return a small record over a made-up market with one crisis that the tuned model warned of."""
    line = market(400, [(100, 120), (300, 320)], 100 + np.sin(np.arange(400.0)))
    days = np.arange(150, 390, 5)
    quiet = np.zeros(len(days), dtype=bool)
    signals = {NEVER: quiet, TUNED: (days >= 280) & (days < 300), SAME_RATE: days == 295}
    decisions = Decisions(days, days > 280, signals, {TUNED: np.linspace(0, 1, len(days))}, list(signals.values()))
    quick = ["evaluation.resamples=100", "evaluation.warning.random_seeds=3"]
    return track_record(config.load(quick), line, decisions)

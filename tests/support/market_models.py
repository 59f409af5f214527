"""Models of a made-up market: one that knows the labels, with noise, and one that knows nothing."""

import numpy as np

from r1tailor.evaluation.market.decisions import (
    TUNED,
    Decisions,
    asked,
    decide,
)
from r1tailor.evaluation.market.timeline import Timeline
from r1tailor.records import Example
from r1tailor.schema.settings import Settings

QUICK = ("evaluation.resamples=100", "evaluation.warning.random_seeds=5", "evaluation.warning.calibration_items=200")


def told(items: list[Example], noise: float = 0.2, seed: int = 1) -> dict[str, float]:
    """Return scores that know the label, with noise."""
    draw = np.random.default_rng(seed)
    return {e.id: float(0.7 * (e.fields["label"] != "low") + noise * draw.random()) for e in items}


def models_of(settings: Settings, parts: dict[str, list[Example]]) -> dict[str, dict[str, float]]:
    items = asked(settings, parts)
    useless = np.random.default_rng(9).random(len(items)).tolist()
    return {TUNED: told(items), "base": dict(zip([item.id for item in items], useless, strict=True))}


def decided(settings: Settings, line: Timeline, parts: dict[str, list[Example]]) -> Decisions:
    return decide(settings, line, parts, models_of(settings, parts))

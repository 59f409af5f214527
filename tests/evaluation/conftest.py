"""A made-up market of eleven years, its examples, and the record of models on it."""

import numpy as np
import pytest

from r1tailor import config
from r1tailor.evaluation.market.timeline import Timeline
from r1tailor.evaluation.market.track_record import TrackRecord, track_record
from r1tailor.records import Example
from tests.support.market_cases import market, risk_example
from tests.support.market_models import QUICK, decided

DAYS = 3000
ONSETS = (400, 900, 1400, 1900, 2400, 2800)


@pytest.fixture(scope="session")
def line() -> Timeline:
    """Falls of 20 % in 40 days, each half grown when it is a crisis; noise besides."""
    returns = np.random.default_rng(1).normal(0.0006, 0.008, DAYS)
    for onset in ONSETS:
        returns[onset - 20 : onset + 20] -= 0.006
    return market(DAYS, [(onset, onset + 20) for onset in ONSETS], 100 * np.cumprod(1 + returns))


@pytest.fixture(scope="session")
def parts(line: Timeline) -> dict[str, list[Example]]:
    """A risk example every fifth day whose features tell of the 30 days before an onset, among noise."""
    draw = np.random.default_rng(2)
    made = []
    for day in range(100, DAYS - 30, 5):
        near = any(0 < onset - day <= 30 for onset in ONSETS)
        features = {"volatility": float(0.1 + 0.1 * near + 0.03 * draw.random()), "noise": float(draw.random())}
        features = features | {"unknown": None if day % 2 else 1.0}
        made.append(risk_example(line.dates[day], features, "high" if near else "low"))
    trend = [risk_example(e.available_at, {"volatility": 0.1}, "low", task="trend") for e in made]
    ordered = [item for pair in zip(made, trend, strict=True) for item in pair]
    return {"train": ordered[:400], "validation": ordered[420:500], "test": ordered[520:][::-1]}


@pytest.fixture(scope="session")
def record(line: Timeline, parts: dict[str, list[Example]]) -> TrackRecord:
    quick = config.load(list(QUICK))
    return track_record(quick, line, decided(quick, line, parts))

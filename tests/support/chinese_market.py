"""A stand-in for the bars of CSI 300 and its sectors: made figures that a stand-in for the Wind terminal gives.

No bars of a Chinese index are freely licensed. The closes are random walks that are calm between the events of the
crisis library and fall, with larger daily moves, from each event's start to its end.
"""

from datetime import date, timedelta
from pathlib import Path

import numpy as np

from r1tailor import config
from r1tailor.domain.finance import library
from r1tailor.domain.finance.settings import FinanceDomain
from r1tailor.schema.market import WindSource
from r1tailor.schema.settings import Settings
from tests.support.wind_terminal import Recorded, StandIn

FIRST, LAST = date(2005, 1, 4), date(2023, 12, 29)
_BEFORE = timedelta(days=30)  # calendar days in which moves grow before an event


def composed(folder: Path, *overrides: str) -> Settings:
    """Compose finance_zh with its store in a folder."""
    store = f"domain.sources.0.store={folder / 'csi300'}"
    quick = "domain.sources.0.retries.calls_per_second=1000"
    return config.load(["domain=finance_zh", "evaluation=split", store, quick, *overrides])


def terminal(settings: Settings, today: date = LAST) -> StandIn:
    """Return a stand-in terminal that gives made closes of every code of the source up to a day."""
    (source,) = settings.domain.sources
    assert isinstance(source, WindSource)
    return StandIn(_bars(settings, tuple(source.symbols.values())), today)


def _bars(settings: Settings, codes: tuple[str, ...]) -> Recorded:
    span = (FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1))
    days = [day for day in span if day.weekday() < 5]
    drift, scale = _course(settings, days)
    draw = np.random.default_rng(7)
    common = drift + scale * draw.standard_normal(len(days))
    found = {}
    for number, code in enumerate(codes):
        own = 0.5 * scale * draw.standard_normal(len(days)) if number else 0.0
        closes = 1000 * np.exp(np.cumsum(common + own))
        found[code] = dict(zip(days, closes.round(2).tolist(), strict=True))
    return found


def _course(settings: Settings, days: list[date]) -> tuple[np.ndarray, np.ndarray]:
    """Return drift and scale of the log returns [N]."""
    assert isinstance(settings.domain, FinanceDomain)
    drift, scale = np.full(len(days), 0.0006), np.full(len(days), 0.009)
    for event in library.events(settings.domain.task.crises, config.ROOT):
        if event.market != settings.domain.market or event.fall is None:
            continue
        start, end = date.fromisoformat(event.start), date.fromisoformat(event.end)
        within = np.array([start <= day <= end for day in days])
        drift[within] = np.log(1 - event.fall) / within.sum()
        scale[np.array([start - _BEFORE <= day <= end for day in days])] = 0.02
    return drift, scale

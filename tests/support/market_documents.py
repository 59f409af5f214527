"""Market documents for tests: made of given closes, or read from the packaged sources."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache

import numpy as np

from r1tailor import config, sources
from r1tailor.domain import open_domain
from r1tailor.domain.finance.finance import Finance
from r1tailor.records import Document
from tests.conftest import ROOT

FIRST = date(2000, 1, 3)
ALONE = [*(f"domain.task.market.{role}=null" for role in ("stocks", "credit", "factors")), "domain.task.train_every=1"]


def row(source: str, event: str, values: Mapping[str, float], available: str = "", revision: int = 1) -> Document:
    """Return one row of market figures, known on its own day unless it says otherwise."""
    id_ = f"{source}/{event}" + (f"/{revision}" if revision > 1 else "")
    return Document(id_, event, source, "own", "0", "line 2", available or event, {"event": event, "values": values})


def days(count: int) -> list[str]:
    """Return so many weekdays."""
    found, day = [], FIRST
    while len(found) < count:
        if day.weekday() < 5:
            found.append(str(day))
        day += timedelta(1)
    return found


def index(closes: Sequence[float]) -> list[Document]:
    """Return an index with these closes on weekdays."""
    return [row("sp500", day, {"SP500": close}) for day, close in zip(days(len(closes)), closes, strict=True)]


def walk(count: int, columns: int = 1, seed: int = 0) -> np.ndarray:
    """Return closes [count, columns] of random walks."""
    moves = np.random.default_rng(seed).normal(0, 0.01, (count, columns))
    return np.asarray(100 * np.exp(np.cumsum(moves, axis=0)))


@cache
def real() -> tuple[Document, ...]:
    """Return the documents of the finance domain's packaged sources."""
    return tuple(d for source in config.load(["domain=finance"]).domain.sources for d in sources.read(source, ROOT, []))


def finance(documents: Sequence[Document], *overrides: str) -> Finance:
    """Return the finance domain over documents."""
    domain = open_domain(config.load(["domain=finance", "evaluation=split", *overrides]).domain, documents)
    assert isinstance(domain, Finance)
    return domain

"""The market of a domain as evaluation sees it: daily closes, and crises placed on trading days."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from r1tailor.domain.finance.words import CALM
from r1tailor.errors import DataError
from r1tailor.evaluation.resampling import Array
from r1tailor.records import Example

TASK = "risk"


class Crisis(Protocol):
    """A fall of the index, with the ISO dates of its onset and its trough."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def onset(self) -> str:
        """The first close at which it counts as a crisis."""

    @property
    def trough(self) -> str:
        """The lowest close."""


@runtime_checkable
class Market(Protocol):
    """A domain with daily closes of an index, and the crises in them."""

    def levels(self) -> tuple[Sequence[str], Sequence[float]]:
        """Return ISO dates and closes of every trading day, in order."""

    def crises(self) -> Sequence[Crisis]:
        """Return the crises in order of onset."""

    def beyond(self) -> Sequence[str]:
        """Return the known events that the closes do not reach, in words."""


@dataclass(frozen=True)
class Episode:
    """A crisis by positions among the trading days, from ``onset`` to ``trough``."""

    name: str
    onset: int
    trough: int


@dataclass(frozen=True)
class Timeline:
    """Trading days (ISO dates), their closes [days], the crises by onset, and the events that the days do not reach."""

    dates: tuple[str, ...]
    closes: Array
    episodes: tuple[Episode, ...]
    beyond: tuple[str, ...] = ()

    def positions(self, dates: Sequence[str]) -> NDArray[np.int64]:
        """Return the positions of dates among the trading days.

        Raises:
            DataError: one of them is not a trading day.
        """
        known = {date: number for number, date in enumerate(self.dates)}
        missing = [date for date in dates if date not in known]
        if missing:
            raise DataError(f"{missing[0] or 'an example without a date'} is not a trading day of the domain's index")
        return np.array([known[date] for date in dates], dtype=np.int64)


def timeline(market: Market) -> Timeline:
    """Return a market's trading days with the crises placed on them.

    Raises:
        DataError: the days are not in order, or a crisis does not begin and end on one of them.
    """
    dates, closes = market.levels()
    if any(earlier >= later for earlier, later in pairwise(dates)):
        raise DataError("the trading days of the domain's index are not in order")
    bare = Timeline(tuple(dates), np.array(closes, dtype=float), ())
    found = sorted(market.crises(), key=lambda crisis: crisis.onset)
    onsets = bare.positions([crisis.onset for crisis in found]).tolist()
    troughs = bare.positions([crisis.trough for crisis in found]).tolist()
    episodes = tuple(Episode(c.name, a, b) for c, a, b in zip(found, onsets, troughs, strict=True))
    return Timeline(bare.dates, bare.closes, episodes, tuple(market.beyond()))


def risk_items(examples: Sequence[Example]) -> list[Example]:
    """Return the examples of the risk task in order of date; there is one per date."""
    found = [example for example in examples if example.fields.get("task") == TASK]
    return sorted(found, key=lambda example: example.available_at)


def is_risky(example: Example) -> bool:
    """Whether the reference label of a risk item is anything but that of a low risk."""
    return example.fields["label"] not in CALM

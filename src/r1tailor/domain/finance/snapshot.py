"""The market as it was known on one day: everything that features may look at, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from r1tailor.domain.finance.point_in_time import Days, Numbers, Panel, PointInTime
from r1tailor.domain.finance.rolling import log_returns

_STALE = np.timedelta64(75, "D")  # a monthly figure is out of date once the next two could have been published
_QUARTER = np.timedelta64(85, "D")  # "three months before": between the ends of two and of three months
_MONTH = 21  # trading days


@dataclass(frozen=True)
class Market:
    """The series of a domain; None where its sources say nothing of them.

    Attributes:
        index: closes of one index.
        stocks: closes of its members.
        credit: two yields, in percent; their difference is the credit spread.
        factors: closes of factor portfolios.
    """

    index: PointInTime
    stocks: PointInTime | None = None
    credit: PointInTime | None = None
    factors: PointInTime | None = None


@dataclass(frozen=True)
class Snapshot:
    """What was known on one day of the trading days before and on it.

    Attributes:
        days: [N] the last trading days, in order.
        closes: [N] of the index.
        high_before: the highest close before these days; 0 if there was none.
        stocks: [N, S] closes of the stocks that have one on the first and the last of these days; a day without trading
            has the close before.
        spread: [N] the newest credit spread on each day, in percentage points; NaN where none was known, or an old one.
        spread_change: of the newest credit spread in three months; NaN where that is not known.
        factors: log return of each factor portfolio less that of the index, over 21 trading days, where known.
    """

    days: Days
    closes: Numbers
    high_before: float
    stocks: Numbers
    spread: Numbers
    spread_change: float
    factors: Mapping[str, float]


def snapshot(market: Market, at: str, length: int) -> Snapshot:
    """Return what was known at the end of a day, of at most the last ``length`` trading days."""
    known = market.index.as_of(at)
    traded = known.values[:, 0]
    days, closes = known.events[-length:], traded[-length:]
    spread = _spread(market.credit, days)
    return Snapshot(
        days=days,
        closes=closes,
        high_before=float(traded[:-length].max(initial=0.0)),
        stocks=_complete(_on(days, market.stocks.as_of(at))) if market.stocks else np.empty((len(days), 0)),
        spread=spread,
        spread_change=_spread_change(market.credit, at) if len(spread) and not np.isnan(spread[-1]) else np.nan,
        factors=_factors(market.factors.as_of(at), days, closes) if market.factors else {},
    )


def _on(days: Days, panel: Panel) -> Numbers:
    """Return a panel's values [N, S] on given days; NaN on a day of which it says nothing."""
    places = np.searchsorted(panel.events, days)
    found = places < len(panel.events)
    found[found] = panel.events[places[found]] == days[found]
    values = np.full((len(days), len(panel.names)), np.nan)
    values[found] = panel.values[places[found]]
    return values


def _complete(values: Numbers) -> Numbers:
    """Return the columns known on the first and the last day, with the value before on days between that lack one."""
    if not len(values):
        return values
    kept = values[:, ~np.isnan(values[[0, -1]]).any(axis=0)]
    rows = np.where(np.isnan(kept), 0, np.arange(len(kept))[:, None])
    return np.asarray(np.take_along_axis(kept, np.maximum.accumulate(rows, axis=0), axis=0))


def _spread(credit: PointInTime | None, days: Days) -> Numbers:
    """Return the newest spread on each of the days: what was published by then, unless it is out of date."""
    result = np.full(len(days), np.nan)
    if credit is None or not len(days):
        return result
    published, yields = credit.newest(str(days[-1]))
    places = np.searchsorted(published, days, side="right") - 1
    known = places >= 0
    known[known] = days[known] - published[places[known]] <= _STALE
    result[known] = (yields[:, 0] - yields[:, 1])[places[known]]
    return result


def _spread_change(credit: PointInTime | None, at: str) -> float:
    if credit is None:
        return np.nan
    known = credit.as_of(at)
    before = int(np.searchsorted(known.events, known.events[-1] - _QUARTER, side="right")) - 1
    spreads = known.values[:, 0] - known.values[:, 1]
    return float(spreads[-1] - spreads[before]) if before >= 0 else np.nan


def _factors(panel: Panel, days: Days, closes: Numbers) -> dict[str, float]:
    """Return the log return over 21 trading days beyond the index's, of the portfolios known at both ends."""
    if len(days) <= _MONTH:
        return {}
    ends = [-1 - _MONTH, -1]
    index = log_returns(closes[ends])
    moves = log_returns(_on(days[ends], panel))[0] - index[0]
    return {name: float(move) for name, move in zip(panel.names, moves, strict=True) if not np.isnan(move)}

"""A snapshot holds what was known by a day."""

import math

import pytest

from r1tailor.domain.finance.point_in_time import PointInTime
from r1tailor.domain.finance.snapshot import Market, Snapshot, snapshot
from r1tailor.records import Document
from tests.support.market_documents import days, index, row, walk

WINDOW, TRAILING = 64, 252


def _yields(*months: tuple[str, str, float]) -> PointInTime:
    return PointInTime.of(
        [row("credit", event, {"BAA": 5.0 + spread, "AAA": 5.0}, known) for event, known, spread in months],
        ["BAA", "AAA"],
    )


def _known(market: Market, at: str) -> Snapshot:
    return snapshot(market, at, TRAILING + 200)


def test_the_spread_of_a_day_is_the_newest_one_published_by_then() -> None:
    credit = _yields(("2000-01-31", "2000-02-07", 1.0), ("2000-02-29", "2000-03-07", 1.5))
    market = Market(PointInTime.of(index(walk(105)[:, 0].tolist())), credit=credit)
    known = _known(market, "2000-03-10")
    spread = dict(zip(map(str, known.days), known.spread.tolist(), strict=True))
    assert math.isnan(spread["2000-02-04"])
    assert (spread["2000-02-07"], spread["2000-03-06"], spread["2000-03-07"]) == (1.0, 1.0, 1.5)
    assert math.isnan(known.spread_change)  # nothing is known of three months before
    stale = _known(market, "2000-05-19")  # nothing new for 73 days; a weekend later it is too old
    assert stale.spread[-1] == 1.5
    late = _known(market, "2000-05-22")
    assert str(late.days[-1]) == "2000-05-22"
    assert math.isnan(late.spread[-1])
    assert math.isnan(late.spread_change)


def test_the_spread_changes_over_three_months() -> None:
    months = ["2000-01-31", "2000-02-29", "2000-03-31", "2000-04-30", "2000-05-31"]
    published = ["2000-02-07", "2000-03-07", "2000-04-07", "2000-05-07", "2000-06-07"]
    credit = _yields(*zip(months, published, [1.0, 1.1, 1.3, 1.6, 2.0], strict=True))
    market = Market(PointInTime.of(index(walk(120)[:, 0].tolist())), credit=credit)
    changes = [_known(market, day).spread_change for day in ("2000-05-08", "2000-06-06", "2000-06-07")]
    assert changes == pytest.approx([0.6, 0.6, 0.9])


def test_a_stock_counts_if_it_has_a_price_on_the_first_and_the_last_day() -> None:
    dates = days(4)
    rows = [row("stocks", day, {"whole": 1.0 + number}) for number, day in enumerate(dates)]
    rows += [row("stocks", day, {"gap": 2.0 + number}, revision=2) for number, day in enumerate(dates) if number != 1]
    rows += [row("stocks", day, {"young": 3.0}, revision=3) for day in dates[1:]]
    rows += [row("stocks", day, {"gone": 4.0}, revision=4) for day in dates[:-1]]
    market = Market(PointInTime.of(index([1, 2, 3, 4])), PointInTime.of(rows))
    assert snapshot(market, dates[-1], 10).stocks.tolist() == [[2.0, 1.0], [2.0, 2.0], [4.0, 3.0], [5.0, 4.0]]


def test_factors_move_beyond_the_index_where_they_are_known() -> None:
    dates, closes = days(30), walk(30)[:, 0]
    moved: list[Document] = [
        row("factors", day, {"value": float(2 * close * math.exp(0.001 * place))})
        for place, (day, close) in enumerate(zip(dates, closes, strict=True))
    ]
    market = Market(PointInTime.of(index(closes.tolist())), factors=PointInTime.of(moved))
    assert snapshot(market, dates[-1], 30).factors == pytest.approx({"value": 0.021})
    young = Market(market.index, factors=PointInTime.of(moved[10:]))
    assert snapshot(young, dates[-1], 30).factors == {}

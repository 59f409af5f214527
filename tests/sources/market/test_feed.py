"""Every market feed keeps one contract, over the same recorded bars."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest

from r1tailor.errors import DataError, FeedRequestError
from r1tailor.schema.market import FeedSource
from r1tailor.sources.bars import Bar
from r1tailor.sources.market.feed import MarketFeed
from tests.support.feed_cases import FEEDS, FIRST, LAST, SYMBOLS, FeedCase, real_bars

every = pytest.mark.parametrize("case", FEEDS, ids=lambda case: case.name)


def _bars(feed: MarketFeed, first: date, last: date) -> list[Bar]:
    pages = list(feed.pages(first, last))
    assert not [rejection for page in pages for rejection in page.rejected]
    return [bar for page in pages for bar in page.bars]


def test_every_kind_of_feed_has_a_case() -> None:
    kinds = {get_args(kind.model_fields["kind"].annotation)[0] for kind in get_args(FeedSource)}
    assert {case.settings["kind"] for case in FEEDS} == kinds


@every
def test_a_feed_gives_every_bar_between_two_dates_and_no_other(case: FeedCase, tmp_path: Path) -> None:
    recorded = real_bars()
    first, last = date(2008, 9, 15), date(2008, 11, 14)
    assert first in recorded["SPX.GI"]
    assert last in recorded["SPX.GI"]
    found = _bars(case.feed(tmp_path, recorded), first, last)
    expected = {
        (series, day, value)
        for series, symbol in SYMBOLS.items()
        for day, value in recorded[symbol].items()
        if first <= day <= last
    }
    assert len(found) == len(expected) > 80
    assert {(bar.series, bar.event, bar.value) for bar in found} == expected
    assert [bar.event for bar in found] == sorted(bar.event for bar in found)


@every
def test_pages_cover_every_day_once_in_order(case: FeedCase, tmp_path: Path) -> None:
    pages = list(case.feed(tmp_path, real_bars()).pages(FIRST, LAST))
    assert (pages[0].first, pages[-1].last) == (FIRST, LAST)
    assert all(after.first - before.last == timedelta(days=1) for before, after in pairwise(pages))
    assert all(page.first <= bar.event <= page.last for page in pages for bar in page.bars)


@every
def test_days_without_trading_give_no_bar(case: FeedCase, tmp_path: Path) -> None:
    saturday = date(2008, 9, 13)
    assert _bars(case.feed(tmp_path, real_bars()), saturday, saturday + timedelta(days=1)) == []


@every
def test_one_day_gives_its_bars(case: FeedCase, tmp_path: Path) -> None:
    day, recorded = date(2008, 9, 15), real_bars()
    found = _bars(case.feed(tmp_path, recorded), day, day)
    assert {bar.series: bar.value for bar in found} == {s: recorded[c][day] for s, c in SYMBOLS.items()}


@every
def test_a_missing_figure_is_left_out(case: FeedCase, tmp_path: Path) -> None:
    recorded, day = real_bars(), date(2008, 9, 15)
    del recorded["AAPL.O"][day]
    assert [bar.series for bar in _bars(case.feed(tmp_path, recorded), day, day)] == ["SP500"]


@every
def test_a_feed_gives_the_same_twice(case: FeedCase, tmp_path: Path) -> None:
    feed = case.feed(tmp_path, real_bars())
    assert _bars(feed, FIRST, LAST) == _bars(feed, FIRST, LAST) != []


@every
def test_a_price_that_is_none_is_rejected_and_the_others_come(case: FeedCase, tmp_path: Path) -> None:
    recorded, day = real_bars(), date(2008, 9, 15)
    recorded["AAPL.O"][day] = -1.0
    pages = list(case.feed(tmp_path, recorded).pages(FIRST, LAST))
    (rejection,) = [rejection for page in pages for rejection in page.rejected]
    assert "APPLE is a price and must be above zero" in str(rejection)
    assert "-1.0" not in str(rejection)
    assert sum(len(page.bars) for page in pages) >= 2 * len(recorded["SPX.GI"]) - 2


@pytest.mark.parametrize(
    "case", [case for case in FEEDS if case.settings.get("function") != "edb"], ids=lambda c: c.name
)
def test_a_symbol_that_the_feed_does_not_know_is_named(case: FeedCase, tmp_path: Path) -> None:
    feed = case.feed(tmp_path, real_bars(), symbols=SYMBOLS | {"IBM": "IBM.N"})
    with pytest.raises(DataError, match=r"IBM\.N.*\(domain\.sources, name: prices\)|no column IBM\.N"):
        _bars(feed, FIRST, LAST)


def test_an_economic_series_that_is_alone_and_unknown_is_refused(tmp_path: Path) -> None:
    case = FEEDS[-1]
    feed = case.feed(tmp_path, real_bars(), symbols={"IBM": "IBM.N"})
    with pytest.raises(FeedRequestError, match=r"edb of IBM\.N, .*error -40522005 \(a code is not supported\)"):
        _bars(feed, FIRST, LAST)

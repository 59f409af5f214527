"""Fetching: history is backfilled, the present is polled, and both append to the store."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from r1tailor import store
from r1tailor.errors import ConfigError, DataError, FeedRequestError, FeedUnavailableError, UserError
from r1tailor.sources.market import fetch
from r1tailor.sources.market.feed import MarketFeed, Page
from tests.conftest import ROOT
from tests.support.feed_cases import LAST, SYMBOLS, WIND, real_bars, source
from tests.support.fetched import CSV, TODAY, WIND_CASE, backfilled, documents, polled, silent, stored_rows


def test_a_polled_figure_is_known_from_the_day_of_the_poll(tmp_path: Path) -> None:
    recorded = real_bars()
    early = {code: {d: v for d, v in bars.items() if d < date(2008, 12, 20)} for code, bars in recorded.items()}
    backfilled(CSV, tmp_path, early, date(2008, 12, 19))
    assert polled(CSV, tmp_path, recorded, TODAY).new > 0
    known = {document.fields["event"]: document.available_at for document in documents(tmp_path)}
    assert (known["2008-12-19"], known["2008-12-22"], known["2008-12-31"]) == ("2008-12-19", str(TODAY), str(TODAY))


def test_a_poll_stores_quotes_ahead_of_the_bar(tmp_path: Path) -> None:
    recorded = real_bars()
    early = {code: {d: v for d, v in bars.items() if d < LAST} for code, bars in recorded.items()}
    backfilled(WIND_CASE, tmp_path, early, LAST - timedelta(days=1), quotes=True)
    feed = WIND_CASE.feed(tmp_path, recorded, quotes=True)
    terminal: Any = feed._terminal._wind  # type: ignore[attr-defined]
    terminal.today = LAST
    terminal.wsd = lambda *_, **__: terminal._series([], "2000-01-01", "2000-01-01", "CLOSE")  # no bar of today yet
    polled = fetch.poll(source(WIND, quotes=True), feed, tmp_path, LAST, silent)
    assert polled == fetch.Fetched(2, 0, 0)
    assert stored_rows(tmp_path)[-1][1:3] == (LAST, LAST)


class _Stops:
    """A feed that breaks down after so many pages."""

    def __init__(self, feed: MarketFeed, pages: int) -> None:
        self._feed, self._pages = feed, pages

    def pages(self, first: date, last: date) -> Iterator[Page]:
        for number, page in enumerate(self._feed.pages(first, last)):
            if number == self._pages:
                raise FeedUnavailableError("gone")
            yield page

    def quotes(self) -> Page | None:
        return None


def test_an_interrupted_backfill_goes_on_where_it_was(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    backfilled(WIND_CASE, whole, real_bars())
    feed = WIND_CASE.feed(parts, real_bars())
    with pytest.raises(FeedUnavailableError):
        fetch.backfill(source(WIND), _Stops(feed, 2), parts, TODAY, silent)
    stored = stored_rows(parts)
    assert 0 < len(stored) < len(stored_rows(whole))
    backfilled(WIND_CASE, parts, real_bars())
    assert stored_rows(parts)[: len(stored)] == stored
    assert sorted(stored_rows(parts)) == sorted(stored_rows(whole))
    asked = [call for call in feed._terminal._wind.calls if call[0] == "wsd"]  # type: ignore[attr-defined]
    assert asked[0][1] == "2008-09-01"


def test_two_fetches_at_once_are_refused(tmp_path: Path) -> None:
    with (
        store.held(tmp_path / "market" / "prices"),
        pytest.raises(UserError, match="another run is at work there"),
    ):
        backfilled(CSV, tmp_path, real_bars())


def test_a_clock_set_back_never_dates_a_later_poll_before_an_earlier_one(tmp_path: Path) -> None:
    recorded = real_bars()
    backfilled(CSV, tmp_path, recorded, date(2009, 1, 2))
    changed = {code: bars | {LAST: 1.0} for code, bars in recorded.items()}
    assert polled(CSV, tmp_path, changed, TODAY).revised == 2
    again = {code: bars | {LAST: 2.0} for code, bars in recorded.items()}
    told: list[str] = []
    case = source(CSV.settings)
    set_back = TODAY - timedelta(days=3)
    assert fetch.poll(case, CSV.feed(tmp_path, again), tmp_path, set_back, told.append).revised == 2
    assert {row[2] for row in stored_rows(tmp_path) if row[3] == 2.0} == {TODAY}
    assert told[0] == (
        f"prices: this machine's clock says {set_back}, but market/prices holds figures fetched on {TODAY}: "
        f"what comes now counts as known from {TODAY}"
    )
    assert fetch.backfill(case, CSV.feed(tmp_path, changed), tmp_path, set_back, silent, again=True).revised == 2
    assert {row[2] for row in stored_rows(tmp_path)[-2:]} == {TODAY}


@pytest.mark.parametrize("fetched_by", [polled, backfilled])
def test_figures_fetched_by_a_clock_far_ahead_are_refused_and_nothing_is_stored(
    tmp_path: Path, fetched_by: Callable[..., fetch.Fetched]
) -> None:
    recorded = real_bars()
    backfilled(CSV, tmp_path, recorded)
    ahead = {code: bars | {LAST: 1.0} for code, bars in recorded.items()}
    polled(CSV, tmp_path, ahead, date(2099, 1, 1))
    stored = stored_rows(tmp_path)
    with pytest.raises(DataError, match=r"holds figures fetched on 2099-01-01\. Set the clock right\."):
        fetched_by(CSV, tmp_path, recorded, TODAY)
    assert stored_rows(tmp_path) == stored


def test_a_poll_before_any_history_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"Fetch the history first: python -m r1tailor market backfill"):
        polled(CSV, tmp_path, real_bars(), TODAY)


def test_a_series_of_which_nothing_comes_is_named_and_the_others_are_stored(tmp_path: Path) -> None:
    recorded = real_bars() | {"IBM.N": {date(1990, 1, 2): 1.0}}
    with pytest.raises(FeedRequestError, match=r"^no figure of IBM\.N came since 2008-09-01; what came of the others"):
        backfilled(CSV, tmp_path, recorded, symbols=SYMBOLS | {"IBM": "IBM.N"})
    assert {row[0] for row in stored_rows(tmp_path)} == set(SYMBOLS)


def test_a_damaged_figure_stops_the_fetch_or_is_left_out_and_said(tmp_path: Path) -> None:
    recorded = real_bars()
    recorded["AAPL.O"][date(2008, 9, 15)] = 0.0
    with pytest.raises(DataError, match=r"^bars\.csv, line 11: APPLE is a price and must be above zero \(domain"):
        backfilled(CSV, tmp_path, recorded)
    said: list[str] = []
    listed = source(CSV.settings, on_damage="list")
    fetched = fetch.backfill(listed, CSV.feed(tmp_path, recorded), tmp_path, TODAY, said.append)
    assert fetched.rejected == 1
    assert said[0] == "prices: left out: bars.csv, line 11: APPLE is a price and must be above zero"


def test_history_ends_today_whatever_the_feed_holds(tmp_path: Path) -> None:
    backfilled(CSV, tmp_path, real_bars(), date(2008, 10, 1))
    assert max(row[1] for row in stored_rows(tmp_path)) == date(2008, 10, 1)


def test_a_domain_without_a_feed_says_so() -> None:
    from r1tailor import config

    with pytest.raises(ConfigError, match=r"domain=generic has no source of kind bars, bars_sql or wind"):
        fetch.feeds(config.load(["domain=generic", "domain.sources.0.path=x.jsonl"]).domain, ROOT)

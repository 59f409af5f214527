"""The Wind terminal: each published code is the error that fits, and the terminal is asked within its bounds."""

import builtins
import importlib
from datetime import date
from typing import Any

import pytest

from r1tailor.errors import (
    FeedQuotaError,
    FeedRequestError,
    FeedUnavailableError,
)
from r1tailor.sources.market.fetch import open_feed
from tests.conftest import ROOT
from tests.support.feed_cases import WIND, real_bars, source
from tests.support.wind_feeds import bars_of, wind_feed
from tests.support.wind_terminal import StandIn, recorded


def test_no_data_is_an_empty_page_and_no_error() -> None:
    feed, *_ = wind_feed()
    pages = list(feed.pages(date(2008, 8, 1), date(2008, 8, 31)))
    assert [page.bars for page in pages] == [(), ()]


def test_a_long_range_is_asked_for_in_pages_that_the_terminal_takes() -> None:
    terminal = StandIn(real_bars())
    terminal.most_cells = 2 * 22  # two codes, at most 22 trading days in 30
    feed, wind, _ = wind_feed(terminal)
    assert len(bars_of(feed)) == sum(len(figures) for figures in real_bars().values())
    asked = [(first, last) for name, first, last in wind.calls if name == "wsd"]
    assert asked[:2] == [("2008-09-01", "2008-09-30"), ("2008-10-01", "2008-10-30")]
    assert asked[-1][1] == "2008-12-31"
    terminal.most_cells = 40
    with pytest.raises(FeedQuotaError, match="more data than the account may extract"):
        bars_of(wind_feed(terminal)[0])


def test_an_unknown_code_among_known_ones_is_named_before_the_first_page() -> None:
    feed, wind, _ = wind_feed(symbols={"SP500": "SPX.GI", "IBM": "IBM.N"})
    with pytest.raises(FeedRequestError, match=r"^the Wind terminal knows no code IBM\.N; a code is written like"):
        bars_of(feed)
    assert [name for name, *_ in wind.calls] == ["start", "wss"]


def test_an_answer_of_another_shape_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    feed, wind, _ = wind_feed()
    whole = wind._series

    def short(*given: Any) -> Any:  # noqa: ANN401
        answer = whole(*given)
        answer.Data = [row[:-1] for row in answer.Data]
        return answer

    monkeypatch.setattr(wind, "_series", short)
    with pytest.raises(FeedRequestError, match=r"answer has 2 rows for 2 codes and 21 dates$"):
        bars_of(feed)


def test_quotes_are_of_the_day_that_the_terminal_says() -> None:
    terminal = StandIn(real_bars(), today=date(2008, 9, 15))
    assert wind_feed(terminal)[0].quotes() is None
    page = wind_feed(terminal, quotes=True)[0].quotes()
    assert page is not None
    assert {(bar.series, bar.event, bar.value) for bar in page.bars} == {
        ("SP500", date(2008, 9, 15), real_bars()["SPX.GI"][date(2008, 9, 15)]),
        ("APPLE", date(2008, 9, 15), real_bars()["AAPL.O"][date(2008, 9, 15)]),
    }


def test_a_monthly_series_comes_once_a_month_at_its_end_wherever_pages_end() -> None:
    months = recorded(date(2008, 1, 1), date(2008, 12, 31), {"G1": ("credit", "AAA"), "G2": ("credit", "BAA")})
    monthly = {"function": "edb", "field": None, "symbols": {"AAA": "G1", "BAA": "G2"}, "page_days": 17}
    feed, *_ = wind_feed(StandIn(months), bars={"values": "rate", "period": "month", "lag_days": 7}, **monthly)
    found = bars_of(feed, date(2008, 1, 1), date(2008, 12, 30))
    ends = [bar.event for bar in found if bar.series == "BAA"]
    assert [(day.month, day.day) for day in ends][:3] == [(1, 31), (2, 29), (3, 31)]
    assert len(ends) == 11  # December is not over
    assert [bar.value for bar in found if bar.series == "BAA"] == list(months["G2"].values())[:11]


def test_without_windpy_it_is_said_where_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ModuleNotFoundError(f"No module named {name!r}")

    assert not hasattr(builtins, "WindPy")
    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(FeedUnavailableError, match=r"^kind: wind needs WindPy, which the Wind terminal installs"):
        open_feed(source(WIND), ROOT)

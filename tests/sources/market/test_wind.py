"""The Wind terminal: each published code is the error that fits, and the terminal is asked within its bounds."""

import builtins
import importlib
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from r1tailor.errors import (
    FeedAccessError,
    FeedError,
    FeedLoginError,
    FeedQuotaError,
    FeedRequestError,
    FeedUnavailableError,
)
from r1tailor.schema.market import WindSource
from r1tailor.sources.bars import Bar
from r1tailor.sources.market.fetch import open_feed
from r1tailor.sources.market.terminal import Clock
from r1tailor.sources.market.wind import WindFeed
from tests.conftest import ROOT
from tests.support.feed_cases import FIRST, LAST, RETRIES, WIND, real_bars, source
from tests.support.wind_terminal import FakeClock, StandIn, recorded


def _wind(terminal: StandIn | None = None, **changes: Any) -> tuple[WindFeed, StandIn, FakeClock]:  # noqa: ANN401
    clock = FakeClock()
    wind = terminal or StandIn(real_bars())
    wind._now = clock.now
    settings = source(WIND, **changes)
    assert isinstance(settings, WindSource)
    return WindFeed(settings, wind, Clock(clock.now, clock.sleep)), wind, clock


def _bars(feed: WindFeed, first: date = FIRST, last: date = LAST) -> list[Bar]:
    return [bar for page in feed.pages(first, last) for bar in page.bars]


PERMANENT = {
    -40520004: FeedLoginError,
    -40520013: FeedLoginError,
    -40520014: FeedLoginError,
    -40520015: FeedLoginError,
    -40520005: FeedAccessError,
    -40522015: FeedAccessError,
    -40522017: FeedQuotaError,
    -40520010: FeedRequestError,
    -40521009: FeedRequestError,
    -40522003: FeedRequestError,
    -40522004: FeedRequestError,
    -40522005: FeedRequestError,
    -40522006: FeedRequestError,
    -40522007: FeedRequestError,
    -40522009: FeedRequestError,
    -40522010: FeedRequestError,
    -40522018: FeedRequestError,
    -40520006: FeedError,
    -1: FeedError,
}


@pytest.mark.parametrize(("code", "kind"), PERMANENT.items())
def test_a_code_that_does_not_pass_is_the_error_that_fits_at_once(code: int, kind: type[FeedError]) -> None:
    feed, wind, _ = _wind()
    wind.faults = [0, code]  # the names are known, the first page fails
    with pytest.raises(FeedError) as refusal:
        _bars(feed)
    assert type(refusal.value) is kind
    assert str(refusal.value).startswith(
        "wsd of SPX.GI,AAPL.O, 2008-09-01 to 2008-09-30 (domain.sources, name: prices)"
    )
    assert f"error {code} (" in str(refusal.value)
    assert f"which says 'CWSDService: failed with {code}.'; " in str(refusal.value)
    assert [name for name, *_ in wind.calls] == ["start", "wss", "wsd"]


@pytest.mark.parametrize("code", [-40520008, -40521003, -40521010, -40521011, -40520001])
def test_what_may_pass_is_asked_again_after_waiting_twice_as_long_each_time(code: int) -> None:
    feed, wind, clock = _wind(retries=RETRIES | {"calls_per_second": 1000.0})
    wind.faults = [0, code, code]
    assert len(_bars(feed, FIRST, date(2008, 9, 30))) == len(_bars(_wind()[0], FIRST, date(2008, 9, 30))) > 0
    assert [wait for wait in clock.waits if wait >= 1] == [1.0, 2.0]


def test_what_does_not_pass_in_so_many_attempts_is_an_error() -> None:
    feed, wind, _ = _wind()
    wind.faults = [0, *[-40521010] * 3]
    with pytest.raises(FeedUnavailableError, match=r", 3 attempts .*error -40521010 \(timeout of .* online"):
        _bars(feed)
    assert [name for name, *_ in wind.calls].count("wsd") == 3


@pytest.mark.parametrize("code", [-40520009, -40522001])
def test_a_lost_session_is_opened_again(code: int) -> None:
    feed, wind, _ = _wind()
    wind.faults = [0, 0, code]
    assert _bars(feed) == _bars(_wind()[0]) != []
    assert [name for name, *_ in wind.calls][:6] == ["start", "wss", "wsd", "wsd", "start", "wsd"]


def test_a_terminal_that_dropped_the_connection_between_two_calls_is_started_again() -> None:
    feed, wind, _ = _wind()
    pages = feed.pages(FIRST, LAST)
    next(pages)
    wind.stop()
    next(pages)
    assert [name for name, *_ in wind.calls] == ["start", "wss", "wsd", "start", "wsd"]


def test_nobody_logged_in_is_said_before_anything_is_asked() -> None:
    feed, wind, _ = _wind()
    wind.login = -40520014
    with pytest.raises(FeedLoginError, match=r"'Please Logon iWind firstly!'; log in at the Wind terminal"):
        _bars(feed)
    assert [name for name, *_ in wind.calls] == ["start"]


def test_no_data_is_an_empty_page_and_no_error() -> None:
    feed, *_ = _wind()
    pages = list(feed.pages(date(2008, 8, 1), date(2008, 8, 31)))
    assert [page.bars for page in pages] == [(), ()]


def test_a_long_range_is_asked_for_in_pages_that_the_terminal_takes() -> None:
    terminal = StandIn(real_bars())
    terminal.most_cells = 2 * 22  # two codes, at most 22 trading days in 30
    feed, wind, _ = _wind(terminal)
    assert len(_bars(feed)) == sum(len(figures) for figures in real_bars().values())
    asked = [(first, last) for name, first, last in wind.calls if name == "wsd"]
    assert asked[:2] == [("2008-09-01", "2008-09-30"), ("2008-10-01", "2008-10-30")]
    assert asked[-1][1] == "2008-12-31"
    terminal.most_cells = 40
    with pytest.raises(FeedQuotaError, match="more data than the account may extract"):
        _bars(_wind(terminal)[0])


def test_no_more_calls_are_made_than_allowed_in_a_second() -> None:
    feed, wind, _ = _wind(retries=RETRIES | {"calls_per_second": 2.0}, page_days=5)
    _bars(feed)
    assert len(wind.times) > 20
    assert min(after - before for before, after in zip(wind.times, wind.times[1:], strict=False)) == pytest.approx(0.5)


def test_an_unknown_code_among_known_ones_is_named_before_the_first_page() -> None:
    feed, wind, _ = _wind(symbols={"SP500": "SPX.GI", "IBM": "IBM.N"})
    with pytest.raises(FeedRequestError, match=r"^the Wind terminal knows no code IBM\.N; a code is written like"):
        _bars(feed)
    assert [name for name, *_ in wind.calls] == ["start", "wss"]


def test_an_answer_of_another_shape_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    feed, wind, _ = _wind()
    whole = wind._series

    def short(*given: Any) -> Any:  # noqa: ANN401
        answer = whole(*given)
        answer.Data = [row[:-1] for row in answer.Data]
        return answer

    monkeypatch.setattr(wind, "_series", short)
    with pytest.raises(FeedRequestError, match=r"answer has 2 rows for 2 codes and 21 dates$"):
        _bars(feed)


def test_quotes_are_of_the_day_that_the_terminal_says() -> None:
    terminal = StandIn(real_bars(), today=date(2008, 9, 15))
    assert _wind(terminal)[0].quotes() is None
    page = _wind(terminal, quotes=True)[0].quotes()
    assert page is not None
    assert {(bar.series, bar.event, bar.value) for bar in page.bars} == {
        ("SP500", date(2008, 9, 15), real_bars()["SPX.GI"][date(2008, 9, 15)]),
        ("APPLE", date(2008, 9, 15), real_bars()["AAPL.O"][date(2008, 9, 15)]),
    }


def test_a_monthly_series_comes_once_a_month_at_its_end_wherever_pages_end() -> None:
    months = recorded(date(2008, 1, 1), date(2008, 12, 31), {"G1": ("credit", "AAA"), "G2": ("credit", "BAA")})
    monthly = {"function": "edb", "field": None, "symbols": {"AAA": "G1", "BAA": "G2"}, "page_days": 17}
    feed, *_ = _wind(StandIn(months), bars={"values": "rate", "period": "month", "lag_days": 7}, **monthly)
    found = _bars(feed, date(2008, 1, 1), date(2008, 12, 30))
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


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"field": None}, "field belongs to function=wsd, which needs one"),
    ({"function": "edb"}, "field belongs to function=wsd, which needs one"),
    ({"function": "edb", "field": None, "quotes": True}, "quotes belong to function=wsd"),
    ({"store": "data/packaged/prices"}, "store must not lie in data/packaged"),
    ({"symbols": {"A": "X.O", "B": "X.O"}}, "two series must not have the same symbol"),
    ({"symbols": {"A": "X.O,Y.O"}}, "String should match pattern"),
    ({"symbols": {}}, "at least 1 item"),
    ({"bars": {"values": "price", "period": "day", "lag_days": -1}}, "greater than or equal to 0"),
    ({"retries": RETRIES | {"attempts": 0}}, "greater than or equal to 1"),
    ({"retries": RETRIES | {"calls_per_second": 0.0}}, "greater than 0"),
    ({"since": "yesterday"}, "must be a date such as"),
]


@pytest.mark.parametrize(("changes", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_a_setting_that_cannot_be_meant_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        source(WIND, **changes)

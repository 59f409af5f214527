"""The Wind terminal: asked at a bounded rate, asked again where a fault may pass, started again where it was lost."""

from datetime import date

import pytest

from r1tailor.errors import (
    FeedLoginError,
    FeedUnavailableError,
)
from tests.support.feed_cases import FIRST, LAST, RETRIES
from tests.support.wind_feeds import bars_of, wind_feed


@pytest.mark.parametrize("code", [-40520008, -40521003, -40521010, -40521011, -40520001])
def test_what_may_pass_is_asked_again_after_waiting_twice_as_long_each_time(code: int) -> None:
    feed, wind, clock = wind_feed(retries=RETRIES | {"calls_per_second": 1000.0})
    wind.faults = [0, code, code]
    assert len(bars_of(feed, FIRST, date(2008, 9, 30))) == len(bars_of(wind_feed()[0], FIRST, date(2008, 9, 30))) > 0
    assert [wait for wait in clock.waits if wait >= 1] == [1.0, 2.0]


def test_what_does_not_pass_in_so_many_attempts_is_an_error() -> None:
    feed, wind, _ = wind_feed()
    wind.faults = [0, *[-40521010] * 3]
    with pytest.raises(FeedUnavailableError, match=r", 3 attempts .*error -40521010 \(timeout of .* online"):
        bars_of(feed)
    assert [name for name, *_ in wind.calls].count("wsd") == 3


@pytest.mark.parametrize("code", [-40520009, -40522001])
def test_a_lost_session_is_opened_again(code: int) -> None:
    feed, wind, _ = wind_feed()
    wind.faults = [0, 0, code]
    assert bars_of(feed) == bars_of(wind_feed()[0]) != []
    assert [name for name, *_ in wind.calls][:6] == ["start", "wss", "wsd", "wsd", "start", "wsd"]


def test_a_terminal_that_dropped_the_connection_between_two_calls_is_started_again() -> None:
    feed, wind, _ = wind_feed()
    pages = feed.pages(FIRST, LAST)
    next(pages)
    wind.stop()
    next(pages)
    assert [name for name, *_ in wind.calls] == ["start", "wss", "wsd", "start", "wsd"]


def test_nobody_logged_in_is_said_before_anything_is_asked() -> None:
    feed, wind, _ = wind_feed()
    wind.login = -40520014
    with pytest.raises(FeedLoginError, match=r"'Please Logon iWind firstly!'; log in at the Wind terminal"):
        bars_of(feed)
    assert [name for name, *_ in wind.calls] == ["start"]


def test_no_more_calls_are_made_than_allowed_in_a_second() -> None:
    feed, wind, _ = wind_feed(retries=RETRIES | {"calls_per_second": 2.0}, page_days=5)
    bars_of(feed)
    assert len(wind.times) > 20
    assert min(after - before for before, after in zip(wind.times, wind.times[1:], strict=False)) == pytest.approx(0.5)

"""A feed of the stand-in terminal, and the bars it gives."""

from datetime import date
from typing import Any

from r1tailor.schema.market import WindSource
from r1tailor.sources.bars import Bar
from r1tailor.sources.market.terminal import Clock
from r1tailor.sources.market.wind import WindFeed
from tests.support.feed_cases import FIRST, LAST, WIND, real_bars, source
from tests.support.wind_terminal import FakeClock, StandIn


def wind_feed(terminal: StandIn | None = None, **changes: Any) -> tuple[WindFeed, StandIn, FakeClock]:  # noqa: ANN401
    clock = FakeClock()
    wind = terminal or StandIn(real_bars())
    wind._now = clock.now
    settings = source(WIND, **changes)
    assert isinstance(settings, WindSource)
    return WindFeed(settings, wind, Clock(clock.now, clock.sleep)), wind, clock


def bars_of(feed: WindFeed, first: date = FIRST, last: date = LAST) -> list[Bar]:
    return [bar for page in feed.pages(first, last) for bar in page.bars]

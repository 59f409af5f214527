"""Crises are found from closes alone, and those of the S&P 500 are the known ones."""

import numpy as np
import pytest

from r1tailor.domain.finance.crises import Crisis, beyond, crises
from r1tailor.domain.finance.settings import Crises, CrisisEvent
from r1tailor.errors import ConfigError
from tests.support.market_documents import FIRST, finance, real

EVENT = CrisisEvent(start=str(FIRST), end=str(FIRST), name="Fire", source="The Gazette")
SETTINGS = Crises(drawdown=0.15, onset_drawdown=0.10)
BY_EVENTS = Crises(drawdown=0.15, onset_drawdown=0.10, labels="events")


def _found(*closes: float, settings: Crises = SETTINGS) -> list[tuple[int, int, int, float]]:
    first = np.datetime64(FIRST)
    dates = first + np.arange(len(closes))
    places = [
        (*((np.datetime64(day) - first).astype(int) for day in (found.peak, found.onset, found.trough)), found.depth)
        for found in crises(dates, np.array(closes), settings, (EVENT,))
    ]
    return [(int(peak), int(onset), int(trough), round(depth, 4)) for peak, onset, trough, depth in places]


@pytest.mark.parametrize(
    ("closes", "expected"),
    [
        ((100, 90, 85, 100), [(0, 1, 2, -0.15)]),  # thresholds are reached, not passed
        ((100, 91, 86, 100), []),
        ((100, 120, 110, 107, 90, 95, 121), [(1, 3, 4, -0.25)]),
        ((100, 80, 95, 70, 99), [(0, 1, 3, -0.3)]),  # not recovered in between: one crisis
        ((100, 80, 100, 80, 100), [(0, 1, 1, -0.2), (2, 3, 3, -0.2)]),
        ((100, 100, 80), [(1, 2, 2, -0.2)]),  # the last close at the peak; still under way
        ((100,), []),
        ((100, 101, 102), []),
        ((), []),
    ],
)
def test_a_crisis_lasts_from_its_peak_to_its_recovery(
    closes: tuple[float, ...], expected: list[tuple[int, int, int, float]]
) -> None:
    assert _found(*closes) == expected


def test_thresholds_are_settings() -> None:
    shallow = SETTINGS.model_copy(update={"drawdown": 0.05, "onset_drawdown": 0.05})
    assert _found(100, 96, 94, 100, settings=shallow) == [(0, 2, 2, -0.06)]


def test_a_crisis_bears_the_name_of_the_event_between_peak_and_trough() -> None:
    dates = np.datetime64(FIRST) + np.arange(3)
    (named,) = crises(dates, np.array([100, 80, 110]), SETTINGS, (EVENT,))
    (unnamed,) = crises(dates + 1, np.array([100, 80, 110]), SETTINGS, (EVENT,))
    assert (named.name, named.source) == ("Fire", "The Gazette")
    assert (unnamed.name, unnamed.source) == ("drawdown from 2000-01", "prices")


def test_the_crises_of_the_index_are_those_the_world_knows() -> None:
    found: tuple[Crisis, ...] = finance(real()).crises()
    assert [(c.peak[:7], c.trough[:7], round(100 * c.depth)) for c in found] == [
        ("1990-07", "1990-10", -20),
        ("1998-07", "1998-08", -19),
        ("2000-03", "2002-10", -49),
        ("2007-10", "2009-03", -57),
        ("2018-09", "2018-12", -20),
        ("2020-02", "2020-03", -34),
        ("2022-01", "2022-10", -25),
    ]
    assert all(c.peak < c.onset <= c.trough for c in found)
    assert [c.onset for c in found][3:] == ["2007-11-26", "2018-11-23", "2020-02-27", "2022-02-22"]
    assert found[3].name == "Global financial crisis (Lehman Brothers)"
    assert [c.source == "prices" for c in found] == [True] * 3 + [False] * 4


@pytest.mark.parametrize(
    ("market", "fall", "named"),
    [
        ("US equities", 0.20, True),
        ("US equities", 0.27, True),
        ("US equities", 0.57, False),  # far from the size of this fall
        ("US equities", 0.05, False),
        ("CN equities", 0.20, False),
        (None, 0.20, False),  # an index of a market that nobody named
    ],
)
def test_an_event_names_a_crisis_of_its_market_and_size_only(market: str | None, fall: float, named: bool) -> None:
    event = EVENT.model_copy(update={"market": "US equities", "fall": fall})
    dates = np.datetime64(FIRST) + np.arange(3)
    (crisis,) = crises(dates, np.array([100.0, 80.0, 110.0]), SETTINGS, (event,), market)
    assert (crisis.name == "Fire") is named


def _event(start: int, end: int, market: str | None = "US equities") -> CrisisEvent:
    first = np.datetime64(FIRST)
    return CrisisEvent(start=str(first + start), end=str(first + end), name=f"from {start}", source="x", market=market)


def test_events_of_the_market_are_the_crises_where_they_are_asked_for() -> None:
    dates = np.datetime64(FIRST) + np.array([0, 1, 4, 5, 6, 7])  # FIRST is a Monday; days 2 and 3 had no trade
    closes = np.array([100.0, 110, 99, 88, 95, 96])
    events = [_event(5, 6), _event(2, 5), _event(1, 1, "CN equities"), _event(7, 20), _event(-3, 9), _event(8, 9)]
    found = crises(dates, closes, BY_EVENTS, events, "US equities")
    first = np.datetime64(FIRST)
    assert [(c.name, c.peak, c.onset, c.trough, round(c.depth, 4)) for c in found] == [
        ("from 2", str(first + 1), str(first + 4), str(first + 5), -0.2),  # from the next trading day on
        ("from 5", str(first + 1), str(first + 5), str(first + 6), -0.2),
        ("from 7", str(first + 1), str(first + 7), str(first + 7), round(96 / 110 - 1, 4)),  # up to the last close
    ]
    assert [event.name for event in beyond(dates, events, "US equities")] == ["from -3", "from 8"]
    assert crises(dates, closes, BY_EVENTS, events, None) == ()
    assert [c.name for c in crises(dates, closes, BY_EVENTS, [_event(4, 4, None)], None)] == ["from 4"]


def test_the_events_of_the_index_are_crises_by_a_setting_and_those_beyond_its_bars_are_named() -> None:
    domain = finance(real(), "domain.task.crises.labels=events")
    found = domain.crises()
    assert [c.onset for c in found][:4] == ["2008-09-15", "2010-05-06", "2011-08-05", "2012-05-07"]
    assert len(found) == 12
    assert all(c.onset <= c.trough for c in found)
    assert domain.beyond() == finance(real()).beyond() == ("Failure of Silicon Valley Bank (2023-03-10)",)
    assert domain.remarks() == ["beyond the bars of the index: Failure of Silicon Valley Bank (2023-03-10)"]


def test_events_of_a_market_that_the_library_does_not_know_are_refused() -> None:
    wanted = ("domain.task.crises.labels=events", "domain.sources.0.bars.market=null")
    said = "the library has no event of the index's market, which is not named .*; its markets are CN equities, US"
    with pytest.raises(ConfigError, match=said):
        next(finance(real(), *wanted).examples())

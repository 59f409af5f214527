"""A market's days and crises, placed on its trading days."""

import pytest

from r1tailor.errors import DataError
from r1tailor.evaluation.market.timeline import Market, risk_items, timeline
from r1tailor.records import Example
from tests.support.market_cases import MadeCrisis, weekdays


def test_risk_items_are_in_order_of_time_and_of_one_task(parts: dict[str, list[Example]]) -> None:
    found = risk_items(parts["test"])
    assert [e.available_at for e in found] == sorted(e.available_at for e in parts["test"] if "risk" in e.id)


class Made:
    """A domain that knows a market."""

    def __init__(self, dates: tuple[str, ...], *crises: MadeCrisis) -> None:
        self.dates, self.found = dates, crises

    def levels(self) -> tuple[tuple[str, ...], list[float]]:
        return self.dates, [100.0] * len(self.dates)

    def crises(self) -> tuple[MadeCrisis, ...]:
        return self.found

    def beyond(self) -> tuple[str, ...]:
        return ("c (2099-01-01)",)


def test_a_market_is_placed_on_its_trading_days() -> None:
    days = weekdays(30)
    made = Made(days, MadeCrisis("b", days[20], days[25]), MadeCrisis("a", days[3], days[9]))
    assert isinstance(made, Market)
    found = timeline(made)
    assert [(e.name, e.onset, e.trough) for e in found.episodes] == [("a", 3, 9), ("b", 20, 25)]
    assert found.beyond == ("c (2099-01-01)",)
    with pytest.raises(DataError, match="1990-01-06 is not a trading day of the domain's index"):
        timeline(Made(days, MadeCrisis("a", "1990-01-06", days[9])))
    with pytest.raises(DataError, match="are not in order"):
        timeline(Made((days[1], days[0])))

"""Feeds of figures: settings that cannot be meant are refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from tests.support.feed_cases import RETRIES, WIND, source

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


def test_quotes_are_of_days() -> None:
    monthly = {"values": "rate", "period": "month", "lag_days": 0}
    with pytest.raises(ValidationError, match=r"quotes belong to function=wsd with bars\.period=day"):
        source(WIND, quotes=True, bars=monthly)

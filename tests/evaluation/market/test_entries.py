"""Values as ``metrics.json`` holds them."""

import math

from r1tailor.evaluation.market.entries import entry


def test_an_entry_has_its_interval_and_null_where_a_value_is_not_defined() -> None:
    assert entry(0.5) == {"value": 0.5}
    assert entry(0.5, (0.25, 0.75)) == {"value": 0.5, "low": 0.25, "high": 0.75}
    assert entry(math.nan, (math.nan, math.inf)) == {"value": None, "low": None, "high": None}

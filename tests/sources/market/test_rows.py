"""The columns of a table of bars: symbol and value are given together."""

import pytest
from pydantic import ValidationError

from tests.support.feed_cases import source


def test_symbol_and_value_are_given_together() -> None:
    with pytest.raises(ValidationError, match="symbol and value are given together, or neither of them"):
        source({"kind": "bars", "path": "x.csv", "columns": {"date": "day", "symbol": "code"}})

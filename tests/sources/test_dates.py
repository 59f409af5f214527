"""Days as publishers write them."""

from datetime import date

import pytest

from r1tailor.sources.dates import day_of


@pytest.mark.parametrize("month", ["9", "09", "Sep", "Sep.", "Sept", "september", "SEPTEMBER"])
def test_a_month_is_a_number_or_a_name(month: str) -> None:
    assert day_of("2021", month, "13") == date(2021, 9, 13)


@pytest.mark.parametrize(
    "parts",
    [
        *(("2021", "13", "1"), ("2021", "Foo", "1"), ("2021", "Se", "1"), ("2021", "Septembre", "1")),
        *(("2021", "2", "30"), (None, "1", "1"), ("2021", "", "1"), ("", "1", "1"), ("x", "1", "1")),
    ],
)
def test_what_names_no_day_gives_none(parts: tuple[str | None, str | None, str | None]) -> None:
    assert day_of(*parts) is None

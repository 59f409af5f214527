"""Daily figures are told from other tables, and how they are written is told with them."""

from datetime import date, timedelta

from r1tailor.proposal import bars
from r1tailor.proposal.cells import Column, described


def _columns(rows: list[dict[str, str]]) -> dict[str, Column]:
    return {name: described(name, rows) for name in rows[0]}


def _days(count: int = 200, **more: str) -> list[dict[str, str]]:
    return [
        {"Date": f"{date(2020, 1, 1) + timedelta(n):%m/%d/%Y}", "Close": f"{900 + n}.5", **more} for n in range(count)
    ]


def test_one_date_and_figures_with_a_close_are_bars() -> None:
    assert bars.closes(_columns(_days())) == "Close"
    assert bars.closes(_columns(_days(Volume="1,200"))) == "Close"


def test_a_column_of_words_or_too_few_days_make_no_bars() -> None:
    assert bars.closes(_columns(_days(Weather="rain"))) == ""
    assert bars.closes(_columns(_days(20))) == ""


def test_the_source_follows_from_the_columns() -> None:
    found = bars.source(_columns(_days(Volume="1,200")), "fund", "Close")
    assert (found["since"], found["thousands"], found["columns"]) == ("2020-01-01", ",", {"date": "Date"})
    assert "thousands" not in bars.source(_columns(_days()), "fund", "Close")


def test_short_histories_give_validation_more_than_the_embargo_takes() -> None:
    assert bars.split(_columns(_days()))["validation"] == 0.25
    assert bars.split(_columns(_days(2200)))["validation"] == 0.1

"""Cells: what is empty, how numbers, dates and lists are written, what is refused."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from r1tailor.schema.tables import TableSource
from r1tailor.sources.cells import CellError, date_of, plain, plain_number, terms_of, text_of
from tests.support.source_cases import Case


def source(**changes: Any) -> TableSource:  # noqa: ANN401
    found = Case("", {"kind": "table", "path": "x"} | changes, lambda *_: None).source()
    assert isinstance(found, TableSource)
    return found


TEXTS: list[tuple[object, str]] = [
    (0, "0"),
    (3.0, "3"),
    (2.5, "2.5"),
    (float("nan"), ""),
    (Decimal("NaN"), ""),
    (None, ""),
    (" \t", ""),
    ("NULL", ""),
    ("None", "None"),
    (" well ", " well "),
    (True, "true"),
    (Decimal("1.50"), "1.50"),
    (dt.date(2024, 3, 14), "2024-03-14"),
    (dt.datetime(2024, 3, 14), "2024-03-14"),
    (dt.datetime(2024, 3, 14, 8, 30), "2024-03-14T08:30:00"),
]


@pytest.mark.parametrize(("cell", "text"), TEXTS)
def test_a_cell_as_text(cell: object, text: str) -> None:
    assert text_of(cell, "a", source()) == text


@pytest.mark.parametrize("cell", [["a"], b"a", {"a": 1}, float("inf")])
def test_what_is_no_text_is_refused_without_being_shown(cell: object) -> None:
    with pytest.raises(CellError, match=r"^a must be text, found "):
        text_of(cell, "a", source())


@pytest.mark.parametrize(
    ("cell", "lists", "terms"),
    [
        (["chest pain", "fever"], None, ["chest pain", "fever"]),
        ('["chest pain", "fever"]', None, ["chest pain", "fever"]),
        ("chest pain; fever;", ";", ["chest pain", "fever"]),
        (None, None, []),
        ("", None, []),
    ],
)
def test_a_cell_as_a_list(cell: object, lists: str | None, terms: list[str]) -> None:
    assert terms_of(cell, "a", source(lists=lists)) == terms


@pytest.mark.parametrize("cell", ["chest pain, fever", [1], '["a", 1]', "[a", 3])
def test_text_is_not_taken_for_a_list_of_letters(cell: object) -> None:
    with pytest.raises(CellError):
        terms_of(cell, "a", source())


@pytest.mark.parametrize(
    ("cell", "dates"),
    [
        ("2024-03-14", "auto"),
        ("2024-03-14T23:30:00+01:00", "auto"),
        ("2024/3/14", "auto"),
        ("2024年3月14日", "auto"),
        ("2024.03.14 08:30", "auto"),
        ("03/14/2024", "%m/%d/%Y"),
        ("14.03.24", "%d.%m.%y"),
        (dt.datetime(2024, 3, 14, 8), "auto"),
        (dt.date(2024, 3, 14), "%m/%d/%Y"),
    ],
)
def test_a_cell_as_a_date(cell: object, dates: str) -> None:
    assert date_of(cell, "a", source(dates=dates)) == "2024-03-14"


@pytest.mark.parametrize(
    ("cell", "dates"), [("03/04/2024", "auto"), ("2024-02-30", "auto"), ("2024-03-14", "%m/%d/%Y"), (20240314, "auto")]
)
def test_a_date_that_is_written_in_another_way_is_refused(cell: object, dates: str) -> None:
    with pytest.raises(CellError, match=r"^a must be a date \("):
        date_of(cell, "a", source(dates=dates))


NUMBERS = [
    ("1,234.5", ".", ",", "1234.5"),
    ("1.234,5", ",", ".", "1234.5"),
    ("1\u202f234,5", ",", " ", "1234.5"),
    ("1’234", ".", "'", "1234"),
    ("−0.5", ".", None, "-0.5"),
    ("1234567", ".", ",", "1234567"),
]


@pytest.mark.parametrize(("cell", "decimal", "thousands", "number"), NUMBERS)
def test_a_number_is_read_as_it_is_written(cell: str, decimal: str, thousands: str | None, number: str) -> None:
    settings = source(numbers=["a"], decimal=decimal, thousands=thousands)
    assert plain_number(cell, "a", settings) == text_of(cell, "a", settings) == number
    assert plain(cell, "a", settings) == float(number)


@pytest.mark.parametrize("cell", ["1,234", "1.2.3", "12 %", "1,23.5"])
def test_a_number_that_is_written_in_another_way_is_refused(cell: str) -> None:
    thousands = "," if cell == "1,23.5" else None
    with pytest.raises(CellError, match=r"^a must be a number"):
        plain_number(cell, "a", source(numbers=["a"], thousands=thousands))

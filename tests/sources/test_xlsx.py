"""Workbooks: the sheet, the header, dates, errors of formulas."""

import datetime as dt
from contextlib import suppress
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from r1tailor.errors import DataError
from r1tailor.records import Rejection
from r1tailor.sources import read
from tests.support.source_cases import Case
from tests.support.table_cases import documents

COLUMNS = {"input": "note", "output": "ward", "group": "MRN", "date": "on"}
HEADER = ("note", "ward", "MRN", "on", None)
ROW = ("well", 3, 0, dt.datetime(2024, 3, 14))


def _book(path: Path, **sheets: list[tuple[Any, ...]]) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)


def test_the_rows_of_the_only_sheet_that_holds_any(tmp_path: Path) -> None:
    _book(tmp_path / "n.xlsx", Empty=[], Visits=[(), HEADER, ROW, (None, " ", None, None), ROW])
    first, second = documents(tmp_path, "n.xlsx", columns=COLUMNS)
    assert (first.text, first.available_at, first.position) == ("well", "2024-03-14", "row 3")
    assert first.fields == {"output": "3", "group": "0"}
    assert second.position == "row 5"


def test_of_several_sheets_one_is_named(tmp_path: Path) -> None:
    _book(tmp_path / "n.xlsx", Old=[HEADER, ROW, ROW], New=[HEADER, ROW])
    assert len(documents(tmp_path, "n.xlsx", columns=COLUMNS, sheet="New")) == 1


FAULTS: dict[str, tuple[dict[str, list[tuple[Any, ...]]], dict[str, Any], str]] = {
    "several sheets": (
        {"Old": [HEADER], "New": [ROW]},
        {},
        ": several sheets hold rows; sheet must name one: Old, New",
    ),
    "no such sheet": ({"Old": [HEADER]}, {"sheet": "New"}, ": no sheet is called New; it has Old"),
    "nothing": ({"Old": []}, {}, ": no sheet holds a row"),
    "no such column": (
        {"Old": [("Note", "ward", "MRN", "on"), ROW]},
        {},
        ", row 1: no column is called note; there are Note, ward, MRN, on. Did you mean Note?",
    ),
    "an empty answer": ({"Old": [HEADER, ("well", None, 0, None)]}, {}, ", row 2: ward is empty"),
    "an error": (
        {"Old": [HEADER, ("well", "#REF!", 0, None)]},
        {},
        ", row 2: ward holds an error of Excel's",
    ),
    "a cell too many": ({"Old": [HEADER, (*ROW, "Roe")]}, {}, ", row 2: a cell beyond the 4 columns of the header"),
}


@pytest.mark.parametrize(("sheets", "changes", "said"), FAULTS.values(), ids=FAULTS)
def test_what_is_wrong_with_a_workbook(
    sheets: dict[str, list[tuple[Any, ...]]], changes: dict[str, Any], said: str, tmp_path: Path
) -> None:
    _book(tmp_path / "n.xlsx", **sheets)
    assert _rejected(tmp_path, changes) == [f"n.xlsx{said}"]


@pytest.mark.parametrize("raw", [b"", b"Roe", b"PK\x03\x04Roe"])
def test_what_is_no_workbook_is_one_rejection(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "n.xlsx").write_bytes(raw)
    assert _rejected(tmp_path, {}) == ["n.xlsx: no whole Excel workbook (.xlsx)"]


def _rejected(root: Path, changes: dict[str, Any]) -> list[str]:
    settings = {"kind": "table", "path": "n.xlsx", "columns": COLUMNS} | changes
    rejected: list[Rejection] = []
    with suppress(DataError):
        list(read(Case("", settings, lambda *_: None).source(), root, rejected))
    return [str(one) for one in rejected]

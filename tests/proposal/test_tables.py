"""The first rows are those that the source's reader gives, with the settings that it needs."""

from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from r1tailor.errors import DataError
from r1tailor.proposal.tables import read


@pytest.mark.parametrize(("separator", "encoding"), [(",", "utf-8"), (";", "gb18030"), ("\t", "utf-8"), ("|", "utf-8")])
def test_encoding_and_separator_are_found(separator: str, encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    lines = [
        separator.join(row) for row in (("主诉", "科室"), ("反复咳嗽三天，伴发热", "内科"), ("右下腹疼痛", "外科"))
    ]
    path.write_text("\n".join(lines), encoding=encoding)
    found = read(path, 10)
    assert found.reader == {"encoding": encoding, "separator": separator}
    assert found.rows[0] == {"主诉": "反复咳嗽三天，伴发热", "科室": "内科"}


def test_a_row_with_too_many_cells_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n1,2,3\n", encoding="utf-8")
    assert read(path, 10).faults == ("3: 3 cells; the header has 2",)


def test_of_a_workbook_the_sheet_with_the_most_rows(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "readme"
    book.active.append(["one line"])
    sheet = book.create_sheet("visits")
    for row in (["note", "ward"], ["x", "a"], ["y", "b"]):
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    found = read(tmp_path / "a.xlsx", 10)
    assert (found.reader, found.columns, len(found.rows)) == ({"sheet": "visits"}, ("note", "ward"), 2)


def test_parquet(tmp_path: Path) -> None:
    pq.write_table(pa.table({"q": ["a", "b"], "a": [1, 2]}), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet", 1).rows == [{"q": "a", "a": 1}]


def test_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,a\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match="several columns are called a"):
        read(tmp_path / "a.csv", 10)


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n", encoding="utf-8")
    with pytest.raises(DataError, match="holds no rows"):
        read(tmp_path / "a.csv", 10)


@pytest.mark.parametrize("opening", ["Report of visits, March\nWard 4\n\n", "sep=;\n", ""])
def test_titles_above_the_header_are_passed_over(opening: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{opening}note;ward;n\nx, y;a;1\nz;b;2\n", encoding="utf-8")
    found = read(path, 10)
    assert found.columns == ("note", "ward", "n")
    assert found.reader.get("header_row") == (4 if "Ward" in opening else None)
    assert found.rows[0] == {"note": "x, y", "ward": "a", "n": "1"}


def test_semicolons_in_the_notes_of_a_comma_file_divide_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("note,ward\nx; y; z,a\nq; r; s,b\n", encoding="utf-8")
    assert read(tmp_path / "a.csv", 10).reader["separator"] == ","


def test_of_a_workbook_titles_and_other_sheets_are_told(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "visits"
    for row in (["Export of 2024"], [], [None, "note", "ward"], [None, "x", "a"], [None, "y", "b"], [None, "z", "a"]):
        book.active.append(row)
    book.create_sheet("legend").append(["a", "b"])
    book.save(tmp_path / "a.xlsx")
    found = read(tmp_path / "a.xlsx", 10)
    assert found.reader == {"sheet": "visits", "header_row": 3}
    assert found.said["sheet"][0] == "the most rows; not read: legend"
    assert found.rows[0] == {"column 1": None, "note": "x", "ward": "a"}

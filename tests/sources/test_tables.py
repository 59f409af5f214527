"""Tables of any columns: what is kept of a row, and that a large table is never held."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from r1tailor.errors import DataError
from r1tailor.sources import read
from tests.support.source_cases import Case
from tests.support.table_cases import ROOM, documents, rows_of


def test_a_key_that_some_lines_lack_is_null(tmp_path: Path) -> None:
    (tmp_path / "notes.jsonl").write_text('{"note": "a"}\n{"note": "b", "ward": 3, "more": 1}\n', encoding="utf-8")
    assert [document.fields for document in documents(tmp_path, "notes.jsonl")] == [{"ward": None}, {"ward": 3}]


def test_a_file_whose_name_does_not_say_what_it_is_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.xls").write_bytes(b"Roe")
    with pytest.raises(DataError) as refusal:
        documents(tmp_path, "notes.xls")
    known = ".csv, .tsv, .tab, .txt, .xlsx, .parquet, .json, .jsonl, .ndjson"
    assert str(refusal.value) == f"notes.xls: the name of a table ends in {known}"


def test_a_text_is_a_table_where_it_is_named_and_not_among_tables(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "rows.txt").write_text("note\tward\nx\t1\n", encoding="utf-8")
    (tmp_path / "a" / "rows.tab").write_text("note\tward\ny\t2\n", encoding="utf-8")
    assert [document.text for document in documents(tmp_path, "a/rows.txt")] == ["x"]
    assert [document.text for document in documents(tmp_path, "a")] == ["y"]


def test_records_of_a_table_may_stand_under_a_key_or_on_lines(tmp_path: Path) -> None:
    (tmp_path / "held.json").write_text('{"n": 1, "data": [{"note": "a", "ward": 3}]}', encoding="utf-8")
    (tmp_path / "lines.json").write_text('{"note": "a", "ward": 3}\n{"note": "b", "ward": 4}\n', encoding="utf-8")
    assert [document.text for document in documents(tmp_path, "held.json")] == ["a"]
    assert [document.text for document in documents(tmp_path, "lines.json")] == ["a", "b"]


def test_a_row_group_of_parquet_is_not_held(tmp_path: Path) -> None:
    count = 40_000
    table = pa.table({"note": list(rows_of(count)), "ward": ["W"] * count})
    size = table.nbytes
    pq.write_table(table, tmp_path / "notes.parquet", row_group_size=count, compression="none", use_dictionary=False)
    del table
    before, most = pa.total_allocated_bytes(), 0
    source = Case("", {"kind": "table", "path": "notes.parquet", "columns": ROOM}, lambda *_: None).source()
    for number, _ in enumerate(read(source, tmp_path, [])):
        if number % 100 == 0:
            most = max(most, pa.total_allocated_bytes() - before)
    assert most < size / 2  # two buffers of 1 MB, of 8.5 MB

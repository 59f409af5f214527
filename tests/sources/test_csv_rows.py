"""Rows of a CSV file: whatever was written comes back, in flat memory."""

import csv
import io
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1tailor.sources import read
from tests.support.source_cases import Case
from tests.support.table_cases import ROOM, documents, rows_of


def test_a_row_is_at_its_first_line_and_empty_lines_are_no_rows(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_bytes(b'note,ward\r\n\r\n"two\r\nlines",W\r\none,W\r\n')
    found = documents(tmp_path, "notes.csv")
    assert [(d.text, d.position) for d in found] == [("two\r\nlines", "line 3"), ("one", "line 5")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize(("name", "delimiter"), [("n.csv", ";"), ("n.csv", None), ("n.tsv", None), ("n.TSV", "|")])
def test_delimiters_and_encodings(encoding: str, name: str, delimiter: str | None, tmp_path: Path) -> None:
    between = delimiter or ("," if name == "n.csv" else "\t")
    (tmp_path / name).write_text(f"正文{between}ward\n血压：120/80{between}W\n", encoding=encoding)
    columns = {"text": "正文", "fields": ["ward"]}
    (found,) = documents(tmp_path, name, columns=columns, separator=delimiter or "auto", encoding=encoding)
    assert (found.text, found.fields) == ("血压：120/80", {"ward": "W"})


@settings(deadline=None, derandomize=True, database=None, max_examples=100)
@given(st.lists(st.tuples(st.text(), st.text()).filter(lambda row: row[0].strip()), min_size=1))
def test_whatever_was_written_as_csv_comes_back(tmp_path_factory: pytest.TempPathFactory, rows: list[Any]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([("note", "ward"), *rows])
    folder = tmp_path_factory.mktemp("csv")
    (folder / "notes.csv").write_bytes(text.getvalue().encode())
    assert [(d.text, d.fields["ward"]) for d in documents(folder, "notes.csv")] == rows


def _peak_of_csv(folder: Path, count: int) -> int:
    """Return how much Python holds at most while a table of so many rows is read."""
    (folder / "notes.csv").write_text("note,ward\n" + "".join(f"{row},W\n" for row in rows_of(count)), encoding="utf-8")
    columns = ROOM | {"id": "note"}
    source = Case("", {"kind": "table", "path": "notes.csv", "columns": columns}, lambda *_: None).source()
    tracemalloc.start()
    try:
        assert sum(1 for _ in read(source, folder, [])) == count
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_a_csv_table(tmp_path: Path) -> None:
    few = _peak_of_csv(tmp_path, 500)
    assert _peak_of_csv(tmp_path, 10_000) < 1.3 * few  # 3 MB of text

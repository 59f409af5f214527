"""Tables of any columns: what is kept of a row, and that a large table is never held."""

import csv
import datetime as dt
import io
import json
import tracemalloc
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from r1tailor.errors import ConfigError, DataError
from r1tailor.records import Document, Rejection
from r1tailor.schema.settings import Settings
from r1tailor.sources import read
from r1tailor.sources.ids import SeenIds
from tests.support.source_cases import FACTS, Case

ROOM = {"text": "note", "fields": ["ward"]}


def documents(root: Path, path: str, **changes: Any) -> list[Document]:  # noqa: ANN401
    rejected: list[Rejection] = []
    table = {"kind": "table", "path": path, "columns": ROOM} | changes
    found = list(read(Case("", table, lambda *_: None).source(), root, rejected))
    assert rejected == []
    return found


def test_rows_are_numbered_by_file_and_own_ids_are_unique_over_all_files(tmp_path: Path) -> None:
    for name in ("b.csv", "sub/a.tsv", "sub/note.md"):
        (tmp_path / "notes" / name).parent.mkdir(parents=True, exist_ok=True)
        text = "note,ward\nwell,W\n"
        (tmp_path / "notes" / name).write_text(text.replace(",", "\t") if "tsv" in name else text, encoding="utf-8")
    assert [d.id for d in documents(tmp_path, "notes")] == ["mine-b.csv-2", "mine-sub/a.tsv-2"]
    assert [d.id for d in documents(tmp_path, "notes/b.csv")] == ["mine-2"]
    columns = ROOM | {"id": "ward"}
    source = Case("", {"kind": "table", "path": "notes", "columns": columns}, lambda *_: None).source()
    rejected: list[Rejection] = []
    assert [d.id for d in read(source, tmp_path, rejected)] == ["mine-W"]
    assert [str(rejection) for rejection in rejected] == [
        "notes/sub/a.tsv, line 2: ward is not unique: it stands in notes/b.csv, line 2"
    ]


def test_what_a_row_says_goes_before_what_the_source_says(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("note,ward,on\nwell,W,2021-02-03T23:30:00+01:00\n", encoding="utf-8")
    (plain,) = documents(tmp_path, "notes.csv", columns={"text": "note"})
    assert (plain.fields, plain.available_at, plain.position) == ({}, FACTS["available_at"], "line 2")
    (dated,) = documents(tmp_path, "notes.csv", columns=ROOM | {"available_at": "on"})
    assert (dated.fields, dated.available_at) == ({"ward": "W"}, "2021-02-03")


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
    (found,) = documents(tmp_path, name, columns=columns, delimiter=delimiter, encoding=encoding)
    assert (found.text, found.fields) == ("血压：120/80", {"ward": "W"})


@settings(deadline=None, derandomize=True, database=None, max_examples=100)
@given(st.lists(st.tuples(st.text(), st.text()).filter(lambda row: row[0].strip()), min_size=1))
def test_whatever_was_written_as_csv_comes_back(tmp_path_factory: pytest.TempPathFactory, rows: list[Any]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([("note", "ward"), *rows])
    folder = tmp_path_factory.mktemp("csv")
    (folder / "notes.csv").write_bytes(text.getvalue().encode())
    assert [(d.text, d.fields["ward"]) for d in documents(folder, "notes.csv")] == rows


KINDS: list[tuple[pa.Array, Any]] = [
    (pa.array(["W"]).dictionary_encode(), "W"),
    (pa.array(["W"], pa.large_string()), "W"),
    (pa.array([2**62]), 2**62),
    (pa.array([float("nan")]), None),
    (pa.array([True]), True),
    (pa.array([Decimal("1.50")]), "1.50"),
    (pa.array([dt.date(2021, 2, 3)]), "2021-02-03"),
    (pa.array([dt.time(1, 2)]), "01:02:00"),
    (pa.array([dt.datetime(2021, 2, 3, 4)], pa.timestamp("ns")), "2021-02-03T04:00:00"),
    (pa.array([dt.datetime(2021, 2, 3, 4)], pa.timestamp("us", "UTC")), "2021-02-03T04:00:00+00:00"),
    (pa.array([[{"code": "A05", "share": 0.5}]]), [{"code": "A05", "share": 0.5}]),
]


@pytest.mark.parametrize(("column", "kept"), KINDS, ids=[str(column.type) for column, _ in KINDS])
def test_what_parquet_holds_is_kept_as_plain_json(column: pa.Array, kept: object, tmp_path: Path) -> None:
    pq.write_table(pa.table({"note": ["well"], "ward": column}), tmp_path / "notes.parquet")
    (found,) = documents(tmp_path, "notes.parquet")
    assert found.fields == {"ward": kept}
    assert json.loads(json.dumps(found.fields)) == found.fields


def test_a_key_that_some_lines_lack_is_null(tmp_path: Path) -> None:
    (tmp_path / "notes.jsonl").write_text('{"note": "a"}\n{"note": "b", "ward": 3, "more": 1}\n', encoding="utf-8")
    assert [document.fields for document in documents(tmp_path, "notes.jsonl")] == [{"ward": None}, {"ward": 3}]


def test_a_file_whose_name_does_not_say_what_it_is_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.xls").write_bytes(b"Roe")
    with pytest.raises(DataError) as refusal:
        documents(tmp_path, "notes.xls")
    assert str(refusal.value) == "notes.xls: the name of a table ends in .csv, .tsv, .parquet, .jsonl"


def _rows(count: int) -> Iterator[str]:
    return (f"{number}. {number * 7919 % 1000003:x} Roe is well. " * 8 for number in range(count))


def _peak_of_csv(folder: Path, count: int) -> int:
    """Return how much Python holds at most while a table of so many rows is read."""
    (folder / "notes.csv").write_text("note,ward\n" + "".join(f"{row},W\n" for row in _rows(count)), encoding="utf-8")
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


def test_a_row_group_of_parquet_is_not_held(tmp_path: Path) -> None:
    count = 40_000
    table = pa.table({"note": list(_rows(count)), "ward": ["W"] * count})
    size = table.nbytes
    pq.write_table(table, tmp_path / "notes.parquet", row_group_size=count, compression="none", use_dictionary=False)
    del table
    before, most = pa.total_allocated_bytes(), 0
    source = Case("", {"kind": "table", "path": "notes.parquet", "columns": ROOM}, lambda *_: None).source()
    for number, _ in enumerate(read(source, tmp_path, [])):
        if number % 100 == 0:
            most = max(most, pa.total_allocated_bytes() - before)
    assert most < size / 2  # two buffers of 1 MB, of 8.5 MB


@settings(deadline=None, derandomize=True, database=None, max_examples=100)
@given(st.lists(st.text(max_size=3)))
def test_an_id_is_known_from_where_it_stood_first(ids: list[str]) -> None:
    seen = SeenIds()
    for place, id_ in enumerate(ids):
        first = ids.index(id_)
        assert seen.earlier(id_, str(place)) == (None if first == place else str(first))
    seen.close()


@pytest.mark.parametrize("delimiter", ["", ",,", '"', "\n", "\r"])
def test_what_cannot_divide_cells_is_no_delimiter(delimiter: str) -> None:
    with pytest.raises(ValidationError, match="must be one character, and no quote or line end"):
        Case("", {"kind": "table", "path": "x", "columns": ROOM, "delimiter": delimiter}, lambda *_: None).source()


def test_a_misspelt_setting_of_the_columns_is_named(settings: Callable[..., Settings]) -> None:
    table = (
        "{kind: table, name: mine, path: x.csv, licence: own, available_at: '2020-01-01', on_damage: stop, columns: {}}"
    )
    with pytest.raises(
        ConfigError, match=r"domain\.sources\.0\.columns\.idd is not a setting of .* Did you mean .*\.id\?"
    ):
        settings(f"domain.sources=[{table.replace('{}', '{text: note, idd: id}')}]")

"""The same mappings, whatever file holds them."""

import csv
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from r1tailor.errors import DataError
from r1tailor.sources.containers import form, mappings

RECORDS: list[dict[str, Any]] = [
    {"messages": [{"role": "user", "content": "a\nb"}, {"role": "assistant", "content": "c"}], "group": "g"},
    {"messages": [{"role": "user", "content": "d"}], "group": "h"},
]


def _write(folder: Path, suffix: str) -> Path:
    path = folder / f"records{suffix}"
    match suffix:
        case ".parquet":
            pq.write_table(pa.Table.from_pylist(RECORDS), path)
        case ".csv":
            with path.open("w", encoding="utf-8-sig", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(["messages", "group"])
                writer.writerows([json.dumps(record["messages"]), record["group"]] for record in RECORDS)
        case ".json":
            path.write_text(json.dumps(RECORDS, indent=1), encoding="utf-8")
        case _:
            path.write_text("".join(json.dumps(record) + "\n" for record in RECORDS), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("suffix", "shown", "unit"),
    [
        (".jsonl", "JSON lines", "line"),
        (".ndjson", "JSON lines", "line"),
        (".json", "JSON list", "item"),
        (".parquet", "Parquet", "row"),
        (".csv", "CSV", "line"),
    ],
)
def test_every_form_gives_the_same_mappings(tmp_path: Path, suffix: str, shown: str, unit: str) -> None:
    path = _write(tmp_path, suffix)
    found = list(mappings(path, "mine"))
    assert [value for *_, value in found] == RECORDS
    assert form(path) == shown
    assert {named for _, named, _ in found} == {unit}
    assert [number for number, *_ in found] == ([2, 3] if suffix == ".csv" else [1, 2])


def test_json_lines_may_be_called_json(tmp_path: Path) -> None:
    path = tmp_path / "lines.json"
    path.write_text('{"a": 1}\n{"a": 2}\n', encoding="utf-8")
    assert [value for *_, value in mappings(path, "mine")] == [{"a": 1}, {"a": 2}]


def test_an_item_that_is_no_mapping_is_named(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text('[{"a": 1}, [2]]', encoding="utf-8")
    assert list(mappings(path, "mine"))[1] == (2, "item", "a mapping is expected, found list")


def test_a_cell_of_lists_that_is_empty_is_absent_and_one_of_text_stays_text(tmp_path: Path) -> None:
    path = tmp_path / "cells.csv"
    path.write_text('instruction,output,history\n"[1]",b,\na,b,"[[""c"",""d""]]"\na,b,oops\n', encoding="utf-8")
    assert [value for *_, value in mappings(path, "mine")] == [
        {"instruction": "[1]", "output": "b"},
        {"instruction": "a", "output": "b", "history": [["c", "d"]]},
        {"instruction": "a", "output": "b", "history": "oops"},
    ]


def test_parquet_cells_become_plain_values_and_nulls_are_absent(tmp_path: Path) -> None:
    path = tmp_path / "cells.parquet"
    rows = [{"a": None, "day": date(2020, 1, 2), "sum": Decimal("1.50"), "nested": [{"x": None, "y": 1}], "b": True}]
    pq.write_table(
        pa.Table.from_pylist(
            rows,
            schema=pa.schema(
                [
                    ("a", pa.string()),
                    ("day", pa.date32()),
                    ("sum", pa.decimal128(5, 2)),
                    ("nested", pa.list_(pa.struct([("x", pa.string()), ("y", pa.int64())]))),
                    ("b", pa.bool_()),
                ]
            ),
        ),
        path,
    )
    expected = {"day": "2020-01-02", "sum": "1.50", "nested": [{"y": 1}], "b": True}
    assert list(mappings(path, "mine")) == [(1, "row", expected)]


def test_bytes_reject_their_row_and_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bytes.parquet"
    pq.write_table(pa.table({"a": [b"x"]}), path)
    ((_, _, said),) = mappings(path, "mine")
    assert said == "a cell must be text, a number, a date or a list of them, found bytes"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match=r"^mine: no whole Parquet file$"):
        list(mappings(path, "mine"))

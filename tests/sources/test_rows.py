"""Rows become documents: ids and places, what a row says over what the source says, cells as plain JSON."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from r1tailor.records import Rejection
from r1tailor.sources import read
from tests.support.source_cases import FACTS, Case
from tests.support.table_cases import ROOM, documents


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

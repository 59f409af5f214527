"""Rows become documents: ids and places, what a row says over what the source says, cells as plain JSON."""

import csv
import datetime as dt
import io
import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from r1tailor.errors import DataError
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
    kept = {"ward": "W", "on": "2021-02-03T23:30:00+01:00"}  # without a part
    assert (plain.fields, plain.available_at, plain.position) == (kept, FACTS["available_at"], "line 2")
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


NO_LIST = "entities must be a list of text: a JSON list, or its items divided by what lists names"
UNTYPED = [  # q, output, reasoning, group, entities, and what is wrong with the row
    ("a", None, "because", 0, "['x']", "output is empty"),
    ("a", float("nan"), "because", 0, "['x']", "output is empty"),
    ("a", "", "because", 0, "['x']", "output is empty"),
    ("a", "neurology", None, 0, "['x']", "reasoning is empty"),
    ("a", "neurology", "because", None, "['x']", "group is empty"),
    (
        "a",
        "neurology",
        "because",
        0,
        "chest pain",
        NO_LIST,
    ),
    (None, "neurology", "because", 0, "['x']", "q is empty"),
]


def _without_nan(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as a column of one type holds it."""
    return {name: None if cell != cell else cell for name, cell in row.items()}


def _write(root: Path, kind: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Write rows as one kind of table; return its settings."""
    names = list(rows[0])
    columns = {"input": "q"}
    match kind:
        case "csv" | "tsv":
            text = io.StringIO()
            writer = csv.writer(text, delimiter="\t" if kind == "tsv" else ",")
            writer.writerows([names, *(["" if cell is None else cell for cell in row.values()] for row in rows)])
            (root / f"n.{kind}").write_text(text.getvalue(), encoding="utf-8")
        case "xlsx":
            book = openpyxl.Workbook()
            for row in [names, *([None if cell != cell else cell for cell in row.values()] for row in rows)]:
                book.active.append(row)
            book.save(root / "n.xlsx")
        case "parquet":
            pq.write_table(pa.Table.from_pylist([_without_nan(row) for row in rows]), root / "n.parquet")
        case "json":
            (root / "n.json").write_text(json.dumps(rows), encoding="utf-8")
        case "jsonl":
            (root / "n.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        case "sql":
            with closing(sqlite3.connect(root / "n.db")) as connection, connection:
                connection.execute(f"CREATE TABLE n ({', '.join(map(repr, names))})")
                marks = ", ".join("?" * len(names))
                connection.executemany(f"INSERT INTO n VALUES ({marks})", [tuple(row.values()) for row in rows])
            return {"kind": "sql", "url": "sqlite:///n.db", "query": "SELECT * FROM n", "columns": columns}
    return {"kind": "table", "path": f"n.{kind}", "columns": columns}


@pytest.mark.parametrize("kind", ["csv", "tsv", "xlsx", "parquet", "json", "jsonl", "sql"])
def test_cells_are_typed_in_every_kind_of_table(kind: str, tmp_path: Path) -> None:
    if kind == "sql":
        pytest.importorskip("sqlalchemy")
    names = ("q", "output", "reasoning", "group", "entities")
    rows = [dict(zip(names, (*row[:4], row[4].replace("'", '"')), strict=True)) for row in UNTYPED]
    rows.append(dict(zip(names, ("a", "neurology", "because", 0, '["chest pain", "fever"]'), strict=True)))
    settings = _write(tmp_path, kind, rows)
    rejected: list[Rejection] = []
    (found,) = read(Case("", settings, lambda *_: None).source(), tmp_path, rejected)
    assert [one.reason for one in rejected] == [row[5] for row in UNTYPED]
    assert (found.text, found.fields) == (
        "a",
        {"output": "neurology", "reasoning": "because", "group": "0", "entities": ["chest pain", "fever"]},
    )


MALFORMED = [  # output, reasoning, and what is wrong with the row
    ("<think>left arm</think>cardiology", "", ""),
    ("<think>left arm", "", "output: a <think> block is not closed"),
    ("<think>a<think>b</think>cardiology", "", "output: a <think> block is not closed"),
    ("<think>a</think><think>b</think>cardiology", "", "output: 2 </think> where one block of reasoning may stand"),
    ("Say <think>a</think>cardiology", "", "output: text stands before <think>"),
    ("<think>left arm</think>", "", "output is empty after its reasoning"),
    ("<think>left arm</think>cardiology", "right arm", "output holds reasoning in a <think> block, and the record"),
]


@pytest.mark.parametrize("kind", ["csv", "tsv", "xlsx", "parquet", "json", "jsonl", "sql"])
def test_a_malformed_block_of_reasoning_is_rejected_with_its_place_in_every_kind_of_table(
    kind: str, tmp_path: Path
) -> None:
    if kind == "sql":
        pytest.importorskip("sqlalchemy")
    rows = [{"q": "a", "output": output, "reasoning": reasoning or None} for output, reasoning, _ in MALFORMED]
    settings = _write(tmp_path, kind, rows)
    settings["columns"] = settings["columns"] | {"optional": ["reasoning"]}
    rejected: list[Rejection] = []
    (found,) = read(Case("", settings, lambda *_: None).source(), tmp_path, rejected)
    assert found.fields["output"] == MALFORMED[0][0], "the domain parts it, and counts how many there were"
    for one, (*_, reason) in zip(rejected, MALFORMED[1:], strict=True):
        assert one.reason.startswith(reason)
        assert one.position


def test_a_whole_number_that_a_hole_made_a_fraction_is_the_same_group(tmp_path: Path) -> None:
    pq.write_table(pa.table({"q": ["a", "b"], "group": [7.0, None]}), tmp_path / "n.parquet")
    columns = {"input": "q", "optional": ["group"]}
    assert [d.fields["group"] for d in documents(tmp_path, "n.parquet", columns=columns)] == ["7", ""]


def test_lists_of_columns_are_joined(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("a,b,c,d\nfever,,H1,3\n", encoding="utf-8")
    columns = {"instruction": ["b", "a"], "input": "a", "group": ["c", "d"]}
    (found,) = documents(tmp_path, "n.csv", columns=columns)
    assert (found.text, found.fields) == ("fever", {"instruction": "fever", "group": "H1/3"})


def test_instruction_or_input_may_be_empty_and_not_both(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("instruction,input,output\nq,,a\n,q,a\n,,a\n", encoding="utf-8")
    rejected: list[Rejection] = []
    source = Case("", {"kind": "table", "path": "n.csv"}, lambda *_: None).source()
    assert [d.position for d in read(source, tmp_path, rejected)] == ["line 2", "line 3"]
    assert [str(one) for one in rejected] == ["n.csv, line 4: input is empty"]


def test_a_kept_column_does_not_pass_for_what_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("q,input,gold,date\na,x,y,z\n", encoding="utf-8")
    (found,) = documents(tmp_path, "n.csv", columns={"input": "q"})
    assert found.fields == {"input (column)": "x", "gold (column)": "y", "date (column)": "z"}


def test_unknown_columns_are_refused_if_they_are_to_be(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("q,MRN\na,1\n", encoding="utf-8")
    settings = {"kind": "table", "path": "n.csv", "columns": {"input": "q"}, "unknown_keys": "refuse"}
    with pytest.raises(DataError, match=r"n\.csv, line 1: these columns have no part \(unknown_keys: refuse\): MRN "):
        list(read(Case("", settings, lambda *_: None).source(), tmp_path, []))


def test_a_first_line_that_is_no_header_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("Jane Roe,MRN 1234567\nx,y\n", encoding="utf-8")
    settings = {"kind": "table", "path": "n.csv", "columns": {"input": "q"}}
    with pytest.raises(DataError, match="no column is called q; its first line does not read like a header") as refusal:
        list(read(Case("", settings, lambda *_: None).source(), tmp_path, []))
    assert "Roe" not in str(refusal.value)

"""What is wrong with raw material, and what is said of it: the place and the kind, never the material."""

import datetime as dt
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from r1tailor.errors import DataError
from r1tailor.records import Rejection
from r1tailor.sources import read
from r1tailor.sources.charset import UNKNOWN
from tests.support.source_cases import COLUMNS, Case

DAY = "must be a date (YYYY-MM-DD, or dates must say how it is written)"
THERE = "there are ward, id, charted"
NEVER = "a quote of this row never closes; the rest is not read"
HEADER = b"id,note,charted,ward\n"
GOOD = HEADER + b"1,Roe is well,2021-01-01,3 West\n"
UNCLOSED = GOOD + b'2,"Roe,2021-01-02,3 West\n3,Roe,2021-01-03,3 West\n'
CSV: dict[str, tuple[bytes, str]] = {
    "csv: empty": (b"", "line 1: a header is expected"),
    "csv: no such column": (
        b"id,text,charted,ward\n1,Roe,2021-01-01,W\n",
        "line 1: no column is called note; there are id, text, charted, ward",
    ),
    "csv: a column twice": (b"id,note,note,charted,ward\n", "line 1: several columns are called note"),
    "csv: another separator": (
        GOOD.replace(b",", b":"),
        "line 1: no column is called note, charted, id, ward; there are id:note:charted:ward",
    ),
    "csv: utf-16 cut off": (
        GOOD.decode().encode("utf-16") + b"R",
        "not utf-16",
    ),
    "csv: no encoding": (GOOD + b"2,\xff\xa4\xa6,2021-01-02,W\n", UNKNOWN),
    "csv: a cell too few": (GOOD + b"2,Roe,2021-01-02\n", "line 3: 3 cells; the header has 4"),
    "csv: a cell too many": (GOOD + b"2,Roe, MD,2021-01-02,W\n", "line 3: 5 cells; the header has 4"),
    "csv: not utf-8": (GOOD + "3,é,2021-01-02,W\n".encode() + b"2,Roe \xe9,2021-01-02,W\n", "line 4: not utf-8"),
    "csv: a quote not closed": (
        UNCLOSED,
        f"line 3: {NEVER}, from line 3 to 4, the last",
    ),
    "csv: a quote in a cell": (GOOD + b'2,"Roe" MD,2021-01-02,W\n', "line 3: not CSV: ',' expected after '\"'"),
    "csv: a cell too long": (
        GOOD + b"2," + b"Roe " * 2_500_001 + b",2021-01-02,W\n",
        "line 3: not CSV: field larger than field limit (10000000)",
    ),
    "csv: text empty": (GOOD + b"2,,2021-01-02,W\n", "line 3: note is empty"),
    "csv: text blank": (GOOD + b'2," \n\t",2021-01-02,W\n', "line 3: note is empty"),
    "csv: id empty": (GOOD + b",Roe,2021-01-02,W\n", "line 3: id is empty"),
    "csv: id twice": (GOOD + b"\n1,Roe,2021-01-02,W\n", "line 4: id is not unique: it stands in notes.csv, line 2"),
    "csv: no date": (
        GOOD + b"2,Roe,yesterday,W\n",
        f"line 3: charted {DAY}",
    ),
    "csv: no such day": (
        GOOD + b"2,Roe,2021-02-30,W\n",
        f"line 3: charted {DAY}",
    ),
    "csv: an American date": (
        GOOD + b"2,Roe,02/03/2021,W\n",
        f"line 3: charted {DAY}",
    ),
    "csv: date empty": (GOOD + b"2,Roe,,W\n", "line 3: charted is empty"),
}

LINE = b'{"id": 1, "note": "Roe is well", "charted": "2021-01-01", "ward": "W"}\n'
JSONL: dict[str, tuple[bytes, str]] = {
    "jsonl: cut off": (LINE + LINE[:30], "line 2: not JSON: Unterminated string starting at"),
    "jsonl: a list": (LINE + b'["Roe"]', "line 2: a mapping is expected, found list"),
    "jsonl: a key twice": (LINE + LINE.replace(b"ward", b"note"), "line 2: 'note' stands there twice; say it once"),
    "jsonl: half a character": (
        LINE + LINE.replace(b"well", b"\\ud83d"),
        "line 2: \\ud83d is half a character; the other half is missing",
    ),
    "jsonl: not utf-8": (LINE + b'{"note": "\xff"}', "line 2: not UTF-8 (byte 11)"),
    "jsonl: too deep": (LINE + b"[" * 100_000, "line 2: not JSON: nested too deeply"),
    "jsonl: text missing": (
        LINE + b'{"id": 2, "charted": "2021-01-01"}',
        f"line 2: note is missing; {THERE}",
    ),
    "jsonl: text null": (LINE + LINE.replace(b'"Roe is well"', b"null"), "line 2: note is empty"),
    "jsonl: text a list": (LINE + LINE.replace(b'"Roe is well"', b'["Roe"]'), "line 2: note must be text, found list"),
    "jsonl: id true": (
        LINE + LINE.replace(b"1,", b"true,", 1),
        "line 2: id must be text or a whole number, found bool",
    ),
    "jsonl: a number for a date": (
        LINE + LINE.replace(b'"2021-01-01"', b"20210101"),
        f"line 2: charted {DAY}",
    ),
    "jsonl: a field that no line has": (LINE.replace(b"ward", b"room"), "no line has ward"),
}


def _table(**changes: list[Any]) -> pa.Table:
    """Return two rows, with other columns."""
    day = dt.date(2021, 1, 1)
    columns: dict[str, list[Any]] = {"id": [1, 2], "note": ["Roe is well", "Roe"], "charted": [day, day]}
    return pa.table(columns | {"ward": ["W", "W"]} | changes)


PARQUET: dict[str, tuple[pa.Table, str]] = {
    "parquet: no such column": (_table().drop_columns("note"), "no column is called note; there are id, charted, ward"),
    "parquet: text null": (_table(note=["Roe", None]), "row 2: note is empty"),
    "parquet: text bytes": (_table(note=[b"Roe", b""]).slice(0, 1), "row 1: note must be text, found bytes"),
    "parquet: text not utf-8": (
        _table(note=pa.array([b"Roe", b"\xff"]).view(pa.string())),
        "row 2: not utf-8",
    ),
    "parquet: id a fraction": (
        _table(id=[0.5, 1.5]).slice(0, 1),
        "row 1: id must be text or a whole number, found float",
    ),
    "parquet: id null": (_table(id=[1, None]), "row 2: id is empty"),
    "parquet: a number for a date": (
        _table(charted=[2021, 2022]).slice(1),
        f"row 1: charted {DAY}",
    ),
    "parquet: a moment too far": (
        _table(charted=pa.array([0, 2**62], pa.timestamp("us"))),
        "row 2: it holds a moment that is out of range",
    ),
    "parquet: a field of bytes": (
        _table(ward=[None, b"Roe"]),
        "row 2: ward must be text, a number, a date or a list of them, found bytes",
    ),
    "parquet: a field without end": (
        _table(ward=[1.0, float("inf")]),
        "row 2: ward must be text, a number, a date or a list of them, found an infinite number",
    ),
}

ROW = "1, 'Roe is well', '2021-01-01', 'W'"
SQL: dict[str, tuple[str, str]] = {
    "sql: text null": (ROW.replace("'Roe is well'", "NULL"), "row 2: note is empty"),
    "sql: text bytes": (ROW.replace("'Roe is well'", "x'526f65'"), "row 2: note must be text, found bytes"),
    "sql: text not utf-8": (ROW.replace("'Roe is well'", "CAST(x'526f65ff' AS TEXT)"), "row 2: not utf-8"),
    "sql: id twice": (ROW, "row 2: id is not unique: it stands in notes.db, row 1"),
    "sql: id bytes": (ROW.replace("1,", "x'01',", 1), "row 2: id must be text or a whole number, found bytes"),
    "sql: no date": (
        ROW.replace("2021-01-01", "Roe"),
        f"row 2: charted {DAY}",
    ),
}

LIMIT = "nested deeper than 255 levels, or 10 MB of it without a tag"
TEXT: dict[str, tuple[str, bytes, str]] = {
    "text: empty": ("a.txt", b"", "there is no text in it"),
    "text: blank": ("a.txt", b"\xef\xbb\xbf \n\t\n", "there is no text in it"),
    "text: binary": ("a.txt", b"Roe\0\1\2", "binary: there are null characters in it"),
    "text: a picture": ("a.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff", UNKNOWN),
    "text: cut in a character": ("a.txt", "Roe 血".encode()[:-1] + b"\xff", UNKNOWN),
    "text: half of utf-16": ("a.txt", "Roe".encode("utf-16")[:-1], UNKNOWN),
    "text: another mark": ("a.txt", b"\xef\xbb\xbfRoe \xb0\xb0", UNKNOWN),
    "html: empty": ("a.html", b"", "there is no text in it"),
    "html: a comment": ("a.html", b"<!-- Roe -->", "there is no text in it"),
    "html: only scripts": ("a.htm", b"<script>Roe</script><nav>Roe</nav><style>p {}</style>", "there is no text in it"),
    "html: frames": ("a.html", b"<frameset><frame src=Roe></frameset>", "there is no text in it"),
    "html: too deep": ("a.html", b"<b>" * 300 + b"Roe", LIMIT),
    "html: too long": ("a.html", b"<p>" + b"Roe " * 2_600_000, LIMIT),
}


def _database(root: Path, row: str) -> None:
    with closing(sqlite3.connect(root / "notes.db")) as connection, connection:
        connection.execute("CREATE TABLE notes (id, note, charted, ward)")
        connection.execute(f"INSERT INTO notes VALUES ({ROW}), ({row})")


def _bytes(name: str, raw: bytes) -> Callable[[Path], object]:
    return lambda root: (root / name).write_bytes(raw)


TABLE = {"kind": "table", "columns": COLUMNS}
QUERY = {"kind": "sql", "url": "sqlite:///notes.db", "query": "SELECT * FROM notes", "columns": COLUMNS}
Malformed = tuple[dict[str, Any], Callable[[Path], object], str, str]
MALFORMED: dict[str, Malformed] = (
    {i: (TABLE, _bytes("notes.csv", raw), "notes.csv", said) for i, (raw, said) in CSV.items()}
    | {i: (TABLE, _bytes("notes.jsonl", raw), "notes.jsonl", said) for i, (raw, said) in JSONL.items()}
    | {
        i: (TABLE, lambda root, table=table: pq.write_table(table, root / "notes.parquet"), "notes.parquet", said)
        for i, (table, said) in PARQUET.items()
    }
    | {i: (QUERY, lambda root, row=row: _database(root, row), "notes.db", said) for i, (row, said) in SQL.items()}
    | {i: ({"kind": "text", "unit": "file"}, _bytes(name, raw), name, said) for i, (name, raw, said) in TEXT.items()}
)


@pytest.mark.parametrize(("settings", "write", "name", "said"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_material_is_one_rejection(
    settings: dict[str, Any], write: Callable[[Path], object], name: str, said: str, tmp_path: Path
) -> None:
    write(tmp_path)
    place = {} if "url" in settings else {"path": name}
    rejected: list[Rejection] = []
    with suppress(DataError):  # that no document comes of it
        list(read(Case("", settings | place, write).source(), tmp_path, rejected))
    assert [str(rejection) for rejection in rejected] == [
        f"{name}{', ' if said[:4] in ('line', 'row ') else ': '}{said}"
    ]
    assert "Roe" not in said


def test_the_table_of_malformed_material_is_long_enough() -> None:
    assert len(MALFORMED) >= 60


def _damage(root: Path, place: Callable[[bytes], int]) -> Path:
    """Write 2,000 rows that compress badly, in pages of a few, and damage one byte of them."""
    path = root / "notes.parquet"
    count = 2000
    rows = {"id": range(count), "note": [f"Roe {n * 7919}" for n in range(count)]}
    table = pa.table(rows | {"charted": ["2021-01-01"] * count, "ward": ["W"] * count})
    pq.write_table(table, path, row_group_size=500, compression="zstd", write_page_checksum=False, use_dictionary=False)
    raw = bytearray(path.read_bytes())
    raw[place(bytes(raw))] ^= 0xFF
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("place", [lambda raw: len(raw) - 5, lambda raw: len(raw) - 1], ids=["footer", "last byte"])
def test_a_parquet_file_without_its_end_is_none(place: Callable[[bytes], int], tmp_path: Path) -> None:
    _damage(tmp_path, place)
    source = Case("", TABLE | {"path": "notes.parquet"}, _damage).source(on_damage="stop")
    with pytest.raises(DataError, match=r"^notes\.parquet: no whole Parquet file \(domain\.sources, name: mine, "):
        list(read(source, tmp_path, []))


def test_damage_in_a_parquet_file_costs_its_row_group(tmp_path: Path) -> None:
    frame = b"\x28\xb5\x2f\xfd"  # how zstd data begins; the file has four columns in each of four groups
    _damage(tmp_path, lambda raw: [n for n in range(len(raw)) if raw[n : n + 4] == frame][9])
    rejected: list[Rejection] = []
    found = list(read(Case("", TABLE | {"path": "notes.parquet"}, _damage).source(), tmp_path, rejected))
    assert [int(document.position.removeprefix("row ")) for document in found] == [*range(1, 1001), *range(1501, 2001)]
    assert [str(rejection) for rejection in rejected] == [
        "notes.parquet, row 1001: damaged: 500 rows, to the end of their row group, cannot be read"
    ]

"""The sources as the contract test sees them: a new reader joins by one more case.

A case writes raw files of some records, each with the name of a patient in it, and can damage the second record.
"""

import csv
import gzip
import io
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from r1tailor.schema.sources import Source
from tests.support import licensed_formats

SECRET = "Roe"
FACTS = {"name": "mine", "licence": "own", "available_at": "2020-01-01", "on_damage": "list"}
COLUMNS = {"text": "note", "id": "id", "available_at": "charted", "fields": ["ward"]}


@dataclass(frozen=True)
class Case:
    """One source.

    Attributes:
        name: of the case.
        settings: the source's section; what every source has is there already.
        write: writes raw files below a root that give so many documents.
        damage: makes the second record unreadable; None where any damage is that of the whole file.
        damaged_at: how the rejection begins then.
        empty: takes every record out of the raw files.
    """

    name: str
    settings: dict[str, Any]
    write: Callable[[Path, int], object]
    damage: Callable[[Path], object] | None = None
    damaged_at: str = ""
    empty: Callable[[Path], object] = field(default=lambda root: [path.write_bytes(b"") for path in files(root)])

    @property
    def place(self) -> str:
        """How messages call the raw material as a whole."""
        named = self.settings
        match named["kind"]:
            case "packaged":
                return f"data/packaged/{named['name']}/{named['member']}"
            case "sql":
                return "notes.db"
        return str(named.get("store", named.get("path")))

    def source(self, **changes: Any) -> Source:  # noqa: ANN401
        """Return the settings, checked."""
        return _SOURCES.validate_python(FACTS | self.settings | changes)


_SOURCES: TypeAdapter[Source] = TypeAdapter(Source)


def files(root: Path) -> list[Path]:
    """Return the raw files."""
    return sorted(path for path in root.rglob("*") if path.is_file())


def rows(count: int) -> Iterator[dict[str, Any]]:
    """Yield records of a ward."""
    for number in range(1, count + 1):
        text = f"Jane {SECRET}, {number}. visit:\nfever 38.5°C"
        yield {"id": f"{SECRET}-{number}", "note": text, "charted": f"2021-01-{number % 28 + 1:02}", "ward": "3 West"}


def replaced(path: Path, old: bytes, new: bytes) -> None:
    """Replace what stands once in a file."""
    raw = path.read_bytes()
    assert raw.count(old) == 1
    path.write_bytes(raw.replace(old, new))


def _separated(name: str, delimiter: str, encoding: str) -> Callable[[Path, int], object]:
    def write(root: Path, count: int) -> None:
        text = io.StringIO()
        writer = csv.DictWriter(text, ["id", "note", "charted", "ward"], delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows(count))
        (root / name).write_bytes(text.getvalue().encode(encoding))

    return write


def _parquet(root: Path, count: int) -> None:
    pq.write_table(pa.Table.from_pylist(list(rows(count))), root / "notes.parquet")


def _parquet_without_text(root: Path) -> None:
    damaged = pq.read_table(root / "notes.parquet").to_pylist()
    damaged[1]["note"] = None
    pq.write_table(pa.Table.from_pylist(damaged), root / "notes.parquet")


def _json_lines(root: Path, count: int) -> None:
    (root / "notes.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows(count)), encoding="utf-8")


def _examples(root: Path, count: int) -> None:
    """Write each second example into each of two files."""
    (root / "examples").mkdir()
    lines = [json.dumps({"input": row["note"], "output": "fever"}) + "\n" for row in rows(count)]
    for number in (0, 1):
        (root / "examples" / f"{number}.jsonl").write_text("".join(lines[number::2]), encoding="utf-8")


def _database(root: Path, count: int) -> None:
    with closing(sqlite3.connect(root / "notes.db")) as connection, connection:
        connection.execute("CREATE TABLE notes (id, note, charted, ward)")
        connection.executemany("INSERT INTO notes VALUES (:id, :note, :charted, :ward)", rows(count))


def _executed(statement: str) -> Callable[[Path], object]:
    def execute(root: Path) -> None:
        with closing(sqlite3.connect(root / "notes.db")) as connection, connection:
            connection.execute(statement)

    return execute


def _texts(root: Path, count: int) -> None:
    (root / "guides").mkdir()
    for number, row in enumerate(rows(count), start=1):
        (root / "guides" / f"{number:02}.txt").write_text(f"# Visit\n\n{row['note']}\n", encoding="utf-8")


def _pages(root: Path, count: int) -> None:
    body = "".join(f"<h2>{row['ward']}</h2><p>{row['note']}</p>" for row in rows(count - 1))
    (root / "page.html").write_text(f"<title>Ward</title><nav>home</nav>{body}", encoding="utf-8")
    (root / "second.html").write_text(f"<h1>Jane {SECRET}</h1><p>well", encoding="utf-8")


def _tabular(count: int) -> bytes:
    codes = "".join(f"<diag><name>A{number:02}</name><desc>Fever</desc></diag>" for number in range(count))
    return f"<t><chapter><desc>Infections</desc><section>{codes}</section></chapter></t>".encode()


PACKAGED = {"package": "raw", "version": "1", "wheel_sha256": "0" * 64, "origin": "", "kind": "packaged"}
CODES = 5


def _pinned(root: Path, _: int) -> None:
    (root / "data" / "packaged" / "icd10cm").mkdir(parents=True)
    (root / "data" / "packaged" / "icd10cm" / "list.xml").write_bytes(_tabular(CODES))


def _figures(root: Path, count: int) -> None:
    """Write the store of a market feed: each figure is of another day."""
    (root / "bars").mkdir()
    days = [date(2021, 1, number) for number in range(1, count + 1)]
    series = [f"{SECRET}-{number}" for number in range(1, count + 1)]
    columns = {"series": series, "event": days, "available_at": days, "value": [1.5] * count}
    kinds = {"series": pa.string(), "event": pa.date32(), "available_at": pa.date32(), "value": pa.float64()}
    table = pa.table({name: pa.array(columns[name], kind) for name, kind in kinds.items()})
    pq.write_table(table, root / "bars" / "000001.parquet")


def _figure_without_value(root: Path) -> None:
    path = root / "bars" / "000001.parquet"
    table = pq.read_table(path)
    values = [None if number == 1 else value for number, value in enumerate(table["value"].to_pylist())]
    pq.write_table(table.set_column(3, "value", pa.array(values, pa.float64())), path)


FEED = {
    "store": "bars",
    "symbols": {f"{SECRET}-{number}": f"X{number}" for number in range(1, 6)},
    "since": "2021-01-01",
    "revisit_days": 0,
    "bars": {"values": "price", "period": "day", "lag_days": 0},
}
WIND = {"function": "edb", "field": None, "wait_seconds": 1, "page_days": 1}
RETRIES = {"calls_per_second": 1.0, "attempts": 1, "backoff_seconds": 0.0}
FEEDS = {
    "bars": {"path": "raw.csv", "columns": {"date": "day"}},
    "bars_sql": {"url": "sqlite:///raw.db", "query": "SELECT 1", "columns": {"date": "day"}},
    "wind": WIND | {"retries": RETRIES},
}


def _prices(count: int) -> bytes:
    """Return a packaged table of prices with the name of a patient for a series."""
    rows = "".join(f"2021-01-{number:02},{number}.5\n" for number in range(1, count + 1))
    return gzip.compress(f"Date,{SECRET}\n{rows}".encode(), mtime=0)


def _pinned_prices(root: Path, count: int) -> None:
    (root / "data" / "packaged" / "sp500").mkdir(parents=True)
    (root / "data" / "packaged" / "sp500" / "prices.csv.gz").write_bytes(_prices(count))


CASES = [
    Case(
        "csv",
        {"kind": "table", "path": "notes.csv", "columns": COLUMNS},
        _separated("notes.csv", ",", "utf-8"),
        lambda root: replaced(root / "notes.csv", b"2021-01-03,", b"2021-01-03,,"),
        "notes.csv, line 4: 5 cells",
    ),
    Case(
        "tsv, gb18030",
        {"kind": "table", "path": "notes.tsv", "columns": COLUMNS, "encoding": "gb18030"},
        _separated("notes.tsv", "\t", "gb18030"),
        lambda root: replaced(root / "notes.tsv", b"2. visit", b"2. vis\xff"),
        "notes.tsv, line 4: not gb18030",
    ),
    Case(
        "parquet",
        {"kind": "table", "path": "notes.parquet", "columns": COLUMNS},
        _parquet,
        _parquet_without_text,
        "notes.parquet, row 2: note is empty",
        lambda root: _parquet(root, 0),
    ),
    Case(
        "jsonl of rows",
        {"kind": "table", "path": "notes.jsonl", "columns": COLUMNS},
        _json_lines,
        lambda root: replaced(root / "notes.jsonl", b'Roe-2"', b'Roe-1"'),
        "notes.jsonl, line 2: id is not unique",
    ),
    Case(
        "jsonl of examples, a folder",
        {"kind": "jsonl", "path": "examples"},
        _examples,
        lambda root: replaced(root / "examples" / "0.jsonl", b"3. visit", b'3" visit'),
        "examples/0.jsonl, line 2: not JSON",
    ),
    Case(
        "sqlite",
        {"kind": "sql", "url": "sqlite:///notes.db", "query": "SELECT * FROM notes", "columns": COLUMNS},
        _database,
        _executed("UPDATE notes SET charted = note WHERE id = 'Roe-2'"),
        "notes.db, row 2: charted must be a date",
        _executed("DELETE FROM notes"),
    ),
    Case(
        "text, a folder",
        {"kind": "text", "path": "guides", "unit": "file"},
        _texts,
        lambda root: replaced(root / "guides" / "02.txt", b"2. visit", b"2. vis\0t"),
        "guides/02.txt: binary",
    ),
    Case(
        "html by sections",
        {"kind": "text", "path": ".", "unit": "section"},
        _pages,
        lambda root: replaced(root / "second.html", b"well", b"<div>" * 300),
        "second.html: nested deeper",
    ),
    Case(
        "icd10cm",
        PACKAGED
        | {"name": "icd10cm", "reader": "icd10cm", "member": "list.xml", "sha256": sha256(_tabular(CODES)).hexdigest()},
        _pinned,
    ),
    Case(
        "packaged prices",
        PACKAGED
        | {"name": "sp500", "reader": "bars", "member": "prices.csv.gz", "sha256": sha256(_prices(CODES)).hexdigest()}
        | {"bars": FEED["bars"]},
        _pinned_prices,
    ),
]
CASES += [
    Case(
        f"the store of {kind}",
        FEED | settings | {"kind": kind},
        _figures,
        _figure_without_value,
        "bars/000001.parquet, row 2: value is no finite number",
    )
    for kind, settings in FEEDS.items()
]
CASES += [Case(**case) for case in licensed_formats.CASES]

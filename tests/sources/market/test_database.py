"""Bars from a database: each damaged row is named."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.user_tables import LONG, rejections

SQL: dict[str, tuple[tuple[object, ...], str]] = {
    "a word": (("2008-01-02", "a", "high"), "row 1: A is not a number"),
    "bytes": (("2008-01-02", "a", b"\x01"), "row 1: A is not a number"),
    "no date": ((20080102, "a", 1.0), "row 1: its date must be written"),
    "a symbol of bytes": (("2008-01-02", b"a", 1.0), "row 1: code is no symbol"),
}


@pytest.mark.parametrize(("row", "said"), SQL.values(), ids=SQL)
def test_a_damaged_row_of_a_database(row: tuple[object, ...], said: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection, connection:
        connection.execute("CREATE TABLE bars (day, code, close)")
        others = [("2008-01-03", "a", 1.0), ("2008-01-03", "b", 2.0)]
        connection.executemany("INSERT INTO bars VALUES (?, ?, ?)", [row, *others])
    settings = {"kind": "bars_sql", "url": "sqlite:///x.db", "query": "SELECT * FROM bars", "columns": LONG}
    assert [found.startswith(f"x.db, {said}") for found in rejections(settings, tmp_path)] == [True]

"""A database's largest table is looked at, or what a query returns."""

import sqlite3
from pathlib import Path

import pytest

from r1tailor.errors import DataError, UserError
from r1tailor.proposal.look import look


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database with two tables."""
    with sqlite3.connect(tmp_path / "a.db") as file:
        file.execute('CREATE TABLE "visit notes" (note TEXT, ward TEXT)')
        file.executemany('INSERT INTO "visit notes" VALUES (?, ?)', [("x", "a"), ("y", "b")])
        file.execute("CREATE TABLE codes (code TEXT)")
    file.close()
    return f"sqlite:///{tmp_path / 'a.db'}"


def test_the_largest_table(url: str) -> None:
    found = look(url)
    assert (found.shape, found.columns, len(found.rows)) == ("database", ("note", "ward"), 2)
    assert found.reader["query"] == 'SELECT * FROM "visit notes"'


def test_a_query(url: str) -> None:
    assert look(url, "SELECT ward FROM \"visit notes\" WHERE note = 'x'").rows == [{"ward": "a"}]


def test_a_statement_that_writes_is_refused(url: str) -> None:
    with pytest.raises(UserError):
        look(url, "DELETE FROM codes")


def test_a_database_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        look(f"sqlite:///{tmp_path / 'none.db'}")

"""A SQLite file from elsewhere is read only, with nothing of its schema trusted."""

import sqlite3
import traceback
from contextlib import closing
from pathlib import Path

import pytest

from r1tailor.errors import DataError
from r1tailor.sources import eu_laws, sqlite, zh_laws
from tests.support.packaged_cases import read_by


@pytest.mark.parametrize("content", [b"", b"not a database at all, but long enough to be read as its header " * 20])
def test_what_is_no_database_of_laws_is_refused_and_nothing_is_written_beside_it(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "laws.db"
    path.write_bytes(content)
    for reader in (eu_laws.read, zh_laws.read):
        with pytest.raises(DataError, match=r"laws\.db: not the SQLite file it should be: "):
            read_by(reader, path)
    assert [file.name for file in tmp_path.iterdir()] == ["laws.db"]


def test_a_database_without_articles_is_refused_and_cannot_be_written_through(
    eu: sqlite3.Connection, tmp_path: Path
) -> None:
    eu.commit()
    with pytest.raises(DataError, match=r"^eu\.db holds no article$"):
        read_by(eu_laws.read, tmp_path / "eu.db")
    with pytest.raises(DataError, match="not authorized"):
        list(sqlite.rows(tmp_path / "eu.db", "DELETE FROM regulations"))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT json_extract(note, note) FROM t", "SQLITE_ERROR"),
        ("SELECT absent FROM t", "no such column: absent"),
        ("SELECT 1 FROM absent_table", "no such table: absent_table"),
    ],
)
def test_a_message_names_what_the_query_names_and_never_quotes_a_row(query: str, said: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "notes.db")) as database, database:
        database.execute("CREATE TABLE t (note)")
        database.execute("INSERT INTO t VALUES ('Roe 523-41-8867')")
    with pytest.raises(DataError) as refusal:
        list(sqlite.rows(tmp_path / "notes.db", query))
    assert str(refusal.value).endswith(f": {said}")
    assert "Roe" not in "".join(traceback.format_exception(refusal.value))

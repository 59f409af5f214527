"""Rows of a SQLite file that came from elsewhere: read only, with nothing of its schema trusted."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from r1tailor.errors import DataError
from r1tailor.records import Document
from r1tailor.sources.base import Origin, Read

_FIXED = (
    "not authorized",
    "file is not a database",
    "database disk image is malformed",
    "attempt to write a readonly database",
)
_SYNTAX = re.compile(r'near "[^"]{1,100}": syntax error')
_MISSING = re.compile(r"no such (?:table|column|function): (\S{1,100})")


def rows(path: Path, query: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a query as mappings, in its order.

    The file is opened immutable: no journal or lock is written next to it.

    Raises:
        DataError: it is no SQLite file, or lacks a table or column of the query; never quotes a row.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            database.set_authorizer(_only_reads)
            database.row_factory = sqlite3.Row
            for row in database.execute(query):
                yield dict(row)
    except sqlite3.Error as error:
        raise DataError(f"{path}: not the SQLite file it should be: {reason(error, query)}") from None


def reason(error: sqlite3.Error, query: str) -> str:
    """Return what SQLite found wrong, without quoting a row: functions such as ``json_extract`` quote their cells.

    A table, column or function is named where it stands in the query, which is a setting.
    """
    said = str(error)
    missing = _MISSING.fullmatch(said)
    if said in _FIXED or _SYNTAX.fullmatch(said) or (missing and missing[1].rpartition(".")[2] in query):
        return said
    return getattr(error, "sqlite_errorname", None) or type(error).__name__


def _only_reads(action: int, *_: object) -> int:
    reading = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
    return sqlite3.SQLITE_OK if action in reading else sqlite3.SQLITE_DENY


def articles(
    origin: Origin,
    path: Path,
    query: str,
    fault: Callable[[dict[str, Any]], str],
    made: Callable[[dict[str, Any]], Document],
) -> Read:
    """Yield what is made of each row of a file of laws; a row with a fault is rejected.

    Args:
        origin: what every record of the file carries.
        path: the file.
        query: its rows have an ``id`` of the table ``articles``.
        fault: returns what is wrong with a row; empty if nothing is.
        made: returns the document of a row.

    Raises:
        DataError: the file is no such database or holds no article.
    """
    row = None
    for row in rows(path, query):
        reason = fault(row)
        yield origin.rejection(f"articles, id {row['id']}", reason) if reason else made(row)
    if row is None:
        raise DataError(f"{origin.file} holds no article")

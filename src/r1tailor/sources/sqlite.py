"""Rows of a SQLite file that came from elsewhere: read only, with nothing of its schema trusted."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from r1tailor.errors import DataError


def rows(path: Path, query: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a query as mappings, in its order.

    The file is opened immutable: no journal or lock is written beside it.

    Raises:
        DataError: it is no SQLite file, or lacks a table or column of the query; never quotes a row.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            database.row_factory = sqlite3.Row
            for row in database.execute(query):
                yield dict(row)
    except sqlite3.Error as error:
        raise DataError(f"{path}: not the SQLite file it should be: {error}") from error

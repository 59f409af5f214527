"""Rows of any SQL database that SQLAlchemy speaks to: read, never written.

Three things keep it so: the schema takes one SELECT only; SQLite is opened read-only, and any other database gets
``SET TRANSACTION READ ONLY`` first, which one that does not know it refuses; the transaction is rolled back. Functions
with side effects are beyond all that, so let the account have no other right than SELECT.

A database has no bytes to hash. Its sha256 is over the result: the column names, then each row, as JSON lines. The
query runs twice for it, and the second result must be the first.

Rows come through server-side cursors. What has run here is SQLite; for other databases the package of their driver
has to be installed beside ours.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from r1tailor.errors import DataError
from r1tailor.schema.market import BarsSqlSource
from r1tailor.schema.sources import SqlSource
from r1tailor.sources import sqlite
from r1tailor.sources.base import Origin, Read
from r1tailor.sources.ids import SeenIds
from r1tailor.sources.rows import Row, Table, header_fault, holds_other_bytes

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

Database = SqlSource | BarsSqlSource
_BATCH = 256  # rows that a server-side cursor gives at a time


def read(source: SqlSource, root: Path) -> Read:
    """Yield a document for each row of the query, in the database's order.

    Raises:
        DataError: SQLAlchemy, the driver, the database or the password is missing, the database refuses the query,
            a column is missing, or the rows are others at the second reading.
    """
    with connected(source, root) as (connection, shown), closing(SeenIds()) as seen:
        yield from _documents(source, connection, shown, seen)


@contextmanager
def connected(source: Database, root: Path) -> Iterator[tuple["Connection", str]]:
    """Open a database for reading; give the connection and how messages call the database.

    Raises:
        DataError: SQLAlchemy, the driver, the database or the password is missing, or the database refuses what it is
            asked inside.
    """
    try:
        from sqlalchemy.exc import SQLAlchemyError
    except ModuleNotFoundError as error:
        raise DataError(f"kind: {source.kind} needs SQLAlchemy: pip install sqlalchemy{_named(source)}") from error
    url = _url(source)
    engine = _engine(source, url, root)
    shown = _shown(url)
    try:
        # Without parameters, for which some drivers would take the % signs of a query.
        with engine.connect().execution_options(no_parameters=True) as connection:
            if url.get_backend_name() != "sqlite":
                connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            yield connection, shown
    except SQLAlchemyError as error:
        raise DataError(f"{shown}: {_reason(error, source.query)}{_named(source)}") from None
    finally:
        engine.dispose()


def _documents(source: SqlSource, connection: "Connection", shown: str, seen: SeenIds) -> Read:
    first, second = hashlib.sha256(), hashlib.sha256()
    for _ in _rows(source, connection, shown, first):
        pass
    origin = Origin(source, shown, first.hexdigest())
    table = Table(origin, source.columns, "row", source.name, seen)
    yield from table.documents(_rows(source, connection, shown, second))
    if second.digest() != first.digest():
        raise DataError(
            f"{shown}: the rows changed while they were read; an ORDER BY keeps their order{_named(source)}"
        )


def _rows(source: SqlSource, connection: "Connection", shown: str, digest: "hashlib._Hash") -> Iterator[Row]:
    """Yield the rows of the query by column, and bring each into the hash."""
    streamed = connection.execution_options(yield_per=_BATCH)
    with streamed.exec_driver_sql(source.query) as result:
        names = list(result.keys())
        fault = header_fault(names, source.columns)
        if fault:
            raise DataError(f"{shown}: in the result of the query {fault}{_named(source)}")
        digest.update(_json(names))
        for number, row in enumerate(result, start=1):
            digest.update(_json(list(row)))
            yield number, "not utf-8" if holds_other_bytes(row) else dict(zip(names, row, strict=True))


def _json(values: list[Any]) -> bytes:
    return json.dumps(values, default=lambda v: v.hex() if isinstance(v, (bytes, memoryview)) else str(v)).encode()


def _url(source: Database) -> "URL":
    """Return the URL with the password that the environment holds."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(source.url)
    except (ArgumentError, ValueError) as error:
        raise DataError(f"url is not one that SQLAlchemy understands{_named(source)}") from error
    if source.password_variable is None:
        return url
    if source.password_variable not in os.environ:
        raise DataError(f"the environment variable {source.password_variable} is not set{_named(source)}")
    return url.set(password=os.environ[source.password_variable])


def _engine(source: Database, url: "URL", root: Path) -> "Engine":
    from sqlalchemy import NullPool, create_engine
    from sqlalchemy.exc import NoSuchModuleError

    if url.get_backend_name() == "sqlite":
        path = root / (url.database or "")
        if not path.is_file():
            raise DataError(f"{_shown(url)} is no file{_named(source)}")
        return create_engine("sqlite://", creator=lambda: _sqlite(path), poolclass=NullPool)
    try:
        return create_engine(url, poolclass=NullPool)
    except ModuleNotFoundError as error:
        raise DataError(f"{_shown(url)}: its driver {error.name} is not installed{_named(source)}") from error
    except NoSuchModuleError as error:
        raise DataError(f"{_shown(url)}: SQLAlchemy knows no {url.drivername}{_named(source)}") from error


def _sqlite(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    # Other bytes come as surrogates: the driver's own error would end the query, and quote the cell.
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    return connection


def _shown(url: "URL") -> str:
    """Return how messages call a database: by its file, or by its URL with stars for the password."""
    if url.get_backend_name() == "sqlite" and url.database:
        return url.database
    return url.render_as_string(hide_password=True)


def _named(source: Database) -> str:
    return f" (domain.sources, name: {source.name})"


def _reason(error: Exception, query: str) -> str:
    """Return what SQLite found wrong, or the kind of any other driver's error; neither quotes a row."""
    cause = getattr(error, "orig", None) or error
    return sqlite.reason(cause, query) if isinstance(cause, sqlite3.Error) else type(cause).__name__

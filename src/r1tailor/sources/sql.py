"""Rows of any SQL database that SQLAlchemy speaks to: read, never written.

The schema takes one SELECT only. SQLite is opened read-only, with an authorizer that permits reading and nothing else
(no ATTACH, no PRAGMA, no extension). Any other database gets ``SET TRANSACTION READ ONLY`` first, which one that does
not know it refuses, and the transaction is rolled back. A superuser of PostgreSQL, whose functions read files, is
refused. Functions with side effects are beyond all that, so use a role that may only SELECT. The time and the rows that
a query may take are settings.

A password is in an environment variable named for it, and is sent to the host that the user has put next to it in the
environment (``R1TAILOR_SECRET_<NAME>_HOST``): a domain that came from elsewhere can name neither another variable nor
another host.

A database has no bytes to hash. Its sha256 is over the result: the column names, then each row, as JSON lines. The
query runs twice for it, and the second result must be the first.

Rows come through server-side cursors. What has run here is SQLite and PostgreSQL 15 (psycopg); MySQL never. The package
of a driver has to be installed with ours.
"""

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from r1tailor.errors import DataError
from r1tailor.schema.market import BarsSqlSource
from r1tailor.schema.sources import SqlSource
from r1tailor.sources import sqlite
from r1tailor.sources.base import Origin, Read
from r1tailor.sources.ids import SeenIds
from r1tailor.sources.rows import Row, Table, header_fault, holds_other_bytes

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

AnyRow = TypeVar("AnyRow")
Database = SqlSource | BarsSqlSource
_STEPS = 10_000  # of SQLite's virtual machine between two looks at the clock
_OF_FILES = ("load_extension", "readfile", "writefile", "edit", "fts3_tokenizer", "lsmode", "fsdir", "zipfile")
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
            _only_reading(source, connection, url.get_backend_name(), shown)
            yield connection, shown
    except SQLAlchemyError as error:
        reason = _limit(source) if _took_too_long(error) else _reason(error, source.query)
        raise DataError(f"{shown}: {reason}{_named(source)}") from None  # a driver's message may quote rows
    finally:
        engine.dispose()


def bounded(source: Database, result: Iterable[AnyRow], shown: str) -> Iterator[tuple[int, AnyRow]]:
    """Yield the rows of a result with their numbers, from 1.

    Raises:
        DataError: there are more than ``most_rows``, or they take longer than ``timeout_seconds``.
    """
    deadline = time.monotonic() + source.timeout_seconds
    for number, row in enumerate(result, start=1):
        if number > source.most_rows:
            raise DataError(
                f"{shown}: the query returns more than most_rows = {source.most_rows} rows; add a WHERE or LIMIT, or "
                f"raise most_rows{_named(source)}"
            )
        if time.monotonic() > deadline:
            raise DataError(f"{shown}: {_limit(source)}{_named(source)}")
        yield number, row


def _limit(source: Database) -> str:
    seconds = source.timeout_seconds
    return f"the query took longer than timeout_seconds = {seconds}; ask for fewer rows, or raise timeout_seconds"


def _only_reading(source: Database, connection: "Connection", backend: str, shown: str) -> None:
    """Have the engine refuse to write, and end a query at its deadline.

    Raises:
        DataError: the role is a superuser's.
        SQLAlchemyError: the database does not know how.
    """
    milliseconds = source.timeout_seconds * 1000
    if backend == "sqlite":
        driver: Any = connection.connection.dbapi_connection
        deadline = time.monotonic() + 2 * source.timeout_seconds  # for the two readings together
        driver.execute("PRAGMA trusted_schema = OFF")
        driver.execute("PRAGMA query_only = ON")
        driver.set_authorizer(_may)
        driver.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
        return
    if backend in ("mysql", "mariadb"):
        limit = f"max_statement_time = {source.timeout_seconds}"
        if not getattr(connection.dialect, "is_mariadb", False):
            limit = f"max_execution_time = {milliseconds}"
        connection.exec_driver_sql(f"SET SESSION {limit}")
        connection.rollback()  # MySQL takes what follows before the first statement of a transaction only
    connection.exec_driver_sql("SET TRANSACTION READ ONLY")
    if backend == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")
        if connection.exec_driver_sql("SELECT current_setting('is_superuser')").scalar() == "on":
            raise DataError(f"{shown}: the role is a superuser; use one that may only SELECT{_named(source)}")


def _may(action: int, first: str | None, second: str | None, *_: object) -> int:
    """Permit SQLite to read tables and to call its functions, except those of files and extensions."""
    if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE, sqlite3.SQLITE_TRANSACTION):
        return sqlite3.SQLITE_OK
    called = (second or first or "").lower()
    return sqlite3.SQLITE_OK if action == sqlite3.SQLITE_FUNCTION and called not in _OF_FILES else sqlite3.SQLITE_DENY


def _took_too_long(error: Exception) -> bool:
    cause: Any = getattr(error, "orig", None)
    code = getattr(cause, "sqlstate", None) or (cause.args[0] if getattr(cause, "args", ()) else None)
    return code in ("interrupted", "57014", 3024, 1969)  # of SQLite, PostgreSQL, MySQL, MariaDB


def _documents(source: SqlSource, connection: "Connection", shown: str, seen: SeenIds) -> Read:
    first, second = hashlib.sha256(), hashlib.sha256()
    for _ in _rows(source, connection, shown, first):
        pass
    origin = Origin(source, shown, first.hexdigest())
    table = Table(origin, source, "row", source.name, seen)
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
        fault = header_fault(names, source)
        if fault:
            raise DataError(f"{shown}: in the result of the query {fault}{_named(source)}")
        digest.update(_json(names))
        for number, row in bounded(source, result, shown):
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
    host = os.environ.get(f"{source.password_variable}_HOST")
    password = os.environ.get(source.password_variable)
    if not password:
        raise DataError(f"the environment variable {source.password_variable} is not set{_named(source)}")
    if not host or not url.host or url.host.lower() != host.lower():
        raise DataError(
            f"{source.password_variable} is not sent to {url.host or 'no host'}: the environment variable "
            f"{source.password_variable}_HOST must name the host that may have it{_named(source)}"
        )
    return url.set(password=password)


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

"""A database is looked at through ``sources/sql.py``: read only, with the limits that a run has."""

from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from r1tailor import config, config_messages
from r1tailor.errors import DataError, UserError
from r1tailor.proposal.look import MOST, Looked
from r1tailor.schema.sources import SqlSource
from r1tailor.sources import sql

_SQLITE_TABLES = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
_TABLES = (
    "SELECT table_name FROM information_schema.tables "
    "WHERE table_schema NOT IN ('information_schema', 'pg_catalog', 'mysql', 'performance_schema', 'sys')"
)


def look_at_database(url: str, query: str) -> Looked:
    """Return the first rows of a query to a database, or of its largest table.

    Raises:
        DataError: the database refuses, or holds no table.
        UserError: the URL or the query cannot stand in a domain.
    """
    tables: list[str] = []
    if not query:
        listed = _SQLITE_TABLES if url.startswith("sqlite") else _TABLES
        tables = [str(row[0]) for row in _rows(url, listed)[1]]
        if not tables:
            raise DataError("the database holds no table")
        counts = {table: _rows(url, f"SELECT count(*) FROM {_quoted(table)}")[1][0][0] for table in tables}
        query = f"SELECT * FROM {_quoted(max(counts, key=lambda table: counts[table]))}"
    columns, rows = _rows(url, query)
    cells = [dict(zip(columns, row, strict=True)) for row in rows]
    listed = ", ".join(tables)
    said = {"query": (f"the largest of {listed}", f"{listed} 中最大的表")} if tables else {}
    return Looked("database", url, "", 1, cells, columns, {"url": url, "query": query}, said)


def _rows(url: str, query: str) -> tuple[tuple[str, ...], list[Any]]:
    source = _source(url, query)
    with sql.connected(source, config.ROOT) as (connection, _):
        result = connection.exec_driver_sql(query)
        return tuple(result.keys()), list(islice(result, MOST))


def _source(url: str, query: str) -> SqlSource:
    values = {
        "kind": "sql",
        "name": "database",
        "licence": "",
        "available_at": "1970-01-01",
        "on_damage": "list",
        "url": url,
        "query": query,
        "columns": {"text": "?"},
    }
    try:
        return SqlSource.model_validate(values)
    except ValidationError as error:
        raise UserError(f"{Path(url).name}: {config_messages.first(error)}") from None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

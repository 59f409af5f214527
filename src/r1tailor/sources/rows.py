"""Rows become documents: the same for every table, whether it comes from a file or a database.

A row is a number and its cells by column, or a number and what is wrong with it; number 0 stands for the whole file.
What is wrong is said by column and kind, never by value.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from r1tailor.records import Document
from r1tailor.schema.sources import Columns
from r1tailor.sources.base import Origin, Read
from r1tailor.sources.ids import SeenIds, not_unique

Row = tuple[int, dict[str, Any] | str]


@dataclass(frozen=True, slots=True)
class Table:
    """One table: how its rows become documents.

    Attributes:
        origin: the file or database.
        columns: which column becomes what.
        unit: what a number counts (``line``, ``row``).
        prefix: how the ids of rows without an id of their own begin.
        seen: the ids of the source so far.
    """

    origin: Origin
    columns: Columns
    unit: str
    prefix: str
    seen: SeenIds

    def documents(self, rows: Iterable[Row]) -> Read:
        """Yield a document or a rejection for each row."""
        for number, cells in rows:
            position = f"{self.unit} {number}" if number else ""
            try:
                yield self._document(number, position, cells)
            except _CellError as fault:
                yield self.origin.rejection(position, str(fault))

    def _document(self, number: int, position: str, cells: dict[str, Any] | str) -> Document:
        if isinstance(cells, str):
            raise _CellError(cells)
        columns = self.columns
        text = _text(cells, columns.text)
        available_at = None if columns.available_at is None else _date(cells, columns.available_at)
        fields = {name: _plain(cells[name], name) for name in columns.fields}
        id_ = f"{self.prefix}-{number}" if columns.id is None else self._own_id(cells, columns.id, position)
        return self.origin.document(id_, text, position, fields, available_at)

    def _own_id(self, cells: dict[str, Any], column: str, position: str) -> str:
        value = _given(cells, column)
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise _CellError(f"{column} must be text or a whole number, found {type(value).__name__}")
        earlier = self.seen.earlier(str(value), self.origin.file, position)
        if earlier is not None:
            raise _CellError(not_unique(column, *earlier))
        return f"{self.origin.source.name}-{value}"


class _CellError(ValueError):
    """A row is no document; the text says why."""


def wanted(columns: Columns) -> list[str]:
    """Return the names of the columns that are read, each once."""
    named = [columns.text, columns.id, columns.available_at, *columns.fields]
    return list(dict.fromkeys(name for name in named if name is not None))


def header_fault(found: Sequence[str], columns: Columns) -> str:
    """Return what is wrong with the columns of a table; empty if each wanted one is there once."""
    for name in wanted(columns):
        if found.count(name) != 1:
            return f"{'no column is' if name not in found else 'several columns are'} called {name}"
    return ""


def holds_other_bytes(cells: Iterable[object]) -> bool:
    """Whether a text among the cells came with bytes of another encoding, which ``surrogateescape`` let through."""
    try:
        "".join(cell for cell in cells if isinstance(cell, str)).encode()
    except UnicodeEncodeError:
        return True
    return False


def _given(cells: dict[str, Any], column: str) -> Any:  # noqa: ANN401
    if column not in cells:
        raise _CellError(f"{column} is missing")
    value = cells[column]
    if value is None or (isinstance(value, str) and not value.strip()):
        raise _CellError(f"{column} is empty")
    return value


def _text(cells: dict[str, Any], column: str) -> str:
    value = _given(cells, column)
    if not isinstance(value, str):
        raise _CellError(f"{column} must be text, found {type(value).__name__}")
    return value


def _date(cells: dict[str, Any], column: str) -> str:
    value = _given(cells, column)
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        moment = None
    if not isinstance(moment, date):
        raise _CellError(f"{column} must be an ISO date (YYYY-MM-DD)")
    return (moment.date() if isinstance(moment, datetime) else moment).isoformat()


def _plain(value: Any, column: str) -> Any:  # noqa: ANN401
    """Return a cell as plain JSON values; a missing number, which some write as NaN, is null."""
    match value:
        case None | bool() | int() | str():
            return value
        case float() if not math.isinf(value):
            return None if math.isnan(value) else value
        case date() | time():
            return value.isoformat()
        case Decimal() | UUID():
            return str(value)
        case list():
            return [_plain(inner, column) for inner in value]
        case dict():
            return {str(key): _plain(inner, column) for key, inner in value.items()}
        case _:
            raise _CellError(f"{column} must be text, a number, a date or a list of them, found {_kind(value)}")


def _kind(value: object) -> str:
    return "an infinite number" if isinstance(value, float) else type(value).__name__

"""Bars that one query to a database gives, through the same read-only connection as other rows (``sources/sql.py``)."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from r1tailor.schema.market import BarsSqlSource
from r1tailor.sources import sql
from r1tailor.sources.market.feed import Page
from r1tailor.sources.market.rows import Row, check_columns, page
from r1tailor.sources.rows import holds_other_bytes
from r1tailor.sources.streams import Damage
from r1tailor.sources.written import DateFormat

if TYPE_CHECKING:
    from sqlalchemy import Connection

_BATCH = 256  # rows that a server-side cursor gives at a time


class DatabaseFeed:
    """The bars of one query; all of them are one page."""

    def __init__(self, source: BarsSqlSource, root: Path) -> None:
        self._source, self._root = source, root

    def pages(self, first: date, last: date) -> Iterator[Page]:
        """Yield the one page of these dates.

        Raises:
            DataError: the database cannot be had or refuses the query, or the result lacks a column or a symbol.
        """
        # A query is asked once: its dates, where they are text, have a form that needs no look at the others.
        dates = DateFormat(self._source.dates, day_first=False)
        with sql.connected(self._source, self._root) as (connection, shown):
            found = page(self._source, self._rows(connection, shown), dates, shown, first, last)
        yield found

    def quotes(self) -> Page | None:
        """Return None: what a database holds is asked for by date."""
        return None

    def _rows(self, connection: "Connection", shown: str) -> Iterator[Row]:
        with connection.execution_options(yield_per=_BATCH).exec_driver_sql(self._source.query) as result:
            names = list(result.keys())
            check_columns(self._source, names, f"{shown}, the result of the query")
            for number, row in sql.bounded(self._source, result, shown):
                cells = Damage("not utf-8") if holds_other_bytes(row) else dict(zip(names, row, strict=True))
                yield f"row {number}", cells

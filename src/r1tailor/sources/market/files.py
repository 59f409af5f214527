"""Bars in a CSV or Parquet file of your own, read from the beginning at every fetch."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from r1tailor.errors import FeedRequestError, FeedUnavailableError
from r1tailor.schema.market import BarsSource
from r1tailor.sources import csv_rows
from r1tailor.sources.market.feed import Page
from r1tailor.sources.market.rows import Row, check_columns, dates_of, needed, page
from r1tailor.sources.streams import Damage

_BATCH = 1024  # rows


class FileFeed:
    """The bars of one file; all of them are one page.

    Raises:
        FeedUnavailableError: there is no such file.
        FeedRequestError: its name does not say what it is.
    """

    def __init__(self, source: BarsSource, root: Path) -> None:
        self._source, self._path = source, root / source.path
        where = f"(domain.sources, name: {source.name})"
        if not self._path.is_file():
            raise FeedUnavailableError(f"{source.path} is no file {where}")
        if not self._path.name.lower().endswith((".csv", ".csv.gz", ".parquet")):
            raise FeedRequestError(f"{source.path}: the name of bars ends in .csv, .csv.gz or .parquet {where}")

    def pages(self, first: date, last: date) -> Iterator[Page]:
        """Yield the one page of these dates.

        Raises:
            DataError: the file cannot be read, or lacks a column or a symbol.
        """
        try:
            days = (cells[self._source.columns.date] for _, cells in self._rows() if not isinstance(cells, Damage))
            dates = dates_of(self._source, days, self._source.path)
            found = page(self._source, self._rows(), dates, self._source.path, first, last)
        except OSError as error:
            where = f"(domain.sources, name: {self._source.name})"
            raise FeedUnavailableError(f"{self._source.path} cannot be read: {error.strerror} {where}") from error
        yield found

    def quotes(self) -> Page | None:
        """Return None: a file holds bars."""
        return None

    def _rows(self) -> Iterator[Row]:
        return self._parquet_rows() if self._path.suffix.lower() == ".parquet" else self._csv_rows()

    def _csv_rows(self) -> Iterator[Row]:
        source = self._source
        yield from csv_rows.rows(self._path, needed(source), source.path, capitals=False, separator=source.separator)

    def _parquet_rows(self) -> Iterator[Row]:
        number = 0
        try:
            with pq.ParquetFile(self._path, pre_buffer=False) as file:
                check_columns(self._source, file.schema_arrow.names, self._source.path)
                columns = list(needed(self._source))
                for batch in file.iter_batches(_BATCH, columns=columns, use_threads=False):
                    for cells in batch.to_pylist():
                        number += 1
                        yield f"row {number}", cells
        except (pa.ArrowException, OSError, ValueError, OverflowError):
            damage = "no whole Parquet file" if not number else "damaged; it and what follows cannot be read"
            yield f"row {number + 1}" if number else "", Damage(damage)

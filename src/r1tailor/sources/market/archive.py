"""The point-in-time store of fetched bars: a folder of Parquet files that only grows.

Each append is one new file (``000001.parquet``, ...) with the columns series, event, available_at, value. It is written
beside, synced and renamed, so that it is whole or not there; no file is ever changed. A figure that differs from what
is stored for its series and event is a further row with the date from which it was known: a revision. Of two rows with
the same dates the later one counts.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from r1tailor import durable, store
from r1tailor.errors import DataError, writing
from r1tailor.sources.bars import Bar

SUFFIX = ".parquet"
SCHEMA = pa.schema(
    [
        pa.field("series", pa.string(), nullable=False),
        pa.field("event", pa.date32(), nullable=False),
        pa.field("available_at", pa.date32(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
    ]
)
Key = tuple[str, date]


@dataclass(frozen=True, slots=True)
class Appended:
    """What one append added: figures of new events, and revisions of known ones."""

    new: int
    revised: int


class Archive:
    """The store of one source.

    Args:
        folder: made if it is not there.

    Raises:
        DataError: a file in it is no whole file of bars.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        durable.sweep(folder)
        self._rows: set[Bar] = set()
        self._latest: dict[Key, Bar] = {}
        self._last_event: dict[str, date] = {}
        for file in segments(folder):
            for bar in _bars(file):
                self._remember(bar)

    def last_event(self, series: str) -> date | None:
        """Return the latest event that is stored of a series; None if there is none."""
        return self._last_event.get(series)

    def fetched_on(self, lagged: Callable[[date], date]) -> date:
        """Return the latest day on which something was certainly fetched; ``date.min`` of an empty store.

        A figure is fetched on its event or later, and one that counts as known from later than its lag (``lagged``) was
        seen on that day.
        """
        known = (_when(row) if _when(row) > lagged(row.event) else row.event for row in self._rows)
        return max(known, default=date.min)

    def append(self, bars: Iterable[Bar], known: Callable[[Bar, bool], date]) -> Appended:
        """Store what is new or other than before, in one file; nothing is written if nothing is.

        Args:
            bars: a later one counts more than an earlier one with the same dates.
            known: from which date a bar was known whose feed does not say it; told whether it is a revision.
        """
        added, revised = [], 0
        for bar in bars:
            before = self._latest.get((bar.series, bar.event))
            when = bar.available_at or known(bar, before is not None)
            row = Bar(bar.series, bar.event, bar.value, when)
            # A feed that dates its figures gives its old revisions again at every fetch.
            repeated = bar.available_at is not None and row in self._rows
            if repeated or (before is not None and _says_the_same(before, row)):
                continue
            revised += before is not None
            added.append(row)
            self._remember(row)
        if added:
            self._write(added)
        return Appended(len(added) - revised, revised)

    def _remember(self, bar: Bar) -> None:
        key = (bar.series, bar.event)
        before = self._latest.get(key)
        self._rows.add(bar)
        if before is None or _when(bar) >= _when(before):
            self._latest[key] = bar
        self._last_event[bar.series] = max(bar.event, self._last_event.get(bar.series, bar.event))

    def _write(self, bars: list[Bar]) -> None:
        last = max((int(file.stem) for file in segments(self._folder)), default=0)
        path = self._folder / f"{last + 1:06}{SUFFIX}"
        columns = {name: [getattr(bar, name) for bar in bars] for name in SCHEMA.names}
        temporary = durable.temporary(path)
        try:
            with writing(path):
                pq.write_table(pa.table(columns, schema=SCHEMA), temporary, compression="zstd")
                with temporary.open("rb") as file:
                    os.fsync(file.fileno())
                temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        store.sync_folder(self._folder)


def segments(folder: Path) -> list[Path]:
    """Return the files of a store in the order in which they were appended."""
    found = (file for file in folder.glob(f"*{SUFFIX}") if file.stem.isascii() and file.stem.isdigit())
    return sorted(found, key=lambda file: int(file.stem))


def _says_the_same(before: Bar, row: Bar) -> bool:
    """Whether a row only repeats what has been known since no later date."""
    return before.value == row.value and _when(before) <= _when(row)


def _when(bar: Bar) -> date:
    return bar.available_at or bar.event


def _bars(file: Path) -> Iterator[Bar]:
    try:
        table = pq.read_table(file, schema=SCHEMA)
        if table.schema.names != SCHEMA.names or any(column.null_count for column in table.columns):
            raise DataError(f"{file} is no file of bars: put back the one that was fetched")
        for row in table.to_pylist():
            yield Bar(**row)
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise DataError(f"{file} is no whole file of bars: put back the one that was fetched") from error

"""Tables in files: CSV, TSV, XLSX, Parquet, JSON lists and JSONL of any rows, one document a row.

Every format but the JSON list is read as a stream, so that memory does not grow with the file: CSV and JSONL by lines,
Parquet by batches from buffered column chunks. A damaged row costs itself, not the rest of its file.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from r1tailor.errors import DataError
from r1tailor.record_files import is_one_json_value, json_lines, read_json_records
from r1tailor.schema.tables import TableSource
from r1tailor.sources import delimited, ids, xlsx
from r1tailor.sources.base import Origin, Read, raw_files, within_limits
from r1tailor.sources.rows import Row, Table, header_fault, wanted

_BUFFER = 1 << 20  # bytes of a column chunk that are held at a time
_BATCH = 256  # rows


def read(source: TableSource, root: Path) -> Read:
    """Yield a document for each row of each file, in the order of the paths.

    A row is rejected when it has too many or too few cells or other bytes than its encoding, when a part of it is
    empty or of another type, its date none, or its id not unique. A file that lacks a column is rejected as a whole.

    Raises:
        DataError: there is no such file, or its name does not say what it is.
    """
    said = set[str]()
    with closing(ids.SeenIds()) as seen:
        for path in raw_files(source, source.path, root, _IN_FOLDERS):
            origin = Origin.of(source, path, root)
            if path.suffix.lower() not in _ROWS:
                raise DataError(f"{origin.file}: the name of a table ends in {', '.join(_ROWS)}")
            unit, rows = _ROWS[path.suffix.lower()]
            table = Table(origin, source, unit, ids.prefix(source, path, root / source.path), seen, said)
            yield from within_limits(table.documents(rows(path, source, table)), origin)


def _parquet_rows(path: Path, source: TableSource, _: Table) -> Iterator[Row]:
    try:
        file = pq.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False)
    except (pa.ArrowException, OSError):
        yield 0, "no whole Parquet file"
        return
    with file:
        fault = header_fault(file.schema_arrow.names, source)
        if fault:
            yield 0, fault
            return
        # All of them, unless those that are kept are listed: without a list, a part may take one by its own name.
        columns = None if source.columns.fields is None else wanted(source.columns)
        first = 1
        for group in range(file.num_row_groups):
            yield from _group_rows(file, group, first, columns)
            first += file.metadata.row_group(group).num_rows


def _group_rows(file: pq.ParquetFile, group: int, first: int, columns: list[str] | None) -> Iterator[Row]:
    """Yield the rows of a row group; damage costs what follows it in the group, not the next group."""
    number = first
    try:
        for batch in file.iter_batches(_BATCH, row_groups=[group], columns=columns, use_threads=False):
            for cells in _batch_cells(batch):
                yield number, cells
                number += 1
    except pa.ArrowMemoryError:
        raise MemoryError from None
    except (pa.ArrowException, OSError):
        lost = first + file.metadata.row_group(group).num_rows - number
        yield number, f"damaged: {lost:,} rows, to the end of their row group, cannot be read"


def _batch_cells(batch: pa.RecordBatch) -> Iterator[dict[str, Any] | str]:
    try:
        yield from batch.to_pylist()
    except (ValueError, OverflowError):
        yield from (_row_cells(batch.slice(index, 1)) for index in range(batch.num_rows))


def _row_cells(row: pa.RecordBatch) -> dict[str, Any] | str:
    try:
        (cells,) = row.to_pylist()
    except UnicodeDecodeError:
        return "not utf-8"
    except (ValueError, OverflowError):
        return "it holds a moment that is out of range"
    return dict(cells)


def _json_lines(path: Path, source: TableSource, _: Table) -> Iterator[Row]:
    yield from _json_rows(json_lines(path), source, "line")


def _json(path: Path, source: TableSource, table: Table) -> Iterator[Row]:
    if not is_one_json_value(path):
        yield from _json_lines(path, source, table)
        return
    try:
        items, _ = read_json_records(path)
    except DataError as fault:
        yield 0, str(fault).removeprefix(f"{path}: ")
        return
    numbered = ((n, item if isinstance(item, dict) else _NO_MAPPING) for n, item in enumerate(items, start=1))
    yield from _json_rows(numbered, source, "record")


def _json_rows(rows: Iterator[Row], source: TableSource, unit: str) -> Iterator[Row]:
    """Yield the mappings; a field that one lacks is null, and one that every one lacks is a fault."""
    fields = source.columns.fields or ()
    lacked: set[str] | None = None
    for number, cells in rows:
        if isinstance(cells, str):
            yield number, cells
        else:
            lacked = (set(fields) if lacked is None else lacked) - cells.keys()
            yield number, dict.fromkeys(fields) | cells
    for name in sorted(lacked or ()):
        yield 0, f"no {unit} has {name}"


_NO_MAPPING = "a mapping is expected"
_ROWS: dict[str, tuple[str, Callable[[Path, TableSource, Table], Iterator[Row]]]] = {
    ".csv": ("line", delimited.rows),
    ".tsv": ("line", delimited.rows),
    ".tab": ("line", delimited.rows),
    ".txt": ("line", delimited.rows),
    ".xlsx": ("row", xlsx.rows),
    ".parquet": ("row", _parquet_rows),
    ".json": ("record", _json),
    ".jsonl": ("line", _json_lines),
    ".ndjson": ("line", _json_lines),
}


_IN_FOLDERS = tuple(suffix for suffix in _ROWS if suffix != ".txt")  # next to tables, a text is a note on them


def looked_at(path: Path, source: TableSource, most: int) -> list[Row]:
    """Return the first rows of one file as its reader gives them, before any of their cells is taken for a part.

    Raises:
        DataError: the file's name does not say what it is.
    """
    if path.suffix.lower() not in _ROWS:
        raise DataError(f"{path}: the name of a table ends in {', '.join(_ROWS)}")
    unit, rows = _ROWS[path.suffix.lower()]
    with closing(ids.SeenIds()) as seen:
        table = Table(Origin(source, str(path), ""), source, unit, source.name, seen)
        return list(islice(rows(path, source, table), most))

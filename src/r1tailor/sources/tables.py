"""Tables in files: CSV, TSV, Parquet and JSONL of any rows, one document a row.

Every format is read as a stream, so that memory does not grow with the file: CSV and JSONL by lines, Parquet by
batches from buffered column chunks. A damaged row costs itself, not the rest of its file.
"""

import csv
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from r1tailor.errors import DataError
from r1tailor.records import json_lines
from r1tailor.schema.sources import TableSource
from r1tailor.sources import ids
from r1tailor.sources.base import Origin, Read, raw_files, within_limits
from r1tailor.sources.rows import Row, Table, header_fault, holds_other_bytes, wanted

_LONGEST_CELL = 10_000_000  # characters; the csv module's own 131,072 is less than a long judgment
_BUFFER = 1 << 20  # bytes of a column chunk that are held at a time
_BATCH = 256  # rows


def read(source: TableSource, root: Path) -> Read:
    """Yield a document for each row of each file, in the order of the paths.

    A row is rejected when it has too many or too few cells or other bytes than its encoding, when its text is missing
    or no text, its date none, or its id not unique. A file that lacks a column is rejected as a whole.

    Raises:
        DataError: there is no such file, or its name does not say what it is.
    """
    with closing(ids.SeenIds()) as seen:
        for path in raw_files(source, source.path, root, tuple(_ROWS)):
            origin = Origin.of(source, path, root)
            if path.suffix.lower() not in _ROWS:
                raise DataError(f"{origin.file}: the name of a table ends in {', '.join(_ROWS)}")
            unit, rows = _ROWS[path.suffix.lower()]
            table = Table(origin, source.columns, unit, ids.prefix(source, path, root / source.path), seen)
            yield from within_limits(table.documents(rows(path, source)), origin)


def _csv_rows(path: Path, source: TableSource) -> Iterator[Row]:
    # Other bytes come as surrogates, so that they cost a row and not the rest of the file.
    with path.open(encoding=source.encoding, errors="surrogateescape", newline="") as lines:
        records = _records(lines, source.delimiter or ("\t" if path.suffix.lower() == ".tsv" else ","))
        number, header = next(records, (1, "a header is expected"))
        fault = header if isinstance(header, str) else _csv_header_fault(header, source)
        if fault:
            yield number, fault
            return
        for number, cells in records:
            fault = cells if isinstance(cells, str) else _cells_fault(cells, len(header), source.encoding)
            yield number, fault or dict(zip(header, cells, strict=True))


def _records(lines: TextIO, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Yield (number of its first line, cells or what is wrong) for each record that is not an empty line."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1
        before = csv.field_size_limit(_LONGEST_CELL)  # of the whole process: other readers keep theirs
        record: list[str] | str
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            record = f"not CSV: {error}"
        finally:
            csv.field_size_limit(before)
        if record:
            yield number, record


def _csv_header_fault(header: list[str], source: TableSource) -> str:
    if header[0].startswith("\ufeff"):
        return "it begins with a byte order mark: encoding must be utf-8-sig"
    return _cells_fault(header, len(header), source.encoding) or header_fault(header, source.columns)


def _cells_fault(cells: list[str], expected: int, encoding: str) -> str:
    if len(cells) != expected:
        return f"{len(cells)} cells; the header has {expected}"
    return f"not {encoding}" if holds_other_bytes(cells) else ""


def _parquet_rows(path: Path, source: TableSource) -> Iterator[Row]:
    try:
        file = pq.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False)
    except (pa.ArrowException, OSError):
        yield 0, "no whole Parquet file"
        return
    with file:
        fault = header_fault(file.schema_arrow.names, source.columns)
        if fault:
            yield 0, fault
            return
        first = 1
        for group in range(file.num_row_groups):
            yield from _group_rows(file, group, first, wanted(source.columns))
            first += file.metadata.row_group(group).num_rows


def _group_rows(file: pq.ParquetFile, group: int, first: int, columns: list[str]) -> Iterator[Row]:
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


def _json_rows(path: Path, source: TableSource) -> Iterator[Row]:
    """Yield the mappings; a field that a line lacks is null, and one that every line lacks is a fault."""
    lacked: set[str] | None = None
    for number, cells in json_lines(path):
        if isinstance(cells, str):
            yield number, cells
        else:
            lacked = (set(source.columns.fields) if lacked is None else lacked) - cells.keys()
            yield number, dict.fromkeys(source.columns.fields) | cells
    for name in sorted(lacked or ()):
        yield 0, f"no line has {name}"


_ROWS: dict[str, tuple[str, Callable[[Path, TableSource], Iterator[Row]]]] = {
    ".csv": ("line", _csv_rows),
    ".tsv": ("line", _csv_rows),
    ".parquet": ("row", _parquet_rows),
    ".jsonl": ("line", _json_rows),
}

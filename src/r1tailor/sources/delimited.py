"""The rows of CSV and TSV: encoding and separator as set or found, each record with the line it begins on.

A damaged row costs itself. Where a quote never closes nobody knows where the next row begins: what follows is not read,
and the rejection says from which line.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from r1tailor.errors import DataError
from r1tailor.schema.tables import TableSource
from r1tailor.sources import charset
from r1tailor.sources.rows import Row, Table, header_fault, holds_other_bytes, wanted

_LONGEST_CELL = 10_000_000  # characters; the csv module's own 131,072 is less than a long judgment
_HEAD = 1 << 16  # characters in which the separator is looked for
_TOLD = re.compile(r"(?:\ufeff)?\"?sep=(.)\"?\s*", re.IGNORECASE)  # how Excel tells the separator in a first line
_TRIED = {".tsv": "\t,;|"}


def rows(path: Path, source: TableSource, table: Table) -> Iterator[Row]:
    """Yield (line, cells by column or what is wrong) for each row; empty lines are none."""
    encoding = charset.encoding_of(path) if source.encoding == "auto" else source.encoding
    if encoding is None:
        yield 0, charset.UNKNOWN
        return
    # Other bytes come as surrogates, so that they cost a row and not the rest of the file.
    with path.open(encoding=charset.with_mark(encoding), errors="surrogateescape", newline="") as lines:
        try:
            separator, before = _separator(lines, source, path.suffix.lower())
        except UnicodeError:
            yield 0, f"not {encoding}"
            return
        table.how = f"{encoding}, separator {separator!r}; "
        yield from _rows(_records(lines, separator, before), source, encoding)


def _rows(records: Iterator[tuple[int, list[str] | str]], source: TableSource, encoding: str) -> Iterator[Row]:
    number, header = next(records, (1, "a header is expected"))
    fault = header if isinstance(header, str) else f"not {encoding}" if holds_other_bytes(header) else ""
    names = [] if isinstance(header, str) else named(header)
    if fault := fault or header_fault(names, source):
        yield number, fault
        return
    for number, cells in records:
        if isinstance(cells, str):
            yield number, cells
        elif len(cells) != len(names):
            yield number, f"{len(cells)} cells; the header has {len(names)}"
        elif holds_other_bytes(cells):
            yield number, f"not {encoding}"
        else:
            yield number, dict(zip(names, cells, strict=True))


def named(header: Sequence[object]) -> list[str]:
    """Return the names of columns, without the blanks around them; one without a name is called by its number."""
    return [str("" if cell is None else cell).strip() or f"column {place}" for place, cell in enumerate(header, 1)]


def _separator(lines: TextIO, source: TableSource, suffix: str) -> tuple[str, int]:
    """Return what divides the cells, and how many lines stand before the header; the file is then read from there."""
    head = lines.read(_HEAD)
    lines.seek(0)
    before = 0
    if told := _TOLD.fullmatch(head.partition("\n")[0]):
        lines.readline()
        before, head = 1, head.partition("\n")[2]
    if source.separator != "auto":
        return source.separator, before
    if told:
        return told[1], before
    names = wanted(source.columns)

    def fits(separator: str) -> tuple[int, int]:
        try:
            header = named(next(csv.reader(io.StringIO(head, newline=""), delimiter=separator), []))
        except csv.Error:
            return 0, 0
        return sum(name in header for name in names), len(header)

    return max(_TRIED.get(suffix, ",;\t|"), key=fits), before


def _records(lines: TextIO, separator: str, before: int) -> Iterator[tuple[int, list[str] | str]]:
    """Yield (number of its first line, cells or what is wrong) for each record that is not an empty line."""
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        number = before + reader.line_num + 1
        earlier = csv.field_size_limit(_LONGEST_CELL)  # of the whole process: other readers keep theirs
        try:
            record = next(reader)
        except StopIteration:
            return
        except (csv.Error, UnicodeError) as error:
            last = before + reader.line_num
            yield number, _damage(error, number, last)
            if last > number or "end of data" in str(error) or isinstance(error, UnicodeError):
                return
            continue
        finally:
            csv.field_size_limit(earlier)
        if record:
            yield number, record


def _damage(error: Exception, number: int, last: int) -> str:
    if isinstance(error, UnicodeError):
        return f"not in the file's encoding; the rest is not read, from line {number}"
    if "end of data" in str(error):
        return f"a quote of this row never closes; the rest is not read, from line {number} to {last}, the last"
    if last > number:
        return f"not CSV: {error} (line {last}); the rest is not read, from line {number}"
    return f"not CSV: {error}"


def first(path: Path, source: TableSource) -> tuple[str, str, list[str]]:
    """Return what a file is written in, what divides its cells, and the names of its columns.

    Raises:
        DataError: the encoding cannot be told, or the file holds no header.
    """
    encoding = charset.encoding_of(path) if source.encoding == "auto" else source.encoding
    if encoding is None:
        raise DataError(f"{path}: {charset.UNKNOWN}")
    with path.open(encoding=charset.with_mark(encoding), errors="surrogateescape", newline="") as lines:
        separator, before = _separator(lines, source, path.suffix.lower())
        _, header = next(_records(lines, separator, before), (1, "a header is expected"))
    if isinstance(header, str):
        raise DataError(f"{path}: {header}")
    return encoding, separator, named(header)

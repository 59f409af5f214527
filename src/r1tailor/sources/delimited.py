"""The rows of CSV and TSV: encoding and separator as set or found, each record with the line it begins on.

A damaged row costs itself. Where a quote never closes nobody knows where the next row begins: what follows is not read,
and the rejection says from which line.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TextIO

from r1tailor.errors import DataError
from r1tailor.schema.tables import TableSource
from r1tailor.sources import charset
from r1tailor.sources.rows import Row, Table, header_fault, holds_other_bytes, wanted

_LONGEST_CELL = 10_000_000  # characters; the csv module's own 131,072 is less than a long judgment
_HEAD = 1 << 16  # characters in which the separator is looked for
_TOLD = re.compile(r"(?:\ufeff)?\"?sep=(.)\"?\s*", re.IGNORECASE)  # how Excel tells the separator in a first line
_OPENING = 50  # rows in which a header below titles is looked for
_NUMBER = re.compile(r"[-+\d.,:/ %]+")
_TRIED = dict.fromkeys((".tsv", ".tab", ".txt"), "\t,;|")


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
    told = _TOLD.fullmatch(head.partition("\n")[0])
    before = max(1 if told else 0, (source.header_row or 1) - 1)
    for _ in range(before):
        lines.readline()
        head = head.partition("\n")[2]
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


def first(path: Path, source: TableSource) -> tuple[str, str, int | None, list[str]]:
    """Return what a file is written in, what divides its cells, its header row, and the names of its columns.

    The header row is None unless titles stand above it.

    Raises:
        DataError: the encoding cannot be told, or the file holds no header.
    """
    encoding = charset.encoding_of(path) if source.encoding == "auto" else source.encoding
    if encoding is None:
        raise DataError(f"{path}: {charset.UNKNOWN}")
    tried = _TRIED.get(path.suffix.lower(), ",;\t|") if source.separator == "auto" else source.separator
    openings = {separator: _opening(path, encoding, separator) for separator in tried}
    separator = max(openings, key=lambda one: _evenness(openings[one]))
    if titled := header_below_titles(openings[separator]):
        return encoding, separator, *titled
    with path.open(encoding=charset.with_mark(encoding), errors="surrogateescape", newline="") as lines:
        separator, before = _separator(lines, source, path.suffix.lower())
        _, header = next(_records(lines, separator, before), (1, "a header is expected"))
    if isinstance(header, str):
        raise DataError(f"{path}: {header}")
    return encoding, separator, None, named(header)


def _opening(path: Path, encoding: str, separator: str) -> list[tuple[int, Sequence[object]]]:
    with path.open(encoding=charset.with_mark(encoding), errors="surrogateescape", newline="") as lines:
        found = [one for one in islice(_records(lines, separator, 0), _OPENING) if not isinstance(one[1], str)]
    told = bool(found) and _TOLD.fullmatch(separator.join(found[0][1]))
    return [(number, cells) for number, cells in found[1 if told else 0 :]]


def _evenness(rows: Sequence[tuple[int, Sequence[object]]]) -> tuple[int, int]:
    """Return how many rows have the most frequent number of cells, if it is more than one, and that number."""
    counts = Counter(len(cells) for _, cells in rows)
    width = max(counts, key=lambda size: counts[size], default=0)
    return (counts[width], width) if width > 1 else (0, width)


def header_below_titles(rows: Sequence[tuple[int, Sequence[object]]]) -> tuple[int, list[str]] | None:
    """Return the row and the names of a header that titles stand above; None where the first row can be the header.

    A title row fills at most half as many cells as the rows of the table; a header fills them with different words.
    """
    filled = [[cell for cell in cells if str("" if cell is None else cell).strip()] for _, cells in rows]
    width = max(map(len, filled), default=0)
    for (number, cells), held in zip(rows, filled, strict=True):
        words = {str(cell).strip() for cell in held if isinstance(cell, str) and not _NUMBER.fullmatch(cell.strip())}
        if 2 * len(held) > width:
            return (number, named(cells)) if number > rows[0][0] and len(words) == len(held) == width > 1 else None
    return None

"""The rows of a large CSV file, one at a time, each with the line it begins on.

The csv module alone loses its place when a row is damaged: it goes on in the middle of a quoted text. Here the bytes of
one row are put together first, by counting quotes, and read by the csv module afterwards.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from r1tailor.errors import DataError
from r1tailor.sources.streams import Damage, pieces

_LONGEST_ROW = 1_000_000  # bytes; within it the csv module takes 131,072 characters a field

AUTO = "auto"
Row = dict[str, str]


def rows(
    path: Path, columns: tuple[str, ...], shown: str, *, capitals: bool = True, separator: str = ","
) -> Iterator[tuple[str, Row | Damage]]:
    """Yield ``line N`` and the row there by column name, in capitals unless told otherwise, or what is wrong with it.

    ``separator`` is one character, or ``auto``: the one of ``, ; | tab`` that the first line has most of.

    After damage that hides where the next row begins, the rest of the file is not read and the damage says so.

    Raises:
        DataError: the file is empty, one of the columns is not in its first line, or one stands there twice; calls the
            file as ``shown``.
    """
    header: list[str] = []
    for line, raw in _records(path):
        if separator == AUTO and isinstance(raw, bytes):
            separator = chr(max(b",;|\t", key=raw.count))
        found: list[str] | Damage = raw if isinstance(raw, Damage) else _cells(raw, separator)
        if isinstance(found, Damage):
            yield line, found
        elif not header:
            header = [cell.upper() for cell in found] if capitals else found
            if twice := [column for column in dict.fromkeys(header) if header.count(column) > 1]:
                raise DataError(f"{shown}, {line}: several columns are called {', '.join(twice)[:200]}")
            if missing := [column for column in columns if column not in header]:
                raise DataError(f"{shown}, {line}: no column {', '.join(missing)}")
        elif len(found) != len(header):
            yield line, Damage(f"{len(found)} columns, expected {len(header)}")
        else:
            yield line, dict(zip(header, found, strict=True))
    if not header:
        raise DataError(f"{shown} holds no header; a table begins with {', '.join(columns)}")


def _cells(raw: bytes, separator: str) -> list[str] | Damage:
    if b"\0" in raw:
        return Damage("a null character")
    try:
        return next(csv.reader([raw.decode("utf-8-sig")], delimiter=separator, strict=True))
    except UnicodeDecodeError as error:
        return Damage(f"not UTF-8 (byte {error.start + 1} of the row)")
    except csv.Error as error:
        return Damage(f"not CSV: {error}")


def _records(path: Path) -> Iterator[tuple[str, bytes | Damage]]:
    """Yield the bytes of each row that is not blank: its lines up to one where the quotes are even."""
    held: list[bytes] = []
    start = number = quotes = size = 0
    try:
        for number, line in enumerate(_lines(path), start=1):
            start = start if held else number
            held.append(line)
            quotes += line.count(b'"')
            size += len(line)
            if quotes % 2 == 0:
                if line.strip() or len(held) > 1:
                    yield f"line {start}", b"".join(held)
                held, quotes, size = [], 0, 0
            elif size > _LONGEST_ROW:
                raise Damage(f"a quoted text without an end within {_LONGEST_ROW:,} bytes; the rest is not read")
        if held:
            raise Damage("a quoted text without an end; the rest is not read")
    except Damage as damage:
        yield f"line {start if held else number + 1}", damage


def _lines(path: Path) -> Iterator[bytes]:
    """Yield a file's lines with their ends."""
    rest = b""
    for piece in pieces(path):
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line + b"\n"
        if len(rest) > _LONGEST_ROW:
            raise Damage(f"a line of more than {_LONGEST_ROW:,} bytes; the rest is not read")
    if rest:
        yield rest

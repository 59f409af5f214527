"""The rows of an Excel workbook: one sheet of it, with the values that Excel last computed."""

import warnings
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from r1tailor.errors import DataError
from r1tailor.schema.tables import TableSource
from r1tailor.sources.delimited import header_below_titles, named
from r1tailor.sources.rows import Row, Table, header_fault

_BATCH = 256  # rows
_OPENING = 50  # rows in which a header below titles is looked for
_ERRORS = ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!")  # of formulas; #N/A is a missing value


def rows(path: Path, source: TableSource, table: Table) -> Iterator[Row]:
    """Yield (row, cells by column or what is wrong) for each row that is not empty."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with warnings.catch_warnings(action="ignore"):  # of extensions that hold no cells
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, OSError, ValueError, SyntaxError):
        yield 0, "no whole Excel workbook (.xlsx)"
        return
    try:
        sheets = {sheet.title: sheet for sheet in book.worksheets}
        name = _chosen(sheets, source)
        if name not in sheets:
            yield 0, name
            return
        table.how = f"sheet {name}; "
        yield from _rows(_cells(sheets[name], source.header_row or 1), source)
    finally:
        book.close()


def _chosen(sheets: dict[str, Any], source: TableSource) -> str:
    """Return the name of the sheet that is read, or what is wrong."""
    if source.sheet is not None:
        return source.sheet if source.sheet in sheets else f"no sheet is called {source.sheet}; it has {_list(sheets)}"
    filled = [name for name, sheet in sheets.items() if next(_cells(sheet), None) is not None]
    if len(filled) == 1:
        return filled[0]
    return f"several sheets hold rows; sheet must name one: {_list(filled)}" if filled else "no sheet holds a row"


def _list(names: Any) -> str:  # noqa: ANN401
    return ", ".join(names)


def _cells(sheet: Any, begin: int = 1) -> Iterator[tuple[int, tuple[Any, ...]]]:  # noqa: ANN401
    """Yield the rows from a number on that are not empty, with their numbers."""
    with warnings.catch_warnings(action="ignore"):
        sheet.reset_dimensions()  # what other programs wrote there is often wrong
    found = enumerate(sheet.iter_rows(min_row=begin, values_only=True), start=begin)
    while True:
        with warnings.catch_warnings(action="ignore"):  # not around a yield: it is the whole process's
            batch = list(islice(found, _BATCH))
        if not batch:
            return
        yield from ((number, cells) for number, cells in batch if any(_is_filled(cell) for cell in cells))


def _is_filled(cell: object) -> bool:
    return cell is not None and not (isinstance(cell, str) and not cell.strip())


def _rows(rows: Iterator[tuple[int, tuple[Any, ...]]], source: TableSource) -> Iterator[Row]:
    number, header = next(rows, (source.header_row or 1, ()))
    names = named(_trimmed(header))
    if fault := header_fault(names, source):
        yield number, fault
        return
    for number, cells in rows:
        beyond = [cell for cell in cells[len(names) :] if _is_filled(cell)]
        if beyond:
            yield number, f"a cell beyond the {len(names)} columns of the header"
        elif broken := [name for name, cell in zip(names, cells, strict=False) if cell in _ERRORS]:
            yield number, f"{broken[0]} holds an error of Excel's"
        else:
            yield number, dict.fromkeys(names) | dict(zip(names, cells, strict=False))


def _trimmed(cells: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the cells up to the last one that holds something."""
    return cells[: max((place for place, cell in enumerate(cells, 1) if _is_filled(cell)), default=0)]


def first(path: Path, source: TableSource) -> tuple[str, list[str], int | None, list[str]]:
    """Return the sheet that is read, the others that hold rows, its header row, and its columns.

    It is the sheet with the most rows; the header row is None unless titles stand above it.

    Raises:
        DataError: it is no workbook, or holds no rows.
    """
    import openpyxl

    try:
        with warnings.catch_warnings(action="ignore"):
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # whatever the parser of a damaged archive raises
        raise DataError(f"{path}: no whole Excel workbook (.xlsx)") from error
    try:
        counts = {sheet.title: sum(1 for _ in _cells(sheet)) for sheet in book.worksheets}
        name = source.sheet or max(counts, key=lambda sheet: counts[sheet])
        opening = [(number, _trimmed(cells)) for number, cells in islice(_cells(book[name]), _OPENING)]
        if not opening:
            raise DataError(f"{path}: no sheet holds a row")
        row, names = header_below_titles(opening) or (None, named(opening[0][1]))
        return name, [other for other, count in counts.items() if count and other != name], row, names
    finally:
        book.close()

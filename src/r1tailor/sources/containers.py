"""Files that hold mappings, whatever their form: JSON lines, a JSON list, Parquet, CSV."""

import json
import math
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from r1tailor.errors import DataError
from r1tailor.record_files import is_one_json_value, json_lines, read_json_records
from r1tailor.sources.csv_rows import rows
from r1tailor.sources.streams import Damage

SUFFIXES = (".jsonl", ".ndjson", ".json", ".parquet", ".csv")
LISTS = ("messages", "conversations", "conversation", "history", "tools", "entities")  # of a record; in CSV JSON text
_BATCH = 256  # rows of Parquet that are held at a time

Held = tuple[int, str, dict[str, Any] | str]  # number, what it counts, the mapping or what is wrong with it


def form(path: Path) -> str:
    """Return what a file's name and first lines show: ``JSON lines``, ``JSON list``, ``Parquet`` or ``CSV``."""
    suffix = path.suffix.lower()
    if suffix == ".json":
        return "JSON list" if is_one_json_value(path) else "JSON lines"
    return {".parquet": "Parquet", ".csv": "CSV"}.get(suffix, "JSON lines")


def mappings(path: Path, shown: str) -> Iterator[Held]:
    """Yield what a file holds, in its order; JSON lists are held in memory as a whole.

    Raises:
        DataError: the file as a whole cannot be read; calls it as ``shown``.
    """
    match form(path):
        case "JSON list":
            for number, value in enumerate(read_json_records(path, {*LISTS})[0], start=1):
                wrong = f"a mapping is expected, found {type(value).__name__}"
                yield number, "item", value if isinstance(value, dict) else wrong
        case "Parquet":
            yield from ((number, "row", value) for number, value in _parquet(path, shown))
        case "CSV":
            for position, cells in rows(path, (), shown, capitals=False):
                yield int(position.removeprefix("line ")), "line", _cells(cells)
        case _:
            yield from ((number, "line", value) for number, value in json_lines(path))


def _cells(cells: dict[str, str] | Damage) -> dict[str, Any] | str:
    """Return the cells of a row; a column of lists holds their JSON text, or nothing."""
    if isinstance(cells, Damage):
        return str(cells)
    found: dict[str, Any] = {}
    for column, text in cells.items():
        if column not in LISTS:
            found[column] = text
        elif text.strip():
            with suppress(ValueError, RecursionError):  # what is no JSON stays text, and its reader refuses it
                text = json.loads(text)
            found[column] = text
    return found


def _parquet(path: Path, shown: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    number = 0
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            for batch in file.iter_batches(_BATCH, use_threads=False):
                for row in batch.to_pylist():
                    number += 1
                    yield number, _row(row)
    except (pa.ArrowException, OSError, ValueError):
        after = f", after row {number}" if number else ""
        raise DataError(f"{shown}{after}: no whole Parquet file") from None


def _row(row: dict[str, Any]) -> dict[str, Any] | str:
    try:
        return {key: _json(value) for key, value in row.items() if value is not None}
    except TypeError as fault:
        return str(fault)


def _json(value: Any) -> Any:  # noqa: ANN401
    """Return a cell as plain JSON values, without the keys that a column of structures holds only as null."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {key: _json(inner) for key, inner in value.items() if inner is not None}
        case list():
            return [_json(inner) for inner in value]
        case date() | time():
            return value.isoformat()
        case Decimal():
            return str(value)
    raise TypeError(f"a cell must be text, a number, a date or a list of them, found {type(value).__name__}")

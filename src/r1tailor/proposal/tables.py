"""The first rows of a table, as ``sources/`` reads them, and what had to be found out to read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from r1tailor.errors import DataError
from r1tailor.schema.tables import TableSource
from r1tailor.sources import delimited, tables, xlsx

Said = dict[str, tuple[str, str]]
_TELLS = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma"}


@dataclass(frozen=True)
class Rows:
    """The first rows of a table.

    Attributes:
        columns: names of its columns, in order.
        rows: cells by column.
        reader: settings of the source that were found out.
        said: how, by setting, as (English, Chinese).
        faults: rows that cannot be read, with their place.
    """

    columns: tuple[str, ...]
    rows: Sequence[Mapping[str, Any]]
    reader: dict[str, Any] = field(default_factory=dict)
    said: Said = field(default_factory=dict)
    faults: tuple[str, ...] = ()


def read(path: Path, most: int) -> Rows:
    """Return the first rows of a CSV, TSV, XLSX or Parquet file.

    Raises:
        DataError: it is no such file, or holds no rows.
    """
    columns, reader, said = _header(path)
    if twice := [name for name in dict.fromkeys(columns) if columns.count(name) > 1]:
        raise DataError(f"{path}: several columns are called {', '.join(twice)}; give each a name of its own")
    source = _source(path, {**reader, "columns": {"input": columns[0], "fields": columns}})
    found = tables.looked_at(path, source, most)
    rows = [cells for _, cells in found if not isinstance(cells, str)]
    faults = tuple(f"{number}: {cells}" for number, cells in found if isinstance(cells, str))
    if not rows:
        raise DataError(f"{path} holds no rows{f'; {faults[0]}' if faults else ''}")
    return Rows(tuple(columns), rows, reader, said, faults)


def _header(path: Path) -> tuple[list[str], dict[str, Any], Said]:
    """Return the columns of a table, and the settings that its file has to be read with, each with its reason."""
    source, suffix = _source(path, {}), path.suffix.lower()
    if suffix == ".xlsx":
        sheet, others, row, columns = xlsx.first(path, source)
        listed = ", ".join(others)
        why = (
            (f"the most rows; not read: {listed}", f"行数最多；未读：{listed}") if others else ("the only one", "唯一")
        )
        return columns, *_titled({"sheet": sheet}, {"sheet": why}, row)
    if suffix == ".parquet":
        return _parquet(path), {}, {}
    encoding, separator, row, columns = delimited.first(path, source)
    said = {
        "encoding": ("every byte of the file fits it", "文件的每个字节都符合"),
        "separator": (f"{_TELLS.get(separator, 'it')}: found in the header", "由表头看出"),
    }
    return columns, *_titled({"encoding": encoding, "separator": separator}, said, row)


def _titled(reader: dict[str, Any], said: dict[str, tuple[str, str]], row: int | None) -> tuple[dict[str, Any], Said]:
    """Return the settings with the row of the header, where titles stand above it."""
    if row is None:
        return reader, said
    return reader | {"header_row": row}, said | {"header_row": ("titles stand above it", "其上为标题行")}


def _parquet(path: Path) -> list[str]:
    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: no whole Parquet file") from error


def _source(path: Path, settings: Mapping[str, Any]) -> TableSource:
    stated = {"name": "looked", "licence": "", "available_at": "1970-01-01", "on_damage": "list"}
    return TableSource.model_validate({"kind": "table", "path": str(path), **stated, **settings})

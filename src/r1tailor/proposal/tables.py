"""The first rows of a table, read as ``sources/`` reads them, and what had to be found out to read it."""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from r1tailor.errors import DataError

_SEPARATORS = (",", ";", "\t", "|")


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
    reader: dict[str, str] = field(default_factory=dict)
    said: dict[str, tuple[str, str]] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


def read(path: Path, most: int) -> Rows:
    """Return the first rows of a CSV, TSV, Parquet or XLSX file.

    Raises:
        DataError: it is no such file, or holds no rows.
    """
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _parquet(path, most)
    return _csv(path, most)


def _csv(path: Path, most: int) -> Rows:
    raw = path.read_bytes()
    encoding, why = _encoding(raw)
    text = raw.decode(encoding, "replace")
    separator = _separator(text, path.suffix.lower())
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    header = next(lines, [])
    rows, faults = [], []
    for cells in lines:
        if len(rows) == most:
            break
        if cells and len(cells) == len(header):
            rows.append({name: cell or None for name, cell in zip(header, cells, strict=True)})
        elif cells:
            faults.append(f"line {lines.line_num}: {len(cells)} cells; the header has {len(header)}")
    said = {"encoding": why, "separator": ("columns agree with it", "列数与之相符")}
    return Rows(tuple(header), rows, {"encoding": encoding, "separator": separator}, said, tuple(faults))


def _encoding(raw: bytes) -> tuple[str, tuple[str, str]]:
    if raw.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig", ("it begins with a byte order mark", "文件以字节顺序标记开头")
    for encoding in ("utf-8", "gb18030", "cp1252"):
        try:
            raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding, ("every byte fits", "所有字节都符合")
    return "utf-8", ("nothing else fits", "没有其他编码符合")


def _separator(text: str, suffix: str) -> str:
    if suffix == ".tsv":
        return "\t"
    head = text[:100_000]
    counts = {}
    for separator in _SEPARATORS:
        widths = Counter(len(row) for row in csv.reader(io.StringIO(head, newline=""), delimiter=separator) if row)
        (width, times), *_ = widths.most_common(1) or [(1, 0)]
        counts[separator] = width * times if width > 1 else 0
    return max(counts, key=lambda separator: counts[separator])


def _parquet(path: Path, most: int) -> Rows:
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            rows: list[dict[str, Any]] = []
            for batch in file.iter_batches(256, use_threads=False):
                rows += batch.to_pylist()
                if len(rows) >= most:
                    break
            return Rows(tuple(file.schema_arrow.names), rows[:most])
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{path}: no whole Parquet file") from error

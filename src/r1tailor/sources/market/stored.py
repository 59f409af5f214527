"""The documents of a feed's store: one for each event and each date on which figures of it became known.

The first is ``<source>/<event>``; what became known later is ``<source>/<event>/2`` and so on, so that whoever reads
only what was available at a time never sees a later revision. Series that the source no longer names are passed over,
and where it has come to give a longer lag than when a figure was stored, the longer one counts.
"""

import math
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from r1tailor import bounded
from r1tailor.errors import DataError
from r1tailor.records import Document, Rejection
from r1tailor.schema.market import FeedSource
from r1tailor.sources.bars import document, known_from
from r1tailor.sources.base import Origin, Read
from r1tailor.sources.market.archive import SCHEMA, segments
from r1tailor.sources.market.treatment import Figure, told, treated


def read(source: FeedSource, root: Path) -> Read:
    """Yield the documents by event and availability, then what is damaged in the store's files.

    A row is rejected when its dates or its series are missing, it was known before its event, or its value is none.

    Raises:
        DataError: nothing is stored yet.
    """
    files = segments(root / source.store)
    if not files:
        raise DataError(
            f"{source.store} does not exist or holds no bars yet. Fetch them: python -m r1tailor market backfill "
            f"(domain.sources, name: {source.name})"
        )
    origins = [Origin.of(source, file, root) for file in files]
    bounded.left()  # our own files
    figures: list[Figure] = []
    rejected: list[Rejection] = []
    for number, (origin, file) in enumerate(zip(origins, files, strict=True)):
        for found in _figures(origin, file, number, source):
            if isinstance(found, Rejection):
                rejected.append(found)
            else:
                figures.append(found)
    yield from _documents(source, origins, treated(source, figures))
    yield from rejected


def findings(source: FeedSource, root: Path) -> list[str]:
    """Return what stands out in the stored prices of a source, and what is done about it, a line a finding."""
    files = segments(root / source.store)
    origins = [Origin.of(source, file, root) for file in files]
    bounded.left()
    read = chain.from_iterable(
        _figures(origin, file, number, source) for number, (origin, file) in enumerate(zip(origins, files, strict=True))
    )
    return told(source, [found for found in read if isinstance(found, Figure)])


def _documents(source: FeedSource, origins: list[Origin], figures: list[Figure]) -> Iterator[Document]:
    revisions: Counter[date] = Counter()
    for (event, known, segment), group in groupby(sorted(figures), key=lambda figure: figure[:3]):
        rows = list(group)
        revisions[event] += 1
        suffix = f"/{revisions[event]}" if revisions[event] > 1 else ""
        values = {figure.series: figure.value for figure in rows}
        yield document(origins[segment], f"{source.name}/{event}{suffix}", values, event, known, f"row {rows[0].row}")


def _figures(origin: Origin, file: Path, segment: int, source: FeedSource) -> Iterator[Figure | Rejection]:
    try:
        table = pq.read_table(file)
        rows = table.to_pylist() if table.schema.names == SCHEMA.names else None
    except (pa.ArrowException, OSError, ValueError, OverflowError):
        rows = None
    if rows is None:
        yield origin.rejection("", "no whole file of bars")
        return
    for number, row in enumerate(rows, start=1):
        fault = _fault(row, source)
        if fault:
            yield origin.rejection(f"row {number}", fault)
        elif row["series"] in source.symbols:
            known = max(row["available_at"], known_from(row["event"], source.bars))
            yield Figure(row["event"], known, segment, number, row["series"], row["value"])


def _fault(row: dict[str, Any], source: FeedSource) -> str:
    """Return what is wrong with a row; empty if nothing is."""
    event, known, value = row["event"], row["available_at"], row["value"]
    if not isinstance(row["series"], str) or not row["series"].strip():
        return "series is empty"
    if not type(event) is type(known) is date:
        return "event and available_at must be dates"
    if known < event:
        return "available_at is before the event"
    if not isinstance(value, float) or not math.isfinite(value):
        return "value is no finite number"
    if source.bars.values == "price" and value <= 0:
        return "value is a price and must be above zero"
    return ""

"""Tables of notes, and the documents that are read from them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from r1tailor.records import Document, Rejection
from r1tailor.sources import read
from tests.support.source_cases import Case

ROOM = {"text": "note", "fields": ["ward"]}


def documents(root: Path, path: str, **changes: Any) -> list[Document]:  # noqa: ANN401
    rejected: list[Rejection] = []
    table = {"kind": "table", "path": path, "columns": ROOM} | changes
    found = list(read(Case("", table, lambda *_: None).source(), root, rejected))
    assert rejected == []
    return found


def rows_of(count: int) -> Iterator[str]:
    return (f"{number}. {number * 7919 % 1000003:x} Roe is well. " * 8 for number in range(count))

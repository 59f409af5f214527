"""What a comparison of all documents must remember, on disk instead of in memory.

Keys lie in partition files, so that equal keys lie in one file and one file at a time is read. What is known of each
document (its id, its shingles) lies in one file, and an index of fixed-size entries says where. Files are read, not
mapped: mapped pages would count as memory of this process.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from r1tailor import durable
from r1tailor.corpus.shingles import DIGEST_BYTES, Hashes

Numbers = npt.NDArray[np.uint32]
_PARTITION_BITS = 6
_KEYED = np.dtype([("key", "<u8"), ("number", "<u4")])
_ENTRY = np.dtype([("offset", "<u8"), ("id_bytes", "<u4"), ("shingles", "<u4"), ("digest", f"V{DIGEST_BYTES}")])
_REMEMBERED = 512  # documents


@contextmanager
def spilled(folder: Path) -> Iterator[Path]:
    """Give a folder below another, which only its owner can enter; afterwards it is removed.

    Those that killed processes left there are removed first: they hold ids and hashes of texts.
    """
    durable.sweep(folder)
    place = durable.temporary(folder / "duplicates")
    place.mkdir(mode=0o700)
    try:
        yield place
    finally:
        shutil.rmtree(place)


class Known(NamedTuple):
    """What is known of one document."""

    id: str
    digest: bytes
    shingles: Hashes


class Partitions:
    """Document numbers by key, in 64 files of about the same size."""

    def __init__(self, folder: Path, name: str) -> None:
        self._stack = ExitStack()
        paths = [folder / f"{name}-{number:02d}" for number in range(1 << _PARTITION_BITS)]
        self._files = [self._stack.enter_context(path.open("w+b")) for path in paths]

    def __enter__(self) -> "Partitions":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._stack.close()

    def add(self, keys: Hashes, numbers: Numbers) -> None:
        """Remember documents under keys whose highest bits are evenly spread."""
        records = np.empty(len(keys), _KEYED)
        records["key"], records["number"] = keys, numbers
        partitions = keys >> np.uint64(64 - _PARTITION_BITS)
        order = np.argsort(partitions, kind="stable")
        ends = np.searchsorted(partitions[order], np.arange(len(self._files), dtype=np.uint64), side="right")
        for file, members in zip(self._files, np.split(records[order], ends[:-1]), strict=True):
            file.write(members.tobytes())

    def together(self) -> Iterator[Numbers]:
        """Yield the numbers of the documents that share a key, ascending, for each key that several share."""
        for file in self._files:
            file.seek(0)
            records = np.frombuffer(file.read(), _KEYED)
            records = records[np.lexsort((records["number"], records["key"]))]
            starts = np.flatnonzero(np.diff(records["key"])) + 1
            for first, last in zip([0, *starts.tolist()], [*starts.tolist(), len(records)], strict=True):
                if last - first > 1:
                    yield records["number"][first:last]


class Records:
    """What is known of each document, by its number."""

    def __init__(self, folder: Path) -> None:
        self._stack = ExitStack()
        self._index = self._stack.enter_context((folder / "index").open("w+b"))
        self._content = self._stack.enter_context((folder / "content").open("w+b"))
        self._offset = 0
        self.known = lru_cache(_REMEMBERED)(self._known)

    def __enter__(self) -> "Records":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._stack.close()

    def add(self, documents: Sequence[Known]) -> None:
        """Remember documents, under the next numbers."""
        for document in documents:
            name = document.id.encode()
            entry = (self._offset, len(name), document.shingles.size, np.void(document.digest))
            self._index.write(np.array(entry, _ENTRY).tobytes())
            self._offset += self._content.write(name + document.shingles.tobytes())

    def _known(self, number: int) -> Known:
        self._index.seek(number * _ENTRY.itemsize)
        entry = np.frombuffer(self._index.read(_ENTRY.itemsize), _ENTRY)[0]
        self._content.seek(int(entry["offset"]))
        name = self._content.read(int(entry["id_bytes"])).decode()
        hashes = np.frombuffer(self._content.read(8 * int(entry["shingles"])), np.uint64)
        return Known(name, entry["digest"].tobytes(), hashes)

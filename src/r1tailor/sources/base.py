"""The contract of a source: a reader turns raw files into documents, and says of each piece that it cannot read why.

A reader is a generator ``read(source, root)``: it holds one record in memory at a time, yields documents in the order
of the file, and yields a ``Rejection`` where a record is damaged. Whether that stops the run or is listed and counted
is the source's ``on_damage``; no reader decides it. A reader raises only where nothing can be read at all.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from r1tailor import bounded, store
from r1tailor.errors import DataError
from r1tailor.records import Document, Rejection

Read = Iterator[Document | Rejection]


class Described(Protocol):
    """What every source says of its material."""

    @property
    def name(self) -> str:
        """Name of the source in the domain's YAML."""
        ...

    @property
    def licence(self) -> str:
        """Licence of the material."""
        ...

    @property
    def available_at(self) -> str:
        """ISO date from which the material could have been known."""
        ...


@dataclass(frozen=True, slots=True)
class Origin:
    """One raw file of a source: makes the documents and rejections that come from it.

    Attributes:
        source: the source's settings.
        file: the file as users know it, relative to the project's root where it lies below it.
        sha256: of the file's bytes.
    """

    source: Described
    file: str
    sha256: str

    @classmethod
    def of(cls, source: Described, path: Path, root: Path) -> "Origin":
        """Return the origin that a file is, once it is hashed."""
        shown = str(path.relative_to(root) if path.is_relative_to(root) else path)
        bounded.left()  # the file before this one
        origin = cls(source, shown, store.sha256_file(path))
        bounded.entered(shown, path.stat().st_size)
        return origin

    def document(
        self, id_: str, text: str, position: str, fields: Mapping[str, Any], available_at: str | None = None
    ) -> Document:
        """Return a document from a position of this file; ``available_at`` where the record itself knows it better."""
        known = self.source.available_at if available_at is None else available_at
        return Document(id_, text, self.source.name, self.source.licence, self.sha256, position, known, dict(fields))

    def rejection(self, position: str, reason: str) -> Rejection:
        """Return a rejection of what stands at a position of this file."""
        return Rejection(self.source.name, self.file, position, reason)


def within_limits(found: Read, origin: Origin) -> Read:
    """Yield what a file holds; where it reaches the limits of time or memory, reject the rest of it."""
    position = ""
    try:
        bounded.check(origin.file)
        for each in found:
            position = each.position
            yield each
    except (bounded.LimitReached, MemoryError) as reached:
        yield origin.rejection(f"after {position}" if position else "", bounded.reason(reached))


def links(source: object, root: Path) -> Iterator[Path]:
    """Yield the symbolic links below the folder that a source names, sorted; none is followed, so a loop of them ends.

    Whoever fills a folder may not choose what is read on this machine. The location itself may be a link: its user
    chose it.
    """
    location = getattr(source, "path", None)
    # A null byte names no folder and os.walk raises for it; the reader refuses the path.
    below = os.walk(root / location) if location and "\0" not in str(location) else ()
    for folder, folders, files in below:
        folders.sort()
        yield from (path for path in sorted(Path(folder, name) for name in (*folders, *files)) if path.is_symlink())


def raw_files(source: Described, location: str, root: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Return the file at a location, or the files with those suffixes below the folder there, sorted by path.

    Symbolic links below the folder are passed over (``links``).

    Raises:
        DataError: there is nothing at that location, or no such file in it.
    """
    path = root / location
    try:
        if path.is_file():
            return [path]
        below = (Path(folder, name) for folder, _, names in os.walk(path) for name in names)
        found = sorted(
            file for file in below if file.suffix.lower() in suffixes and file.is_file() and not file.is_symlink()
        )
    except (OSError, ValueError):  # a name that is too long, or no name at all
        found = []
    if not found:
        wanted = " or ".join(suffixes)
        raise DataError(f"{location} is no file and holds no {wanted} (domain.sources, name: {source.name})")
    return found

"""Which id a document has: unique over the sources of a domain, and the same as long as the material is.

An id begins with the name of its source. What follows is the record's own id where there is one, or else its place.
"""

import hashlib
import sqlite3
from pathlib import Path

from r1tailor.sources.base import Described


def prefix(source: Described, path: Path, folder: Path) -> str:
    """Return how the ids of a file's documents begin: with its path in the source's folder, if it is not the source.

    So they do not move when another file is added to the folder.
    """
    return source.name if path == folder else f"{source.name}-{path.relative_to(folder).as_posix()}"


class SeenIds:
    """The ids of one source and where each stands; kept on disk, so that memory stays flat however many there are.

    Ids may be confidential: what is kept is a hash of 128 bits, in a nameless file that goes with the process.
    """

    def __init__(self) -> None:
        self._table = sqlite3.connect("")
        self._table.execute("CREATE TABLE seen (id BLOB PRIMARY KEY, place TEXT) WITHOUT ROWID")

    def earlier(self, id_: str, place: str) -> str | None:
        """Remember an id and its place; return the place where it stood before, or None if it is new."""
        key = hashlib.blake2b(id_.encode(), digest_size=16).digest()
        new = self._table.execute("INSERT INTO seen VALUES (?, ?) ON CONFLICT DO NOTHING", (key, place)).rowcount
        if new:
            return None
        return str(self._table.execute("SELECT place FROM seen WHERE id = ?", (key,)).fetchone()[0])

    def close(self) -> None:
        """Forget everything."""
        self._table.close()

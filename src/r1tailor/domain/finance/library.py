"""The crisis library: documented events of markets, from CSV files and from settings.

A file has the columns ``market, start, end, name, fall, source`` and a row for each event. ``market`` and ``fall`` may
be empty: then the event is of any market, or of any size. All faults of all files are reported together.
"""

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from r1tailor import config, config_messages
from r1tailor.domain.finance.settings import Crises, CrisisEvent
from r1tailor.errors import ConfigError, DataError
from r1tailor.sources import csv_rows
from r1tailor.sources.csv_rows import Row
from r1tailor.sources.streams import Damage

COLUMNS = ("market", "start", "end", "name", "fall", "source")
_KEY = "domain.task.crises.library"


def events(settings: Crises, root: Path) -> tuple[CrisisEvent, ...]:
    """Return every event of the library, in the order of files and rows, then those that stand in settings.

    Args:
        settings: names the files.
        root: of the project. What the project lacks of ``conf/`` is read from the package.

    Raises:
        ConfigError: a file is missing, or a row is damaged, faulty or stands there twice; names file and line of each.
    """
    found: dict[tuple[str | None, str, str], str] = {}
    read: list[CrisisEvent] = []
    faults: list[str] = []
    for name in settings.library:
        for place, event in _rows(name, root):
            if isinstance(event, str):
                faults.append(f"{_KEY}: {place}: {event}")
                continue
            first = found.setdefault((event.market, event.start, event.name), place)
            if first != place:
                faults.append(f"{_KEY}: {place}: {event.name} of {event.start} stands in {first} already")
            read.append(event)
    if faults:
        raise ConfigError(faults)
    return (*read, *settings.events)


def _rows(name: str, root: Path) -> Iterator[tuple[str, CrisisEvent | str]]:
    """Yield the place of each row with its event, or with what is wrong."""
    path = _file(name, root)
    if not path.is_file():
        yield name, "does not exist"
        return
    try:
        for line, row in csv_rows.rows(path, COLUMNS, name, capitals=False, separator=csv_rows.AUTO):
            yield f"{name}, {line}", row.reason if isinstance(row, Damage) else _event(row)
    except DataError as error:
        yield name, str(error).removeprefix(name).lstrip(", ")


def _file(name: str, root: Path) -> Path:
    """Return the file in the project; where there is none, that of the package."""
    own, packaged = root / name, config.PACKAGED_CONF.parent / name
    return packaged if not own.exists() and name.startswith("conf/") else own


def _event(row: Row) -> CrisisEvent | str:
    cells = {column: row[column].strip() or None for column in COLUMNS}
    try:
        return CrisisEvent.model_validate(cells | {"fall": float(cells["fall"]) if cells["fall"] else None})
    except ValidationError as error:
        return config_messages.first(error)
    except ValueError:
        return f"fall = {cells['fall']!r} is no number"

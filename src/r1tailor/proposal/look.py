"""A file, a folder or a database is opened, and what kind of material it is: rows, conversations or documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from pyarrow import parquet

from r1tailor.config_messages import did_you_mean
from r1tailor.errors import DataError
from r1tailor.proposal import tables

Shape = Literal["table", "records", "documents", "judgments", "pubmed", "jats", "database"]
MOST = 20_000  # rows that are looked at
_LINES, _FEW_LINES = 50, 4  # of a text that may be a table
_TABLES = (".csv", ".tsv", ".tab", ".parquet", ".xlsx")
_JSON = (".json", ".jsonl", ".ndjson")
_DOCUMENTS = (".pdf", ".docx", ".txt", ".md", ".html", ".htm", ".xhtml")
_XML = (".xml", ".nxml")
_SHAPES: tuple[tuple[frozenset[str], str], ...] = (  # keys of one record, and what the format is called
    (frozenset({"messages"}), "messages"),
    (frozenset({"conversations"}), "sharegpt"),
    (frozenset({"instruction", "output", "history"}), "alpaca"),
    (frozenset({"instruction", "output", "system"}), "alpaca"),
    (frozenset({"prompt", "completion"}), "prompt_completion"),
    (frozenset({"instruction", "input", "output"}), "instruction"),
)


@dataclass(frozen=True)
class Looked:
    """What was found at a place.

    Attributes:
        shape: what kind of material it is.
        place: as the user gave it: a file, a folder or a database's URL.
        suffix: of the files, such as ``.csv``.
        files: how many there are.
        rows: the records, of a large file the first ones; of documents their texts under ``text``.
        columns: their keys, in order.
        reader: settings of the source that were found out: encoding, separator, sheet, format.
        said: how each of them was found out, as (English, Chinese).
        faults: rows that cannot be read, with their place.
        total: about how many rows there are, also where only the first ones were looked at.
        others: names of files in the folder that are not read.
    """

    shape: Shape
    place: str
    suffix: str
    files: int
    rows: Sequence[Mapping[str, Any]]
    columns: tuple[str, ...] = ()
    reader: dict[str, Any] = field(default_factory=dict)
    said: dict[str, tuple[str, str]] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    total: int = 0
    others: tuple[str, ...] = ()


def look(place: str, query: str = "") -> Looked:
    """Return what lies at a place.

    Args:
        place: a file, a folder, or a database's URL.
        query: of a database, the SELECT statement; empty takes its largest table.

    Raises:
        DataError: there is nothing, or nothing that can be read as rows, conversations or documents.
    """
    if "://" in place:
        from r1tailor.proposal.database import look_at_database

        return look_at_database(place, query)
    files = _files(Path(place))
    found = _opened(place, files)
    return replace(found, total=_total(files, found.rows), others=_others(Path(place), files))


def _opened(place: str, files: Sequence[Path]) -> Looked:
    suffix = files[0].suffix.lower()
    if suffix in _TABLES or (suffix == ".txt" and len(files) == 1 and _is_delimited(files[0])):
        return _table(place, files)
    if suffix in _JSON:
        return _records(place, files)
    if suffix in _XML:
        return _xml(place, files)
    return Looked(_of_texts(files[0]), place, suffix, len(files), rows=())


def _is_delimited(file: Path) -> bool:
    """Whether each of a text's first lines has as many tabs, at least one: a table that somebody saved as text."""
    with file.open("rb") as lines:
        tabs = [line.count(b"\t") for line in islice((line for line in lines if line.strip()), _LINES)]
    return len(tabs) >= _FEW_LINES and tabs[0] > 0 and len({*tabs}) == 1


def _total(files: Sequence[Path], rows: Sequence[Mapping[str, Any]]) -> int:
    """Return how many rows there are; where not all were looked at, by the bytes that those took."""
    if len(files) == 1 and len(rows) < MOST:
        return len(rows)
    if files[0].suffix.lower() == ".parquet":
        return sum(parquet.read_metadata(file).num_rows for file in files)
    taken = sum(len(str(cell).encode()) + 1 for row in rows for cell in row.values())
    return max(len(rows), round(len(rows) * sum(file.stat().st_size for file in files) / max(1, taken)))


def _others(place: Path, files: Sequence[Path]) -> tuple[str, ...]:
    if place.is_file():
        return ()
    read = set(files)
    return tuple(
        str(file.relative_to(place)) for file in sorted(place.rglob("*")) if file.is_file() and file not in read
    )


def _files(path: Path) -> list[Path]:
    """Return the file, or those files of a folder that have its most frequent suffix.

    Raises:
        DataError: there is none.
    """
    known = (*_TABLES, *_JSON, *_DOCUMENTS, *_XML)
    if path.is_file():
        if path.suffix.lower() not in known:
            raise DataError(f"{path}: a file whose name ends in {', '.join(known)} is expected")
        return [path]
    if not path.exists():
        near = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
        raise DataError(f"{path} does not exist.{did_you_mean(path.name, near)}")
    below = sorted(file for file in path.rglob("*") if file.is_file() and not file.is_symlink())
    suffixes = [file.suffix.lower() for file in below if file.suffix.lower() in known]
    if not suffixes:
        raise DataError(f"{path} holds no file that ends in {', '.join(known)}")
    most = max(dict.fromkeys(suffixes), key=suffixes.count)
    return [file for file in below if file.suffix.lower() == most]


def _table(place: str, files: Sequence[Path]) -> Looked:
    found = tables.read(files[0], MOST)
    return Looked(
        "table",
        place,
        files[0].suffix.lower(),
        len(files),
        found.rows,
        found.columns,
        found.reader,
        found.said,
        found.faults,
    )


def _records(place: str, files: Sequence[Path]) -> Looked:
    rows, faults, key = _json_rows(files[0])
    columns = tuple(dict.fromkeys(key for row in rows for key in row))
    if not columns:
        why = f"; {faults[0]}" if faults else ""
        raise DataError(f"{files[0]} holds no list of records{why}")
    form = next((name for keys, name in _SHAPES if keys <= set(columns)), "")
    shown = ", ".join(columns[:8])
    under = (
        (f"its records, under {key}, have", f"{key} 之下的记录，键为") if key else ("its records have", "记录的键为")
    )
    said = {"format": (f"{under[0]} {shown}", f"{under[1]} {shown}")}
    reader = {"format": form} if form else {}
    shape: Shape = "records" if form else "table"
    return Looked(shape, place, files[0].suffix.lower(), len(files), rows, columns, reader, said, tuple(faults))


def _json_rows(path: Path) -> tuple[list[dict[str, Any]], list[str], str]:
    """Return the first records of a file, its faults, and the key of a JSON file under which its records stand."""
    from r1tailor.record_files import is_one_json_value, json_lines

    if path.suffix.lower() == ".json" and is_one_json_value(path):
        rows, key = _json_list(path)
        return rows, [], key
    lines = [*islice(json_lines(path), MOST)]
    faults = [f"line {number}: {line}" for number, line in lines if isinstance(line, str)]
    return [line for _, line in lines if not isinstance(line, str)], faults, ""


def _json_list(path: Path) -> tuple[list[dict[str, Any]], str]:
    """Return the records of a JSON file, and the key under which they stand in it.

    Raises:
        DataError: it is no JSON, or holds none.
    """
    from r1tailor.record_files import read_json_records
    from r1tailor.sources.containers import LISTS

    value, key = read_json_records(path, {*LISTS})
    rows = [row for row in value if isinstance(row, dict)]
    if not rows:
        held = type(value[0]).__name__ if value else "nothing"
        raise DataError(f"{path}: a list of records is expected; its list holds {held}")
    return rows[:MOST], key


def _xml(place: str, files: Sequence[Path]) -> Looked:
    head = files[0].read_bytes()[:4096]
    shape: Shape = "pubmed" if b"PubmedArticle" in head or b"MedlineCitation" in head else "jats"
    return Looked(shape, place, files[0].suffix.lower(), len(files), rows=())


def _of_texts(file: Path) -> Shape:
    """Return ``judgments`` for a text that is headed as a Chinese ruling, else ``documents``."""
    if file.suffix.lower() not in (".txt", ".html", ".htm"):
        return "documents"
    raw = file.read_bytes()[:20_000]
    text = raw.decode("utf-8", "ignore") + raw.decode("gb18030", "ignore")
    heading = "".join(text.split())
    ruling = any(f"{kind}{form}" in heading for kind in ("判决", "裁定") for form in ("书",))
    return "judgments" if ruling and "本院" in heading else "documents"

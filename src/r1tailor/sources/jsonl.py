"""Anybody's JSONL of instruction examples: one document a line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from r1tailor import store
from r1tailor.errors import DataError
from r1tailor.records import Document, read_json_lines
from r1tailor.schema import JsonlSource

_REQUIRED = ("input", "output")
_OPTIONAL = ("instruction", "reasoning", "group", "entities")


def read(source: JsonlSource, root: Path) -> Iterator[Document]:
    """Yield a document for each line: ``text`` is the input, the rest are its fields.

    Raises:
        DataError: the file is missing, a line is not JSON, or a key is missing, unknown or of another type.
    """
    path = root / source.path
    if not _is_file(path):
        raise DataError(f"{source.path} is not a file (domain.sources, name: {source.name})")
    sha256 = store.sha256_file(path)
    count = 0
    for number, line in read_json_lines(path):
        _check(line, f"{source.path}, line {number}")
        fields = {"instruction": "", "reasoning": "", "group": "", "entities": [], **line}
        text = fields.pop("input")
        id_ = f"{source.name}-{number}"
        yield Document(id_, text, source.name, source.licence, sha256, f"line {number}", source.available_at, fields)
        count += 1
    if count == 0:
        raise DataError(f'{source.path} holds no records; a line is {{"instruction", "input", "output"}}')


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long, or no name at all
        return False


def _check(line: dict[str, Any], where: str) -> None:
    for key in _REQUIRED:
        if key not in line:
            raise DataError(f"{where}: {key} is missing; a record needs {', '.join(_REQUIRED)}")
    for key, value in line.items():
        if key not in (*_REQUIRED, *_OPTIONAL):
            allowed = ", ".join((*_REQUIRED, *_OPTIONAL))
            raise DataError(f"{where}: {key} is not a key of a record. Allowed: {allowed}")
        if key == "entities":
            if not isinstance(value, list) or not all(isinstance(entity, str) for entity in value):
                raise DataError(f"{where}: entities must be a list of text")
        elif not isinstance(value, str):
            raise DataError(f"{where}: {key} must be text, found {type(value).__name__}")
    if not line["output"].strip():
        raise DataError(f"{where}: output is empty: there is nothing to learn from it")

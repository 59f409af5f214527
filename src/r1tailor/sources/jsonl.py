"""Anybody's JSONL of instruction examples: one document a line."""

from pathlib import Path
from typing import Any

from r1tailor.errors import DataError
from r1tailor.records import json_lines, named
from r1tailor.schema.sources import JsonlSource
from r1tailor.sources import ids
from r1tailor.sources.base import Origin, Read, raw_files, within_limits

_REQUIRED = ("input", "output")
_OPTIONAL = ("instruction", "reasoning", "group", "entities")


def read(source: JsonlSource, root: Path) -> Read:
    """Yield a document for each line of each file: ``text`` is the input, the rest are its fields.

    A line that is not JSON, or lacks a key, or has one of another name or type, is rejected.

    Raises:
        DataError: there is no such file, or no line in it.
    """
    records = 0
    for path in raw_files(source, source.path, root, (".jsonl",)):
        origin = Origin.of(source, path, root)
        for found in within_limits(_file(origin, path, ids.prefix(source, path, root / source.path)), origin):
            records += 1
            yield found
    if not records:
        raise DataError(f'{source.path} holds no records; a line is {{"instruction", "input", "output"}}')


def _file(origin: Origin, path: Path, prefix: str) -> Read:
    for number, line in json_lines(path):
        reason = line if isinstance(line, str) else _fault(line)
        if reason or isinstance(line, str):
            yield origin.rejection(f"line {number}", reason)
            continue
        fields = {"instruction": "", "reasoning": "", "group": "", "entities": [], **line}
        text = fields.pop("input")
        yield origin.document(f"{prefix}-{number}", text, f"line {number}", fields)


def _fault(line: dict[str, Any]) -> str:
    """Return what is wrong with a record; empty if nothing is."""
    for key in _REQUIRED:
        if key not in line:
            return f"{key} is missing; a record needs {', '.join(_REQUIRED)}"
    for key, value in line.items():
        if key not in (*_REQUIRED, *_OPTIONAL):
            return f"{named(key)} is not a key of a record. Allowed: {', '.join((*_REQUIRED, *_OPTIONAL))}"
        if key == "entities":
            if not isinstance(value, list) or not all(isinstance(entity, str) for entity in value):
                return "entities must be a list of text"
        elif not isinstance(value, str):
            return f"{key} must be text, found {type(value).__name__}"
    return "" if line["output"].strip() else "output is empty: there is nothing to learn from it"

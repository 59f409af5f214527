"""Files of annotations, examples and predictions: JSONL, and whatever JSON others wrote, each line read by its number.

What is wrong with a line is said without quoting it: it may be confidential.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from r1tailor import config_messages
from r1tailor.errors import DataError
from r1tailor.records import Annotation, Example, Prediction, Sample, Turn

_ANNOTATION = TypeAdapter(Annotation)
_PLAIN_KEY = re.compile(r"[a-z][a-z_]{0,39}")
_WHERE_THERE_ARE = (  # written only where there are any
    *("turns", "tools", "tool_calls", "conversation", "rejected"),
    *("reasoning_tokens", "truncated", "samples", "block_log_likelihood", "block_tokens"),
)
Record = TypeVar("Record", Example, Prediction)


def write_records(path: Path, records: Iterable[Annotation] | Iterable[Example] | Iterable[Prediction]) -> int:
    """Write annotations, examples or predictions as JSONL; return how many."""
    lines = [_json(_without_empty(asdict(record))) for record in records]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return len(lines)


def read_annotations(path: Path) -> list[Annotation]:
    """Return the annotations of a JSONL file that ``write_records`` or another tool wrote.

    Raises:
        DataError: the file is missing, or a line is no annotation: names the line and the key.
    """
    read = []
    for number, value in read_json_lines(path):
        try:
            read.append(_ANNOTATION.validate_json(_json(value), strict=True))
        except ValidationError as error:
            raise DataError(f"{path}, line {number}: {config_messages.first(error)}") from None
    return read


def read_examples(path: Path) -> list[Example]:
    """Return the examples of a JSONL file that ``write_records`` wrote."""
    return [
        replace(
            found,
            series=tuple(map(tuple, found.series)),
            turns=tuple(Turn(**turn) for turn in found.turns),  # type: ignore[arg-type]  # as JSON holds them
            tools=tuple(found.tools),
            tool_calls=tuple(found.tool_calls),
        )
        for found in _read(path, Example)
    ]


def read_predictions(path: Path) -> list[Prediction]:
    """Return the predictions of a JSONL file that ``write_records`` wrote."""
    return [
        replace(
            found,
            label_scores=tuple(found.label_scores),
            samples=tuple(Sample(**one) for one in found.samples),  # type: ignore[arg-type]  # as JSON holds them
        )
        for found in _read(path, Prediction)
    ]


def read_json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number, mapping) for each non-empty line.

    Raises:
        DataError: the file is missing or not UTF-8, or a line is no JSON mapping: names the line.
    """
    for number, value in json_lines(path):
        if isinstance(value, str):
            raise DataError(f"{path}, line {number}: {value}")
        yield number, value


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Yield (line number, mapping) for each non-empty line, or (line number, what is wrong with it).

    Raises:
        DataError: the file is missing.
    """
    if not path.is_file():
        raise DataError(f"{path} does not exist")
    with path.open("rb") as lines:
        for number, raw in enumerate(lines, start=1):
            if raw.strip():
                yield number, _parsed(raw, "utf-8-sig" if number == 1 else "utf-8")


def read_json_list(path: Path) -> list[Any]:
    """Return the list that a JSON file holds.

    Raises:
        DataError: the file is missing, is not JSON or holds no list.
    """
    value = _json_of(path)
    if not isinstance(value, list):
        raise DataError(f"{path}: a list is expected, found {type(value).__name__}")
    return value


def read_json_records(path: Path, of_records: Set[str] = frozenset()) -> tuple[list[Any], str]:
    """Return the records of a JSON file, and the key under which they stand; empty where the file is their list.

    A mapping holds them where exactly one of its values is a list of mappings, as in ``{"version": 1, "data": [...]}``,
    and is itself a record where it has a key of ``of_records``.

    Raises:
        DataError: the file is missing, is not JSON or holds no records.
    """
    value = _json_of(path)
    if isinstance(value, list):
        return value, ""
    if not isinstance(value, dict):
        raise DataError(f"{path}: a list of records is expected, found {type(value).__name__}")
    if of_records & value.keys():
        return [value], ""
    lists = [
        key for key, held in value.items() if isinstance(held, list) and any(isinstance(one, dict) for one in held)
    ]
    if len(lists) != 1:
        keys = ", ".join(named(key) for key in list(value)[:6])
        several = f"; which of the lists holds them, {', '.join(map(named, lists))}?" if lists else ""
        raise DataError(f"{path}: a list of records is expected, found a mapping with {keys}{several}")
    return value[lists[0]], lists[0]


def is_one_json_value(path: Path) -> bool:
    """Whether a file of JSON holds one list or one mapping, and not a mapping on each line."""
    with path.open("rb") as file:
        lines = (text for line in file if (text := line.strip(b"\xef\xbb\xbf \t\r\n")))
        first = next(lines, b"")
        return first.startswith(b"[") or (bool(first) and (not first.endswith(b"}") or next(lines, None) is None))


def _json_of(path: Path) -> Any:  # noqa: ANN401
    if not path.is_file():
        raise DataError(f"{path} does not exist")
    value, fault = _decoded(path.read_bytes(), "utf-8-sig")
    if fault:
        raise DataError(f"{path}: {fault}")
    return value


def _parsed(raw: bytes, encoding: str) -> dict[str, Any] | str:
    """Return the mapping of one line, or what is wrong with it."""
    value, fault = _decoded(raw, encoding)
    if fault or isinstance(value, dict):
        return fault or value
    return f"a mapping is expected, found {type(value).__name__}"


def _decoded(raw: bytes, encoding: str) -> tuple[Any, str]:
    """Return a JSON value and what is wrong with it; empty if nothing is."""
    try:
        value = json.loads(raw.decode(encoding), object_pairs_hook=_once_each)
        if b"\\u" in raw:
            _json(value).encode()
    except UnicodeDecodeError as error:
        return None, f"not UTF-8 (byte {error.start + 1})"
    except UnicodeEncodeError as error:
        return None, f"\\u{ord(error.object[error.start]):04x} is half a character; the other half is missing"
    except _TwiceError as error:
        return None, f"{error} stands there twice; say it once"
    except (ValueError, RecursionError) as error:
        what = getattr(error, "msg", "nested too deeply" if isinstance(error, RecursionError) else "a number too long")
        return None, f"not JSON: {what}"
    return value, ""


class _TwiceError(ValueError):
    """A key stands twice in one mapping; its text is the key."""


def named(key: str) -> str:
    """Return how a message calls a key of a record: by its name if it reads like one, for a key may be content too."""
    return repr(key) if _PLAIN_KEY.fullmatch(key) else "a key"


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        counted = Counter(key for key, _ in pairs)
        raise _TwiceError(named(next(key for key in mapping if counted[key] > 1)))
    return mapping


def _read(path: Path, record: type[Record]) -> Iterator[Record]:
    for number, value in read_json_lines(path):
        try:
            yield record(**value)
        except TypeError:  # its words quote a key of the line
            expected = ", ".join(field.name for field in fields(record))
            raise DataError(
                f"{path}, line {number}: not of kind {record.__name__}: its keys are not {expected}"
            ) from None


def _without_empty(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if value or key not in _WHERE_THERE_ARE}


def _json(value: Any) -> str:  # noqa: ANN401
    return json.dumps(value, ensure_ascii=False, sort_keys=False)

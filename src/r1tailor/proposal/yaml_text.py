"""YAML with comments: values in the order of the domain's sections, each with the reason why it was chosen."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

_BLOCKS = 24  # columns before a comment
_FLOW = (
    "columns",
    "bars",
    "symbols",
    "permissions",
    "market",
    "label_rules",
    "leaks",
    "template",
)  # mappings that stand on one line


def text(values: Mapping[str, Any], comments: Mapping[str, str], header: str = "", defaults: str = "") -> str:
    """Return a mapping as YAML.

    Args:
        values: nested plain values.
        comments: reason by dotted key; a key of an item of a list stands below the list's own (``sources.path``).
        header: comment that opens the file, without ``#``.
        defaults: YAML that stands before the values.
    """
    opening = [f"# {line}".rstrip() for line in header.splitlines()]
    return "\n".join([*opening, *defaults.splitlines(), *_mapping(values, comments, "", "")]) + "\n"


def _mapping(values: Mapping[str, Any], comments: Mapping[str, str], indent: str, path: str) -> Iterator[str]:
    for key, value in values.items():
        where = f"{path}{key}"
        if not indent and isinstance(value, dict | list):
            yield ""
        if isinstance(value, dict) and value and key not in _FLOW:
            yield _commented(f"{indent}{key}:", comments.get(where, ""))
            yield from _mapping(value, comments, f"{indent}  ", f"{where}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield _commented(f"{indent}{key}:", comments.get(where, ""))
            for item in value:
                first, *others = _mapping(item, comments, f"{indent}    ", f"{where}.")
                yield f"{indent}  - {first.lstrip()}"
                yield from others
        else:
            yield _commented(f"{indent}{key}: {_scalar(value)}", comments.get(where, ""))


def _commented(line: str, comment: str) -> str:
    return f"{line.ljust(_BLOCKS)} # {' '.join(comment.split())}" if comment else line


def _scalar(value: Any) -> str:  # noqa: ANN401
    """Return a value in one line; ``${`` of the data is no interpolation."""
    written = yaml.safe_dump(
        _escaped(value), default_flow_style=True, allow_unicode=True, width=float("inf"), sort_keys=False
    )
    return written.removesuffix("\n").removesuffix("\n...")


def _escaped(value: Any) -> Any:  # noqa: ANN401
    match value:
        case str():
            return value.replace("${", "\\${")
        case list():
            return [_escaped(inner) for inner in value]
        case dict():
            return {_escaped(key): _escaped(inner) for key, inner in value.items()}
        case _:
            return value

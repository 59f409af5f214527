"""The calls of tools that an answer writes, whatever form its model's template has: name and arguments as JSON.

Read are JSON mappings with ``name`` and ``arguments`` (or ``parameters``), alone, in a list, below ``function`` or
between tags, and the two forms of DeepSeek, which write the name before the arguments.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

Call = tuple[str, str]  # name, arguments as JSON in one spelling

_NAMED_BEFORE = re.compile(  # R1: function<sep>name, then a fenced block; V3.1: name<sep>{...}
    r"(?:function<｜tool▁sep｜>(?P<first>[\w.-]+)\s*(?:```json)?|(?P<second>[\w.-]+)<｜tool▁sep｜>)\s*(?=\{)"
)
_OPENS = re.compile(r"[\[{][\[{\s]*")
_DECODER = json.JSONDecoder()


def called(calls: Sequence[Mapping[str, Any]]) -> list[Call]:
    """Return the calls of an example, as ``records.Example.tool_calls`` holds them."""
    return [call for each in calls for call in _of(each)]


def calls_in(text: str) -> list[Call]:
    """Return the calls that an answer writes, in order.

    >>> calls_in('<tool_call>{"name": "dose", "arguments": {"kg": 5.0}}</tool_call>')
    [('dose', '{"kg": 5}')]
    """
    found, place = [], 0
    while match := _OPENS.search(text, place):
        begin = match.start()
        named = next((one for one in _NAMED_BEFORE.finditer(text, place, begin + 1) if one.end() == begin), None)
        try:
            value, place = _DECODER.raw_decode(text, begin)
        except ValueError:
            place = begin + 1
            continue
        except RecursionError:  # nested deeper than any call
            place = match.end()
            continue
        name = (named["first"] or named["second"]) if named else ""
        found += [_call(name, value)] if name else list(_of(value))
    return found


def _of(value: Any) -> Iterator[Call]:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, list):
        for each in value:
            yield from _of(each)
    elif isinstance(value, Mapping):
        function = value.get("function")
        inner = function if isinstance(function, Mapping) else value
        arguments = inner.get("arguments", inner.get("parameters"))
        if isinstance(inner.get("name"), str) and arguments is not None:
            yield _call(inner["name"], arguments)


def _call(name: str, arguments: Any) -> Call:  # noqa: ANN401 - whatever JSON holds
    if isinstance(arguments, str):
        with suppress(ValueError, RecursionError):
            arguments = json.loads(arguments)
    return name, json.dumps(_plain(arguments), sort_keys=True, ensure_ascii=False)


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return a value in which 5.0 is 5."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case Mapping():
            return {str(key): _plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
    return value

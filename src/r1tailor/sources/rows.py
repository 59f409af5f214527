"""Rows become documents: the same for every table, whether it comes from a file or a database.

A row is a number and its cells by column, or a number and what is wrong with it; number 0 stands for the whole file.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, get_args

from r1tailor.records import Document
from r1tailor.schema.tables import Columns, Role, RowSource
from r1tailor.sources.base import Origin, Read
from r1tailor.sources.cells import CellError, date_of, is_empty, plain, terms_of, text_of
from r1tailor.sources.conversations import Fault, answered
from r1tailor.sources.ids import SeenIds, not_unique

Row = tuple[int, dict[str, Any] | str]

_PARTS: tuple[Role, ...] = get_args(Role)
_ASKED = ("instruction", "input")  # one of them may be empty
_OWN_NAMES = {  # the columns that a part takes by itself
    "input": ("input", "text"),
    **{part: (part,) for part in ("instruction", "output", "reasoning", "group", "entities")},
}
_TAKEN = {*_PARTS, "gold", "disagreement", "pages"}  # fields that mean something to later stages
_LIKE_A_NAME = re.compile(r"(?!.*\d{3})(?!.*@)[^\n]{1,60}")  # a first line that is no header may hold anything
_SHOWN = 30


@dataclass(slots=True)
class Table:
    """One table: how its rows become documents.

    Attributes:
        origin: the file or database.
        source: the settings.
        unit: what a number counts (``line``, ``row``).
        prefix: how the ids of rows without an id of their own begin.
        seen: the ids of the source so far.
        said: what was printed about the source so far; each line once.
        how: how the file is read, for that line; set by its reader.
    """

    origin: Origin
    source: RowSource
    unit: str
    prefix: str
    seen: SeenIds
    said: set[str] = field(default_factory=set)
    how: str = ""

    def documents(self, rows: Iterable[Row]) -> Read:
        """Yield a document or a rejection for each row; print once which columns become what."""
        for number, cells in rows:
            position = f"{self.unit} {number}" if number else ""
            try:
                if isinstance(cells, str):
                    raise CellError(cells)
                yield self._document(number, position, cells)
            except CellError as fault:
                yield self.origin.rejection(position, str(fault))

    def _document(self, number: int, position: str, cells: dict[str, Any]) -> Document:
        columns = self.source.columns
        parts, others = bound(cells, columns)
        if fault := _parts_fault(parts, others, self.source, cells):
            raise CellError(fault)
        self._say(parts, others)
        fields: dict[str, Any] = {part: self._part(part, names, cells) for part, names in parts.items()}
        if not any(fields.get(part) for part in _ASKED) and not {*_ASKED} & {*columns.optional}:
            raise CellError(f"{parts.get('input', parts.get('instruction', ('input',)))[0]} is empty")
        _refuse_malformed_reasoning(parts, fields)
        text, day = fields.pop("input", ""), fields.pop("date", None) or None
        fields |= dict(self._others(others, cells))
        id_ = f"{self.prefix}-{number}" if columns.id is None else self._own_id(cells, columns.id, position)
        return self.origin.document(id_, text, position, fields, day)

    def _part(self, part: Role, names: tuple[str, ...], cells: dict[str, Any]) -> Any:  # noqa: ANN401
        for name in names:
            if name not in cells:
                raise CellError(f"{name} is missing{there_are(list(cells))}")
        if part == "entities":
            values: list[Any] = [terms_of(cells[names[0]], names[0], self.source)]
        elif part == "date":
            values = [date_of(cells[names[0]], names[0], self.source)]
        else:
            values = [text_of(cells[name], name, self.source) for name in names]
        optional = part in self.source.columns.optional
        for name, value in zip(names, values, strict=True):
            if not value and not optional and part not in _ASKED:
                raise CellError(f"{name} is empty")
        if len(values) == 1:
            return values[0]
        return ("/" if part == "group" else "\n").join(filter(None, values))

    def _others(self, names: Sequence[str], cells: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        for name in names:
            try:
                yield _kept(name), plain(cells[name], name, self.source)
            except CellError as fault:
                if self.source.columns.fields is not None:
                    raise
                self._print(f"{self.origin.source.name}: a cell is not kept in fields: {fault}")

    def _own_id(self, cells: dict[str, Any], column: str, position: str) -> str:
        if column not in cells:
            raise CellError(f"{column} is missing{there_are(list(cells))}")
        value = cells[column]
        if is_empty(value, self.source):
            raise CellError(f"{column} is empty")
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise CellError(f"{column} must be text or a whole number, found {type(value).__name__}")
        earlier = self.seen.earlier(str(value), self.origin.file, position)
        if earlier is not None:
            raise CellError(not_unique(column, *earlier))
        return f"{self.origin.source.name}-{value}"

    def _say(self, parts: dict[Role, tuple[str, ...]], others: Sequence[str]) -> None:
        read = ", ".join(f"{part} = {' + '.join(names)}" for part, names in parts.items())
        without = "without a part, " if self.source.columns.fields is None else ""
        kept = f"; {without}kept in fields: {_listed(others)}" if others else ""
        self._print(f"{self.origin.source.name}: {self.how}{read}{kept}")

    def _print(self, line: str) -> None:
        if line not in self.said:
            self.said.add(line)
            print(line)


def _refuse_malformed_reasoning(parts: Mapping[Role, tuple[str, ...]], fields: Mapping[str, Any]) -> None:
    """Refuse an output whose ``<think>`` block is nested, unclosed or leaves no answer, or is not the row's reasoning.

    Raises:
        CellError: says which; what is well formed is parted by the domain.
    """
    if output := fields.get("output"):
        try:
            answered(output, fields.get("reasoning", ""), "+".join(parts["output"]))
        except Fault as fault:
            raise CellError(str(fault)) from None


def bound(found: Iterable[str], columns: Columns) -> tuple[dict[Role, tuple[str, ...]], list[str]]:
    """Return the columns of each part, as named or by their own name, and those that are kept without a part.

    Args:
        found: the names of the columns that are there.
        columns: the settings.
    """
    there = list(found)
    free = there if columns.fields is None else [name for name in columns.fields if name in there]
    parts: dict[Role, tuple[str, ...]] = {}
    for part in _PARTS:
        own = next((name for name in _OWN_NAMES.get(part, ()) if name in free), None)
        if names := columns.named(part) or ((own,) if own else ()):
            parts[part] = names
    used = {name for names in parts.values() for name in names} | {columns.id}
    listed = columns.fields or ()  # one that has a part as well is kept if it is asked for by name
    return parts, [name for name in free if name not in used or (name in listed and _kept(name) not in parts)]


def wanted(columns: Columns) -> list[str]:
    """Return the columns that the settings name, each once."""
    named = [name for part in _PARTS for name in columns.named(part)]
    named += [columns.id] if columns.id else []
    return list(dict.fromkeys([*named, *(columns.fields or ())]))


def header_fault(found: Sequence[str], source: RowSource) -> str:
    """Return what is wrong with the columns of a table; empty if each wanted one is there once."""
    columns = source.columns
    names = wanted(columns)
    if missing := [name for name in names if name not in found]:
        return f"no column is called {', '.join(missing)}{there_are(found, missing)}"
    if twice := [name for name in names if found.count(name) > 1]:
        return f"several columns are called {', '.join(twice)}"
    return _parts_fault(*bound(found, columns), source, found)


def _parts_fault(parts: Iterable[Role], others: Sequence[str], source: RowSource, found: Iterable[str]) -> str:
    if not {*_ASKED} & {*parts}:
        return f"no column is called input, text or instruction, and columns names none{there_are([*found])}"
    if others and source.unknown_keys == "refuse":
        return f"these columns have no part (unknown_keys: refuse): {_listed(others)}"
    return ""


def there_are(found: Sequence[str], missing: Sequence[str] = ()) -> str:
    """Return the columns that there are, the nearest to a missing one first; nothing where they read like content."""
    if not found or not all(isinstance(name, str) and _LIKE_A_NAME.fullmatch(name) for name in found):
        return "; its first line does not read like a header" if found else ""
    by_fold = {name.casefold(): name for name in found}
    near = [get_close_matches(name.casefold(), by_fold, n=1, cutoff=0.6) for name in missing]
    meant = list(dict.fromkeys(by_fold[close[0]] for close in near if close))
    hint = f". Did you mean {', '.join(meant)}?" if meant else ""
    return f"; there are {_listed(found)}{hint}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _kept(name: str) -> str:
    """Return the field that keeps a column without a part; a name that means something later is set apart."""
    return f"{name} (column)" if name in _TAKEN else name


def holds_other_bytes(cells: Iterable[object]) -> bool:
    """Whether a text among the cells came with bytes of another encoding, which ``surrogateescape`` let through."""
    try:
        "".join(cell for cell in cells if isinstance(cell, str)).encode()
    except UnicodeEncodeError:
        return True
    return False

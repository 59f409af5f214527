"""Cells of a table become what a document holds: text, a group, a list of terms, a date, plain JSON values.

A cell that is null, NaN, empty or one of the source's ``missing`` texts is empty. Numbers become text as people write
them: 3.0, which a column of numbers with a hole in it makes of 3, is 3. What is wrong is said by column and kind,
never by value.
"""

import json
import math
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from r1tailor.schema.tables import RowSource
from r1tailor.sources.written import NumberFormat, moment

_EXACT = 2**53  # above it a float is no longer a whole number of its own


class CellError(ValueError):
    """A row is no document; the text says why."""


def text_of(value: object, column: str, source: RowSource) -> str:
    """Return a cell as text; empty where the cell is.

    Raises:
        CellError: it is a list, bytes or something else that is no text.
    """
    if is_empty(value, source):
        return ""
    match value:
        case str():
            return plain_number(value, column, source) if column in source.numbers else value
        case bool():
            return "true" if value else "false"
        case datetime() if value.time() == time(0):
            return value.date().isoformat()
        case date() | time():
            return value.isoformat()
        case int() | Decimal() | UUID():
            return str(value)
        case float() if math.isfinite(value):
            return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)
    raise CellError(f"{column} must be text, found {_kind(value)}")


def is_empty(value: object, source: RowSource) -> bool:
    """Whether nothing stands in a cell."""
    if isinstance(value, str):
        return not value.strip() or value.strip() in source.missing
    return value is None or (isinstance(value, (float, Decimal)) and math.isnan(value))


def terms_of(value: object, column: str, source: RowSource) -> list[str]:
    """Return a cell as a list of texts; empty where the cell is.

    Raises:
        CellError: it is no such list.
    """
    if is_empty(value, source):
        return []
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            raise CellError(f"{column} is not the JSON list that it begins as") from None
    elif isinstance(value, str) and source.lists is not None:
        value = [item.strip() for item in value.split(source.lists) if item.strip()]
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise CellError(f"{column} must be a list of text: a JSON list, or its items divided by what lists names")
    return value


def date_of(value: object, column: str, source: RowSource) -> str:
    """Return a cell as an ISO date; empty where the cell is.

    Raises:
        CellError: it is no date, or is written in another way than ``dates`` says.
    """
    if is_empty(value, source):
        return ""
    try:
        if isinstance(value, str):
            value = moment(value.strip(), source.dates)
    except (ValueError, OverflowError):
        value = None
    if not isinstance(value, date):
        how = "YYYY-MM-DD, or dates must say how it is written" if source.dates == "auto" else f"dates = {source.dates}"
        raise CellError(f"{column} must be a date ({how})")
    return (value.date() if isinstance(value, datetime) else value).isoformat()


def plain_number(text: str, column: str, source: RowSource) -> str:
    """Return a number that is written with the source's marks with a point and nothing else: 1.234,5 is 1234.5.

    Raises:
        CellError: it is no number written so.
    """
    number = NumberFormat(source.decimal, source.thousands).plain(text)
    if number is None:
        marks = f"decimal {source.decimal!r}, thousands {source.thousands!r}"
        raise CellError(f"{column} must be a number ({marks})")
    return number


def plain(value: Any, column: str, source: RowSource) -> Any:  # noqa: ANN401
    """Return a cell as plain JSON values; a missing number, which some write as NaN, is null.

    Raises:
        CellError: it holds bytes, an infinite number or an object.
    """
    if isinstance(value, str) and column in source.numbers:
        value = None if is_empty(value, source) else _number(plain_number(value, column, source))
    match value:
        case None | bool() | int() | str():
            return value
        case float() if not math.isinf(value):
            return None if math.isnan(value) else value
        case date() | time():
            return value.isoformat()
        case Decimal() | UUID():
            return str(value)
        case list():
            return [plain(inner, column, source) for inner in value]
        case dict():
            return {str(key): plain(inner, column, source) for key, inner in value.items()}
    raise CellError(f"{column} must be text, a number, a date or a list of them, found {_kind(value)}")


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _kind(value: object) -> str:
    return "an infinite number" if isinstance(value, float) else type(value).__name__

"""What stands in a column: how full it is, how its values repeat, and whether they read as text, numbers or dates."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from r1tailor.sources.written import form_of, reads_as_number

MISSING = frozenset(
    ("", "n/a", "na", "#n/a", "nan", "null", "nil", "-", "--", "?", "tbd", "无", "暂无", "空", "缺失", "未填")
)
_ENOUGH = 0.9  # of the cells, for a column to be called of dates or numbers


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        name: as the header writes it.
        rows: how many there are.
        filled: cells that hold something.
        values: how often each value occurs, as text without surrounding blanks.
        length: mean characters of a filled cell.
        dates: format of its dates; empty if it holds none.
        numeric: whether its cells are numbers.
        plain: whether its cells are text or numbers, not lists or mappings.
    """

    name: str
    rows: int
    filled: int
    values: Counter[str]
    length: float
    dates: str
    numeric: bool
    plain: bool

    @property
    def distinct(self) -> float:
        """Share of the filled cells that is not a repetition of another one."""
        return len(self.values) / self.filled if self.filled else 0.0

    @property
    def words(self) -> bool:
        """Whether its cells read as text: neither numbers nor dates."""
        return bool(self.filled) and self.plain and not self.numeric and not self.dates


def missing(value: object) -> bool:
    """Whether a cell holds nothing: null, NaN, blank, or what people write in place of nothing.

    >>> [missing(value) for value in (None, float("nan"), " N/A ", 0, "无")]
    [True, True, True, False, True]
    """
    return value is None or value != value or str(value).strip().casefold() in MISSING


def described(name: str, rows: Sequence[Mapping[str, Any]]) -> Column:
    """Return what stands in one column."""
    cells = [row[name] for row in rows if not missing(row.get(name))]
    texts = [str(cell).strip() for cell in cells]
    plain = not any(isinstance(cell, list | dict) for cell in cells)
    return Column(
        name=name,
        rows=len(rows),
        filled=len(cells),
        values=Counter(texts),
        length=sum(map(len, texts)) / len(texts) if texts else 0.0,
        dates=_dates(cells, texts) if plain else "",
        numeric=bool(cells) and plain and sum(map(reads_as_number, texts)) >= _ENOUGH * len(texts),
        plain=plain,
    )


def _dates(cells: Sequence[object], texts: Sequence[str]) -> str:
    """Return the format of the dates that most cells hold; empty if they hold none."""
    if cells and all(isinstance(cell, date) for cell in cells):
        return "auto"
    if not texts or sum(map(len, texts)) > 30 * len(texts) or all(text.isdigit() and len(text) != 8 for text in texts):
        return ""
    return form_of(texts[:500], _ENOUGH)

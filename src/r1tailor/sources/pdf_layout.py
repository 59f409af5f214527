"""The lines of a PDF page in reading order. A PDF holds glyphs with places; lines, columns and tables are inferred.

Words close to one baseline make a row; a row is cut where its gap is wider than any space between words. If an upright
gap runs through the text, the page has two columns, read one after the other between the lines that span both.
A small raised word at the end of another is its superscript, so that 10⁹ does not become "10 9".
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import Any

from pdfplumber.page import Page
from pdfplumber.table import Table

from r1tailor.sources.markup import subscript, superscript
from r1tailor.sources.streams import Damage

_SMALL = 0.8  # of the size of the word before it: a superscript or subscript
_TOUCHING, _CUT = 0.15, 1.2  # gaps in font sizes: no space below the first, another column above the second
_MIDDLE = (0.3, 0.7)  # where between the text's left and right edge a gap may divide two columns
_FEWEST_LINES = 4  # a column has at least so many
_BOXED = 2  # a table has at least so many rows and columns
_MOST_GLYPHS = 50_000  # a dense page has 8,000; the work grows faster than their number
_MOST_EDGES = 10_000  # a page with more is a drawing, in which no table is looked for: its text is read all the same


@dataclass(frozen=True, slots=True)
class Line:
    """A piece of a page: a word, a line or a whole table, with its box in points from the top left.

    ``size`` is the font's size in points; 0 for a table.
    """

    text: str
    size: float
    x0: float
    x1: float
    top: float
    bottom: float

    def beside(self, other: "Line") -> bool:
        """Whether both stand on one baseline: the middle of each lies within the height of the other."""
        mine, theirs = (self.top + self.bottom) / 2, (other.top + other.bottom) / 2
        return self.top <= theirs <= self.bottom and other.top <= mine <= other.bottom


def lines_of(page: Page) -> tuple[list[Line], int]:
    """Return a page's lines in reading order, a table as one of them with a line of text for each row; count tables.

    Raises:
        Damage: it holds more glyphs than any page that is meant to be read.
    """
    if len(page.chars) > _MOST_GLYPHS:
        raise Damage(f"more than {_MOST_GLYPHS:,} glyphs")
    found = page.find_tables() if len(page.edges) <= _MOST_EDGES else []
    tables = [table for table in found if len(table.rows) >= _BOXED and len(table.rows[0].cells) >= _BOXED]
    words = _attached(_words(page))
    loose = [word for word in words if not any(_within(word, table.bbox) for table in tables)]
    boxes = [box for table in tables if (box := _table(table, words)).text]
    return list(_ordered([*_rows(loose), *([box] for box in boxes)])), len(boxes)


def _words(page: Page) -> list[Line]:
    found: list[dict[str, Any]] = page.extract_words(x_tolerance_ratio=_TOUCHING, extra_attrs=["size"])
    return [Line(each["text"], each["size"], each["x0"], each["x1"], each["top"], each["bottom"]) for each in found]


def _attached(words: list[Line]) -> list[Line]:
    """Join each superscript and subscript to the word it touches."""
    ending: dict[int, list[int]] = defaultdict(list)
    for index, word in enumerate(words):
        ending[round(word.x1)].append(index)
    joined: dict[int, Line] = dict(enumerate(words))
    for index, word in enumerate(words):
        near = (host for x in range(round(word.x0) - 2, round(word.x0) + 3) for host in ending[x])
        host = next((host for host in near if host in joined and _carries(words[host], word)), None)
        if host is not None:
            base = joined[host]
            raised = word.bottom < words[host].bottom - 0.1 * words[host].size
            text = base.text + (superscript(word.text) if raised else subscript(word.text))
            joined[host] = replace(base, text=text, x1=word.x1)
            del joined[index]
    return list(joined.values())


def _carries(host: Line, word: Line) -> bool:
    overlap = min(host.bottom, word.bottom) - max(host.top, word.top)
    gap = abs(word.x0 - host.x1)
    return word.size < _SMALL * host.size and gap < _TOUCHING * host.size and overlap > 0.3 * word.size


def _within(word: Line, box: tuple[float, float, float, float]) -> bool:
    x, y = (word.x0 + word.x1) / 2, (word.top + word.bottom) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _table(table: Table, words: list[Line]) -> Line:
    """Return a table as one line: its rows below each other, its cells with bars between them."""
    rows = []
    for row in table.rows:
        cells = ([word for word in words if cell and _within(word, cell)] for cell in row.cells)
        texts = [" ".join(_joined(line).text for line in _rows(cell)) for cell in cells]
        if any(texts):
            rows.append(" | ".join(texts))
    x0, top, x1, bottom = table.bbox
    return Line("\n".join(rows), 0, x0, x1, top, bottom)


def _rows(words: Iterable[Line]) -> list[list[Line]]:
    """Return the words of each baseline from left to right, the baselines from top to bottom."""
    rows: list[list[Line]] = []
    for word in sorted(words, key=lambda word: (word.top, word.x0)):
        row = next((row for row in reversed(rows) if row[0].beside(word)), None)
        if row is None:
            rows.append([word])
        else:
            row.append(word)
    return [sorted(row, key=lambda word: word.x0) for row in rows]


def _joined(words: list[Line]) -> Line:
    """Return the words of a row as one line, of the size that most of its characters have."""
    text = words[0].text
    for before, word in pairwise(words):
        touching = word.x0 - before.x1 < _TOUCHING * min(before.size, word.size)
        text += word.text if touching else f" {word.text}"
    size = max(words, key=lambda word: len(word.text)).size
    tops, bottoms = [word.top for word in words], [word.bottom for word in words]
    return Line(text, size, words[0].x0, words[-1].x1, min(tops), max(bottoms))


def _cut(row: list[Line]) -> list[list[Line]]:
    parts = [[row[0]]]
    for word in row[1:]:
        if word.x0 - parts[-1][-1].x1 > _CUT * word.size:
            parts.append([])
        parts[-1].append(word)
    return parts


def _ordered(rows: list[list[Line]]) -> Iterator[Line]:
    """Yield whole rows, or the left column before the right one between the rows that span both."""
    rows = sorted(rows, key=lambda row: min(word.top for word in row))
    gap = _gap([_joined(part) for row in rows for part in _cut(row)])
    right: list[Line] = []
    for row in rows:
        if gap is None or any(part[0].x0 < gap < part[-1].x1 for part in _cut(row)):
            yield from right
            right = []
            yield _joined(row)
            continue
        if ending := [word for word in row if word.x1 <= gap]:
            yield _joined(ending)
        if beginning := [word for word in row if word.x0 >= gap]:
            right.append(_joined(beginning))
    yield from right


def _gap(parts: list[Line]) -> float | None:
    """Return where an upright gap divides two columns of prose; None for one column and for a table without rules."""
    if not parts:
        return None
    edge, width = min(part.x0 for part in parts), max(part.x1 for part in parts) - min(part.x0 for part in parts)
    low, high = (edge + share * width for share in _MIDDLE)
    places = [part.x1 + 0.5 for part in parts if low < part.x1 < high]
    if not places:
        return None
    best = min(places, key=lambda place: (sum(part.x0 < place < part.x1 for part in parts), -place))
    left, right = [part for part in parts if part.x1 <= best], [part for part in parts if part.x0 >= best]
    return best if _is_column(left, best - edge, right) and _is_column(right, edge + width - best, left) else None


def _is_column(parts: list[Line], width: float, others: list[Line]) -> bool:
    """Whether lines are those of a column: enough of them, most wider than half of it, beside the other column's."""
    if len(parts) < _FEWEST_LINES or not others or median(part.x1 - part.x0 for part in parts) < width / 2:
        return False
    top, bottom = min(part.top for part in others), max(part.bottom for part in others)
    return sum(top <= part.top <= bottom for part in parts) >= len(parts) / 2

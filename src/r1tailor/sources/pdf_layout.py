"""The lines of a PDF page. A PDF holds glyphs with places: words, lines, columns and tables are inferred.

Glyphs that are no text are taken out first (``pdf_glyphs.py``), columns are found by ``pdf_columns.py``. A small raised
word at the end of another is its superscript, so that 10⁹ does not become "10 9".
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

from pdfplumber.page import Page
from pdfplumber.table import Table
from pdfplumber.utils.text import extract_words

from r1tailor.sources.markup import subscript, superscript
from r1tailor.sources.pdf_columns import TOUCHING, Line, joined, ordered, rows_of
from r1tailor.sources.pdf_glyphs import Glyph, glyphs_of, in_order, turned
from r1tailor.sources.streams import Damage

_SMALL = 0.8  # of the size of the word before it: a superscript or subscript
_BOXED = 2  # a table has at least so many rows and columns
_MOST_GLYPHS = 50_000  # a dense page has 8,000; the work grows faster than their number
_MOST_EDGES = 10_000  # a page with more is a drawing, in which no table is looked for: its text is read all the same


@dataclass(frozen=True)
class Layout:
    """What a page says.

    Attributes:
        lines: in reading order; a table is one of them, with a line of text for each row.
        tables: number of tables with rules.
        left_out: number of glyphs of watermarks, which are in no line.
    """

    lines: list[Line]
    tables: int
    left_out: int


def layout_of(page: Page) -> Layout:
    """Return the lines of a page: those in which most of its text runs first, then the sideways ones.

    Raises:
        Damage: it holds more glyphs than any page that is meant to be read, or its reading order cannot be told.
    """
    if len(page.chars) > _MOST_GLYPHS:
        raise Damage(f"more than {_MOST_GLYPHS:,} glyphs")
    glyphs = glyphs_of(page.chars)
    if glyphs.main:
        page = _upright(page, glyphs.main)
        glyphs = glyphs_of(page.chars)
    lines, tables = _with_tables(page, in_order(glyphs.directions.get(0, [])))
    for angle in sorted(glyphs.directions.keys() - {0}):
        sideways = in_order(turned(glyphs.directions[angle], angle, page.width, page.height))
        lines += ordered(rows_of(_attached(_words(sideways))))
    return Layout(lines, tables, glyphs.left_out)


def _upright(page: Page, angle: int) -> Page:
    """Return a page turned clockwise, so that text that runs at an angle becomes upright."""
    found = page.page_obj
    found.rotate = (page.rotation + angle) % 360
    found.attrs["Rotate"] = found.rotate
    return Page(page.pdf, found, page_number=page.page_number)


def _with_tables(page: Page, glyphs: list[Glyph]) -> tuple[list[Line], int]:
    found = page.find_tables() if len(page.edges) <= _MOST_EDGES else []
    tables = [table for table in found if len(table.rows) >= _BOXED and len(table.rows[0].cells) >= _BOXED]
    words = _attached(_words(glyphs))
    loose = [word for word in words if not any(_within(word, table.bbox) for table in tables)]
    boxes = [box for table in tables if (box := _table(table, words)).text]
    return list(ordered([*rows_of(loose), *([box] for box in boxes)])), len(boxes)


def _words(glyphs: list[Glyph]) -> list[Line]:
    found: list[dict[str, Any]] = extract_words(glyphs, x_tolerance_ratio=TOUCHING, extra_attrs=["size"])
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
    return word.size < _SMALL * host.size and gap < TOUCHING * host.size and overlap > 0.3 * word.size


def _within(word: Line, box: tuple[float, float, float, float]) -> bool:
    x, y = (word.x0 + word.x1) / 2, (word.top + word.bottom) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _table(table: Table, words: list[Line]) -> Line:
    """Return a table as one line: its rows below each other, its cells with bars between them."""
    rows = []
    for row in table.rows:
        cells = ([word for word in words if cell and _within(word, cell)] for cell in row.cells)
        texts = [" ".join(joined(line).text for line in rows_of(cell)) for cell in cells]
        if any(texts):
            rows.append(" | ".join(texts))
    x0, top, x1, bottom = table.bbox
    return Line("\n".join(rows), 0, x0, x1, top, bottom)

"""The order in which the lines of a page are read: by columns where it has some, otherwise row by row.

Words close to one baseline make a row; a row is cut where its gap is wider than any space between words. An upright gap
divides two columns if prose stands on both sides of it: several words a line, lines that fill their column. Cells of a
table without rules are short or stand in rows, and stay in their rows. Each side of a gap is divided further, so that
three columns and a narrow one come out as well; lines that span a gap separate what stands above from what is below.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median, quantiles

import numpy as np

TOUCHING, _CUT = 0.15, 1.2  # gaps in font sizes: no space below the first, another column above the second
_FEWEST_LINES = 3  # a column has at least so many
_LONG, _WORDS, _FEW_WORDS = 6, 4, 2  # in most lines: longer than any cell, of prose, of a narrow column
_FULL, _FULL_HAN = 0.5, 0.85  # of a column's width: how far most of its lines reach
_LETTERS = 0.6  # of the characters of prose
_CONTINUED = 0.5  # of the lines of a narrow column begin in lower case
_IN_ROWS, _CAPITAL = 0.8, 0.8  # of the lines of a table: on one baseline with another cell; with a capital
_FEWEST_APART, _ALIKE, _SHARED, _DENSE = 12, 0.5, 0.5, 1.6  # of columns that are no prose: lines, of the longer side's
# lines, of the lines on a common baseline, from line to line in font sizes
_APART = 2  # line pitches: a header or footer is so far from the text
_TRIED = 20  # gaps, the likeliest first
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


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


Row = list[Line]  # words from left to right


def rows_of(words: Iterable[Line]) -> list[Row]:
    """Return the words of each baseline from left to right, the baselines from top to bottom."""
    rows: list[Row] = []
    for word in sorted(words, key=lambda word: (word.top, word.x0)):
        row = next((row for row in reversed(rows) if row[0].beside(word)), None)
        if row is None:
            rows.append([word])
        else:
            row.append(word)
    return [sorted(row, key=lambda word: word.x0) for row in rows]


def joined(words: Row) -> Line:
    """Return the words of a row as one line, of the size that most of its characters have."""
    text = words[0].text
    for before, word in pairwise(words):
        touching = word.x0 - before.x1 < TOUCHING * min(before.size, word.size)
        text += word.text if touching else f" {word.text}"
    size = max(words, key=lambda word: len(word.text)).size
    tops, bottoms = [word.top for word in words], [word.bottom for word in words]
    return Line(text, size, words[0].x0, words[-1].x1, min(tops), max(bottoms))


def ordered(rows: Iterable[Row]) -> Iterator[Line]:
    """Yield the lines of a page in reading order."""
    found = sorted(rows, key=_top)
    pitch = _pitch(found)
    head = 1 if len(found) > 2 and _top(found[1]) - _top(found[0]) > _APART * pitch else 0
    foot = len(found) - (1 if len(found) > 3 and _top(found[-1]) - _top(found[-2]) > _APART * pitch else 0)
    yield from (joined(row) for row in found[:head])
    yield from _read(found[head:foot], pitch)
    yield from (joined(row) for row in found[foot:])


def _read(rows: list[Row], pitch: float) -> Iterator[Line]:
    gap = _gap(rows)
    if gap is None:
        yield from (joined(row) for row in rows)
        return
    for crossing, group in groupby(rows, key=lambda row: _crosses(row, gap)):
        band = list(group)
        yield from _read(band, pitch) if crossing else _band(band, gap, pitch)


def _band(rows: list[Row], gap: float, pitch: float) -> Iterator[Line]:
    """Yield what stands left of a gap, then what stands right of it; what is apart from both, in its place."""
    left, right = _sides(rows, gap)
    if _is_table(_parts(left), _parts(right)):
        yield from (joined(row) for row in rows)
        return
    first, last = _apart(rows, gap, pitch)
    yield from (joined(row) for row in rows[:first])
    for side in _sides(rows[first:last], gap):
        yield from _read(side, pitch)
    yield from _read(rows[last:], pitch)


def _apart(rows: list[Row], gap: float, pitch: float) -> tuple[int, int]:
    """Return where in a band its columns begin and end: what is on one side only, and far from the rest, is no part."""
    sides = [{word.x0 >= gap for word in row} for row in rows]
    first, last = 0, len(rows)
    both = [number for number in range(len(rows)) if len(sides[number]) == 2]
    if both:
        starts = [n for n in range(1, both[0] + 1) if _top(rows[n]) - _top(rows[n - 1]) > _APART * pitch]
        ends = [n for n in range(both[-1] + 1, len(rows)) if _top(rows[n]) - _top(rows[n - 1]) > _APART * pitch]
        first, last = max(starts, default=0), min(ends, default=len(rows))
    return first, last


def _gap(rows: list[Row]) -> float | None:
    """Return where an upright gap divides two columns of prose; None for one column and for a table without rules."""
    parts = [(number, part) for number, row in enumerate(rows) for part in _cut(row)]
    numbers = np.array([number for number, _ in parts], dtype=np.int64)
    x0, x1 = np.array([part[0].x0 for _, part in parts]), np.array([part[-1].x1 for _, part in parts])
    candidates = []
    for place in sorted({round(end * 2) / 2 + 0.5 for end in x1}):
        crossed = np.zeros(len(rows), dtype=bool)
        crossed[numbers[(x0 < place) & (x1 > place)]] = True
        free = ~crossed[numbers]
        fewest = min(int((free & (x1 <= place)).sum()), int((free & (x0 >= place)).sum()))
        if fewest >= _FEWEST_LINES:
            candidates.append((fewest, -int(crossed.sum()), place))
    for _, _, place in sorted(candidates, reverse=True)[:_TRIED]:
        if _divides([row for row in rows if not _crosses(row, place)], place):
            return float(place)
    return None


def _divides(rows: list[Row], gap: float) -> bool:
    left, right = (_parts(side) for side in _sides(rows, gap))
    few, many = sorted((left, right), key=len)
    top, bottom = min(part.top for part in many), max(part.bottom for part in many)
    beside = sum(top <= part.top <= bottom for part in few) >= len(few) / 2
    if not beside or _is_table(left, right):
        return False
    return (_is_prose(left) and _is_prose(right)) or _run_apart(few, many)


def _run_apart(few: list[Line], many: list[Line]) -> bool:
    """Whether lines of two sides run on their own baselines, as in columns of code: cells of a table share theirs."""
    if len(few) < max(_FEWEST_APART, _ALIKE * len(many)):
        return False
    baselines = sorted(part.bottom for part in many)
    shared = sum(_on_one_of(baselines, part) for part in few)
    return shared < _SHARED * len(few) and all(_is_dense(side) for side in (few, many))


def _is_dense(parts: list[Line]) -> bool:
    """Whether lines follow each other as those of one text do, at most with a blank line between them now and then."""
    tops = sorted(part.top for part in parts)
    steps = [below - above for above, below in pairwise(tops)]
    return median(steps) <= _DENSE * median(part.size for part in parts)


def _is_prose(parts: list[Line]) -> bool:
    """Whether lines are those of a column: words enough, mostly letters, most of them reaching to its edge."""
    widths = [part.x1 - part.x0 for part in parts]
    if len(parts) < _FEWEST_LINES or median(widths) < _FULL * quantiles(widths, n=10, method="inclusive")[-1]:
        return False
    text = "".join("".join(part.text.split()) for part in parts)
    if sum(character.isalpha() for character in text) < _LETTERS * len(text):
        return False
    words = median(_words_in(part.text) for part in parts)
    return words >= _WORDS or (words >= _FEW_WORDS and _continued(parts) >= _CONTINUED)


def _is_table(left: list[Line], right: list[Line]) -> bool:
    """Whether lines are cells of rows: on common baselines, short, each beginning anew."""
    few, many = sorted((left, right), key=len)
    if len(few) < _FEWEST_LINES or len(few) < _IN_ROWS * len(many):
        return False
    baselines = sorted(part.bottom for part in many)
    if sum(_on_one_of(baselines, part) for part in few) < _IN_ROWS * len(few):
        return False
    if _HAN.search(few[0].text):
        return any(
            median(part.x1 - part.x0 for part in side) < _FULL_HAN * max(part.x1 - part.x0 for part in side)
            for side in (left, right)
        )
    long = all(median(_words_in(part.text) for part in side) >= _LONG for side in (left, right))
    return not long and all(_continued(side) < 1 - _CAPITAL for side in (left, right))


def _on_one_of(baselines: list[float], part: Line) -> bool:
    near = 0.25 * max(part.size, 1)
    return bisect_left(baselines, part.bottom - near) < bisect_right(baselines, part.bottom + near)


def _continued(parts: list[Line]) -> float:
    """Return the share of lines that begin in lower case."""
    return sum(part.text[:1].islower() for part in parts) / len(parts)


def _words_in(text: str) -> float:
    """Return how many words a text has; two Chinese characters count as one."""
    han = len(_HAN.findall(text))
    return han / 2 if han else len(text.split())


def _cut(row: Row) -> list[Row]:
    parts = [[row[0]]]
    for word in row[1:]:
        if word.x0 - parts[-1][-1].x1 > _CUT * word.size:
            parts.append([])
        parts[-1].append(word)
    return parts


def _crosses(row: Row, gap: float) -> bool:
    return any(part[0].x0 < gap < part[-1].x1 for part in _cut(row))


def _sides(rows: list[Row], gap: float) -> tuple[list[Row], list[Row]]:
    left = [[word for word in row if word.x1 <= gap] for row in rows]
    right = [[word for word in row if word.x0 >= gap] for row in rows]
    return [row for row in left if row], [row for row in right if row]


def _parts(rows: list[Row]) -> list[Line]:
    return [joined(part) for row in rows for part in _cut(row)]


def _top(row: Row) -> float:
    return min(word.top for word in row)


def _pitch(rows: list[Row]) -> float:
    """Return the usual distance of a line from the one above it, in points."""
    steps = [_top(below) - _top(above) for above, below in pairwise(rows)]
    return median(steps) if steps else 0.0

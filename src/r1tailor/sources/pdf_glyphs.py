"""The glyphs of a PDF page that are its text: each once, sorted by the direction in which their lines run.

Some programs draw bold text two or three times, a fraction of a point apart, and put a watermark across or behind the
text: taken as they stand, such glyphs end up within the words of the page. Sideways text is text of its own.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import atan2, degrees
from statistics import median
from typing import Any

from r1tailor.sources.streams import Damage

Glyph = dict[str, Any]  # as pdfplumber describes a character

_AGAIN, _OWN = 0.15, 0.6  # a glyph drawn again is this near at most: of its size, and of its own width
_TILT = 5  # degrees by which a scanned line may be off
_MOST_SLANTED = 0.5  # of a page's glyphs
_LARGE = 2  # times the size of most glyphs: what lies behind the text
_COVERS = 3  # glyphs of the text that such a line lies over
_OVER = 5  # glyphs in a row that lie over others: no accents any more
_LOOKED_AT = 64  # equal glyphs of one place, and steps across one box: no page that is meant to be read has more
_DOWN = 0.5  # of the steps from glyph to glyph: text that runs from top to bottom


@dataclass(frozen=True)
class Glyphs:
    """What a page's text consists of.

    Attributes:
        directions: glyphs by the direction of their lines: 0, 90, 180 or 270 degrees, counted counter-clockwise.
        left_out: number of glyphs of watermarks, which are in none.
    """

    directions: dict[int, list[Glyph]]
    left_out: int

    @property
    def main(self) -> int:
        """The direction in which most of the text runs."""
        return max(self.directions, key=lambda angle: (len(self.directions[angle]), -angle), default=0)


def glyphs_of(chars: Iterable[Glyph]) -> Glyphs:
    """Return the glyphs of a page's text by direction.

    Raises:
        Damage: most of them stand at a slant.
    """
    directions: dict[int, list[Glyph]] = defaultdict(list)
    slanted = 0
    for glyph in _once(chars):
        angle = _direction(glyph)
        if angle is not None:
            directions[angle].append(glyph)
        elif glyph["text"].strip():
            slanted += 1
    written = sum(bool(glyph["text"].strip()) for glyphs in directions.values() for glyph in glyphs)
    if slanted > _MOST_SLANTED * (slanted + written):
        raise Damage(f"{slanted:,} of its {slanted + written:,} glyphs stand at a slant")
    left_out = slanted
    for angle, glyphs in directions.items():
        kept = _without_watermark(glyphs)
        left_out += len(glyphs) - len(kept)
        directions[angle] = kept
    return Glyphs(dict(directions), left_out)


def turned(glyphs: Iterable[Glyph], angle: int, width: float, height: float) -> list[Glyph]:
    """Return glyphs where they stand once their page (its size in points) is turned so that they run to the right."""
    if angle == 0:
        return list(glyphs)
    return [_turned(glyph, angle, width, height) for glyph in glyphs]


def in_order(glyphs: list[Glyph]) -> list[Glyph]:
    """Return glyphs that run from left to right.

    Raises:
        Damage: their reading order cannot be told: lines run from top to bottom, or text lies over other text.
    """
    written = [glyph for glyph in glyphs if glyph["text"].strip()]
    if len(written) > 2 * _OVER and sum(_below(*pair) for pair in pairwise(written)) > _DOWN * (len(written) - 1):
        raise Damage("its lines run from top to bottom")
    if _longest_run(_overlaps(written)) >= _OVER:
        raise Damage("text lies over other text")
    return glyphs


def _turned(glyph: Glyph, angle: int, width: float, height: float) -> Glyph:
    x0, x1, top, bottom = glyph["x0"], glyph["x1"], glyph["top"], glyph["bottom"]
    if angle == 90:
        x0, x1, top, bottom = height - bottom, height - top, x0, x1
    elif angle == 180:
        x0, x1, top, bottom = width - x1, width - x0, height - bottom, height - top
    else:
        x0, x1, top, bottom = top, bottom, width - x1, width - x0
    box = {"x0": x0, "x1": x1, "top": top, "bottom": bottom, "doctop": top}
    return glyph | box | {"upright": True, "size": bottom - top, "width": x1 - x0, "height": bottom - top}


def _once(chars: Iterable[Glyph]) -> Iterator[Glyph]:
    """Yield each glyph but those that are drawn again at almost the same place."""
    placed: dict[tuple[str, int, int, int], list[tuple[float, float]]] = defaultdict(list)
    for glyph in chars:
        width, height = glyph["x1"] - glyph["x0"], glyph["bottom"] - glyph["top"]
        size = max(1, round(max(width, height)))
        near, cell = min(_AGAIN * size, _OWN * min(width, height)), _AGAIN * size
        x, y = glyph["x0"], glyph["top"]
        column, row = int(x // cell), int(y // cell)
        cells = ((glyph["text"], size, column + dx, row + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1))
        drawn = (place for key in cells for place in placed.get(key, ())[-_LOOKED_AT:])
        if any(abs(x - a) <= near and abs(y - b) <= near for a, b in drawn):
            continue
        placed[glyph["text"], size, column, row].append((x, y))
        yield glyph


def _direction(glyph: Glyph) -> int | None:
    a, b = glyph["matrix"][:2]
    angle = degrees(atan2(b, a)) % 360
    nearest = round(angle / 90) * 90
    return nearest % 360 if abs(angle - nearest) <= _TILT else None


def _without_watermark(glyphs: list[Glyph]) -> list[Glyph]:
    """Return glyphs without the lines of large ones that lie behind the text."""
    if not glyphs:
        return []
    usual = median(glyph["size"] for glyph in glyphs)
    large = [glyph for glyph in glyphs if glyph["size"] > _LARGE * usual]
    places = _places(large, 2 * usual)
    covered = Counter(
        _line(behind)
        for glyph in glyphs
        if glyph["size"] <= _LARGE * usual and glyph["text"].strip()
        for behind in places.get(_place(glyph, 2 * usual), ())
        if _over(glyph, behind)
    )
    marks = {line for line, count in covered.items() if count >= _COVERS}
    return [glyph for glyph in glyphs if glyph["size"] <= _LARGE * usual or _line(glyph) not in marks]


def _line(glyph: Glyph) -> tuple[int, int]:
    """Return what the glyphs of a line have in common: their size and their baseline."""
    return round(glyph["size"]), round(glyph["bottom"])


def _places(glyphs: Iterable[Glyph], cell: float) -> dict[tuple[int, int], list[Glyph]]:
    """Return the glyphs whose box lies in each cell of a grid, in points."""
    cell = max(cell, 1.0)
    places: dict[tuple[int, int], list[Glyph]] = defaultdict(list)
    for glyph in glyphs:
        left, top = int(glyph["x0"] // cell), int(glyph["top"] // cell)
        right, bottom = int(glyph["x1"] // cell), int(glyph["bottom"] // cell)
        for column in range(left, min(right, left + _LOOKED_AT) + 1):
            for row in range(top, min(bottom, top + _LOOKED_AT) + 1):
                places[column, row].append(glyph)
    return places


def _place(glyph: Glyph, cell: float) -> tuple[int, int]:
    """Return the cell in which the middle of a glyph lies."""
    cell = max(cell, 1.0)
    return int((glyph["x0"] + glyph["x1"]) / 2 // cell), int((glyph["top"] + glyph["bottom"]) / 2 // cell)


def _over(glyph: Glyph, other: Glyph) -> bool:
    """Whether the middle of a glyph lies on another."""
    x, y = (glyph["x0"] + glyph["x1"]) / 2, (glyph["top"] + glyph["bottom"]) / 2
    margin = 0.15 * (other["bottom"] - other["top"])  # the boxes of lines that follow each other closely overlap
    return bool(other["x0"] < x < other["x1"] and other["top"] + margin < y < other["bottom"] - margin)


def _below(glyph: Glyph, following: Glyph) -> bool:
    size = glyph["size"] or 1
    step = (following["top"] - glyph["top"]) / size
    return bool(abs(following["x0"] - glyph["x0"]) < 0.3 * size and 0.5 < step < 1.6)


def _overlaps(glyphs: list[Glyph]) -> Iterator[bool]:
    """Yield for each glyph, in the order in which they are drawn, whether its middle lies on another."""
    cell = 2 * median(glyph["size"] for glyph in glyphs) if glyphs else 1.0
    places = _places(glyphs, cell)
    for glyph in glyphs:
        near = places.get(_place(glyph, cell), ())[-_LOOKED_AT:]
        yield any(other is not glyph and _over(glyph, other) for other in near)


def _longest_run(flags: Iterable[bool]) -> int:
    longest = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        longest = max(longest, run)
    return longest

"""Offsets of a tool that counts in a different unit from Python.

Label Studio's editor runs on JavaScript strings. It used to write UTF-16 units, in which an emoji or a rare Chinese
character counts two; later versions (1.23 among them) write code points. A file does not name its unit, but each region
carries its text: only a unit in which ``text[start:end]`` is that text can be right.
"""

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

Unit = Literal["code points", "UTF-16 units"]
Stretch = tuple[str, int, int, str]  # the document's text, start, end, the text that the region carries


def fitting(stretch: Stretch) -> dict[Unit, tuple[int, int]]:
    """Return the units in which a region covers the text it carries, with its offsets in code points."""
    text, start, end, carried = stretch
    at = _code_point_at(text)
    places: dict[Unit, tuple[int, int]] = {"code points": (start, end)}
    if start in at and end in at:
        places["UTF-16 units"] = (at[start], at[end])
    return {unit: _trimmed(text, place, carried) for unit, place in places.items() if _covers(text, place, carried)}


def unit_of(stretches: Iterable[Stretch]) -> Unit:
    """Return the unit that the regions of a file prove; code points if they prove neither."""
    votes = Counter[Unit]()
    for stretch in stretches:
        units = list(fitting(stretch))
        if len(units) == 1:
            votes[units[0]] += 1
    return "UTF-16 units" if votes["UTF-16 units"] > votes["code points"] else "code points"


def _covers(text: str, place: tuple[int, int], carried: str) -> bool:
    start, end = place
    covered = text[start:end] if 0 <= start < end <= len(text) else ""
    return bool(covered) and (covered == carried or _folded(covered) == _folded(carried))


def _folded(text: str) -> str:
    """Return a text with one space for any white space, and none around it.

    The editor writes a line break in a selection as a backslash and an n; a browser folds spaces and cuts them off.
    """
    return " ".join(text.replace("\\n", " ").split())


def _trimmed(text: str, place: tuple[int, int], carried: str) -> tuple[int, int]:
    """Return a place without the white space around it that the region's own text does not have."""
    start, end = place
    covered, carried = text[start:end], carried.replace("\\n", "\n")
    if carried == carried.lstrip():
        start += len(covered) - len(covered.lstrip())
    if carried == carried.rstrip():
        end -= len(covered) - len(covered.rstrip())
    return (start, end) if start < end else place


@lru_cache(maxsize=8)
def _code_point_at(text: str) -> dict[int, int]:
    """Return UTF-16 offset -> code point offset; an offset within a surrogate pair has none."""
    at, units = {}, 0
    for number, character in enumerate(text):
        at[units] = number
        units += 2 if character > "\uffff" else 1
    return at | {units: len(text)}

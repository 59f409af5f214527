"""The rule for pages: lines that run along the top or bottom of many pages, and page numbers.

A running line stays where it stands first, for it may be the title, or say something that stands nowhere else
(``No known allergies``). A number goes only where it counts with the pages: a value at the foot of a page is no page
number, and ``Phase 1``, ``Phase 2``, ``Phase 3`` at the top of three pages are headings.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice

_EDGE = 3  # lines at the top and at the bottom that may run
_SHARE = 0.6  # of the pages that a running line stands on, and at least
_FEWEST = 3  # pages
_PAGE_NUMBER = re.compile(
    r"[-–—\s]*(?:page\s*|p\.\s*|第\s*)?(\d{1,4})(?:\s*(?:of|/)\s*\d{1,4})?(?:\s*页)?(?:\s*[,，/]?\s*共\s*\d{1,4}\s*页)?[-–—\s]*",
    re.IGNORECASE,
)
_APART = r"(?:\s{2,}|\t|\s*[|·•–—]\s*)"  # what parts a running title from its page number
_TITLE_AND_NUMBER = re.compile(rf"(.+?){_APART}(\d{{1,4}})|(\d{{1,4}}){_APART}(.+)")
_LONGEST = 160  # characters: a longer line is a paragraph, and repeats for a reason


def without_running_lines(pages: Sequence[str]) -> list[str]:
    """Return the pages without the lines that repeat at their edges; the first of each stays, page numbers do not."""
    lines = [page.split("\n") for page in pages]
    while running := _running(lines):
        kept: set[str] = set()
        for number, page in enumerate(lines):
            standing = set()
            for place in reversed(_edges(page)):
                if key := running.intersection({_key(page[place], number)}):
                    if key <= kept or _PAGE_NUMBER.fullmatch(page[place].strip()):
                        del page[place]
                    standing |= key
            kept |= standing
    return ["\n".join(page) for page in lines]


def remove_running_lines(text: str) -> str:
    """Remove running headers, footers and page numbers from a text whose pages are parted by form feeds."""
    return "\f".join(without_running_lines(text.split("\f"))) if "\f" in text else text


def _running(lines: Sequence[Sequence[str]]) -> set[str]:
    """Return the keys that stand on enough of the pages."""
    counted: Counter[str] = Counter()
    for number, page in enumerate(lines):
        counted.update({_key(page[place], number) for place in _edges(page)})
    enough = max(_FEWEST, _SHARE * len(lines))
    return {key for key, count in counted.items() if count >= enough and key}


def _edges(page: Sequence[str]) -> list[int]:
    """Return where the first and the last lines with something on them stand."""
    down = (place for place, line in enumerate(page) if line.strip())
    up = (place for place in reversed(range(len(page))) if page[place].strip())
    return sorted({*islice(down, _EDGE), *islice(up, _EDGE)})


def _key(line: str, page: int) -> str:
    """Return what a line is counted by: itself, its page number as a distance; empty if it cannot run."""
    line = line.strip()
    if len(line) > _LONGEST:
        return ""
    if number := _PAGE_NUMBER.fullmatch(line):
        return f"{int(number[1]) - page}\0{line[: number.start(1)]}"
    if not any(character.isalpha() for character in line):
        return ""
    if titled := _TITLE_AND_NUMBER.fullmatch(line):
        title, shown = titled[1] or titled[4], int(titled[2] or titled[3])
        return f"{shown - page}\0{title}"
    return line

"""What every finder of identifiers returns, and how findings that overlap become one.

Finders read a folded text: full-width letters and digits, and the many dashes, spaces and apostrophes, as their ASCII
twins, traditional characters as simplified ones, one character for one, so that a place in it is a place in the
original.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from r1tailor.corpus.privacy.lists import words
from r1tailor.schema.corpus import PrivacyKind

_FOLDED = {ord(wide): chr(ord(wide) - 0xFEE0) for wide in map(chr, range(0xFF01, 0xFF5F))}
_FOLDED |= dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2009\u202f\u3000"), " ")
_FOLDED |= dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-")
_FOLDED |= dict.fromkeys(map(ord, "\u2018\u2019\u02bc"), "'")
_FOLDED |= {ord(pair[0]): pair[1] for pair in words("traditional_zh.txt")}

LEFT, RIGHT = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"  # \b would fail next to Chinese characters
DIGIT = "[0-9OoIl]"  # what optical recognition makes of a digit
_LOOKALIKES = str.maketrans("OoIl", "0011")
IDEOGRAPH = re.compile("[\u4e00-\u9fff]")
MOSTLY = 0.7  # of what stands for digits has to be digits


@dataclass(frozen=True, slots=True)
class Finding:
    """An identifier in a text, without its surface.

    Attributes:
        kind: what it is.
        start: its first character.
        end: after its last character.
        checksum: whether its check digit (or numbering plan) held; None where its kind has none.
    """

    kind: PrivacyKind
    start: int
    end: int
    checksum: bool | None = None


Finder = Callable[[str], Iterable[Finding]]
Guard = Callable[[str], object]


def guarded(guard: Guard, pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yield the matches of a pattern in a text, which it reads only where a guard holds.

    A guard looks for part of what every match of the pattern holds, and is cheap: a pattern that begins with a literal
    or a set of characters, where one that begins with a look behind is tried at every place.
    """
    if guard(text):
        yield from pattern.finditer(text)


def one_of(*words: str) -> Guard:
    """Return the guard that holds where one of some words in lower case stands in a text, in any case."""

    def stands(text: str) -> bool:
        lower = text.lower()
        return any(word in lower for word in words)

    return stands


def fold(text: str) -> str:
    """Return a text of the same length with typographic variants as ASCII and simplified characters."""
    return text if text.isascii() else text.translate(_FOLDED)


def compact(surface: str) -> str:
    """Return a surface's letters and digits in upper case."""
    return "".join(character for character in surface.upper() if character.isalnum())


def digits(surface: str) -> str:
    """Return a surface's digits, with what optical recognition made of them mended; empty if most are none."""
    written = re.sub(r"[^0-9OoIl]", "", surface)
    real = sum(character.isdigit() for character in written)
    return written.translate(_LOOKALIKES) if written and real >= MOSTLY * len(written) else ""


def merged(findings: Iterable[tuple[int, Finding]]) -> Iterator[Finding]:
    """Yield findings in order, each run of overlapping ones as one that covers them all.

    Args:
        findings: with their rank; the lowest rank of a run, and then its longest finding, gives kind and checksum.
    """
    best: tuple[int, int, Finding] | None = None
    start = end = -1
    for rank, finding in sorted(findings, key=lambda ranked: (ranked[1].start, ranked[1].end)):
        candidate = (rank, finding.start - finding.end, finding)
        if best is not None and finding.start < end:
            best, end = min(best, candidate, key=lambda entry: entry[:2]), max(end, finding.end)
            continue
        if best is not None:
            yield replace(best[2], start=start, end=end)
        best, start, end = candidate, finding.start, finding.end
    if best is not None:
        yield replace(best[2], start=start, end=end)

"""What stands in an identifier's place: the same surrogate for the same surface, dates moved by one offset a group.

A surrogate has its surface's pattern of letters and digits behind a mark that no valid identifier begins with (QZX, or
某 before Chinese characters). So it cannot be anybody's, and is known for a surrogate when it is met again. It is made
with HMAC-SHA256 from a secret key: without the key there is no way back, and with it only by trying.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator
from datetime import date, timedelta

from r1tailor.corpus.privacy.dates import MONTHS, PATTERNS
from r1tailor.corpus.privacy.findings import compact
from r1tailor.schema.corpus import PrivacyKind

_STEMS = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"
_CONSONANTS, _VOWELS = "bcdfghjklmnpqrstvwz", "aeiou"
_NAME_SYLLABLES, _NAME_STEMS = 4, 4
_MARKED = re.compile(rf"[^0-9A-Za-z一-龥]{{0,3}}(?:QZX[0-9A-Za-z]|Qx[a-z]|qzx[a-z]|某[{_STEMS}])")
_RESERVED = re.compile(r"https?://qzx|240\.|2001:db8:|\S*@qzx\.invalid")
_LARGEST_SHIFT = 365  # days


def is_surrogate(text: str, start: int) -> bool:
    """Whether what stands at a place of a text is what ``surrogate`` made."""
    return bool(_MARKED.match(text, start) or _RESERVED.match(text, start))


def surrogate(kind: PrivacyKind, surface: str, key: bytes) -> str:
    """Return what stands for a surface wherever it occurs; spelling variants (case, separators) share one."""
    if (kind == "name" and surface.isascii()) or (kind == "name" and not re.search("[一-龥]", surface)):
        return re.sub(r"[^\W\d_](?:[^\W\d_]|['-](?=[^\W_]))*", lambda word: _word(word.group(), key), surface)
    drawn = _draw(key, f"{kind}/{compact(surface)}")
    match kind:
        case "name":
            return "某" + "".join(_STEMS[next(drawn) % 22] for _ in range(_NAME_STEMS))
        case "email":
            return f"qzx{_letters(drawn)}@qzx.invalid"
        case "url":
            return f"https://qzx{_letters(drawn)}.invalid/"
        case "ip" if ":" in surface:
            return "2001:db8:" + ":".join(f"{next(drawn) << 8 | next(drawn):x}" for _ in range(6))
        case "ip":
            return ".".join(["240", *(str(next(drawn)) for _ in range(3))])
    return _same_pattern(surface, drawn)


def moved(surface: str, group: str, key: bytes) -> str | None:
    """Return a date written as before and moved by its group's offset; None if it is no whole calendar date."""
    for pattern in PATTERNS:
        if match := pattern.search(surface):
            return _moved(match, offset(group, key))
    return None


def offset(group: str, key: bytes) -> timedelta:
    """Return by how much the dates of a group move: between 1 and 365 days, back or forth."""
    drawn = _draw(key, f"dates/{group}")
    days = 1 + (next(drawn) << 16 | next(drawn) << 8 | next(drawn)) % _LARGEST_SHIFT
    return timedelta(days=days if next(drawn) % 2 else -days)


def _draw(key: bytes, of: str) -> Iterator[int]:
    """Yield bytes that depend on nothing but the key and what they are drawn for."""
    block = 0
    while True:
        yield from hmac.digest(key, f"{block}/{of}".encode(), hashlib.sha256)
        block += 1


def _letters(drawn: Iterator[int]) -> str:
    return "".join(chr(ord("a") + next(drawn) % 26) for _ in range(10))


def _word(word: str, key: bytes) -> str:
    """Return the surrogate of one word of a name: the same for Smith in ``John Smith`` and in ``Mr. SMITH``."""
    drawn = _draw(key, f"name/{word.casefold()}")
    spelt = (_CONSONANTS[next(drawn) % 19] + _VOWELS[next(drawn) % 5] for _ in range(_NAME_SYLLABLES))
    return "Qx" + "".join(spelt)


def _same_pattern(surface: str, drawn: Iterator[int]) -> str:
    kept = [character for character in surface if character.isalnum()]
    mark = "某" if "\u4e00" <= kept[0] <= "\u9fff" else "QZX"
    return mark + "".join(_same_class(character, next(drawn)) for character in kept)


def _same_class(character: str, number: int) -> str:
    if character.isdigit():
        return str(number % 10)
    if "\u4e00" <= character <= "\u9fff":
        return _STEMS[number % 22]
    letter = chr(ord("a") + number % 26)
    return letter.upper() if character.isupper() else letter


def _moved(match: re.Match[str], by: timedelta) -> str | None:
    parts = {name: value for name, value in match.groupdict().items() if value}
    try:
        month = _month_number(parts["month"])
        year, day = int(parts["year"]), int(parts["day"])
        swapped = month > 12  # 25/12/2020: the day stands first
        then = date(year, day, month) + by if swapped else date(year, month, day) + by
    except (KeyError, ValueError, OverflowError):
        return None
    first, second = (then.day, then.month) if swapped else (then.month, then.day)
    written = {"year": f"{then.year:04}", "month": _like(parts["month"], first), "day": _like(parts["day"], second)}
    surface = match.string
    for name in sorted(written, key=match.start, reverse=True):
        surface = surface[: match.start(name)] + written[name] + surface[match.end(name) :]
    return re.sub(r"(?<=[0-9])(?:st|nd|rd|th)(?![a-z])", "", surface)


def _month_number(written: str) -> int:
    if written.isdigit():
        return int(written)
    return next(number for number, name in enumerate(MONTHS, 1) if name.startswith(written.lower()[:3]))


def _like(before: str, number: int) -> str:
    """Return a number (or a month's name) in the writing that stood there."""
    if before.isdigit():
        return f"{number:0{len(before)}}" if before.startswith("0") or len(before) == 2 else str(number)
    name = MONTHS[number - 1].title()
    name = name[:3] if len(before) == 3 else name
    return name.upper() if before.isupper() else name

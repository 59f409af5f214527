"""How an answer is read: labels, letters, numbers and terms found as whole words.

References are read in the same way, so that only what both say is compared.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

_ARTICLES = frozenset(("a", "an", "the"))
_AROUND = " \t\n\"'“”‘’`*_.,;:!?()[]{}<>。，；：！？（）【】《》「」"
_LETTER = r"[\s:：*(\[（【]*([A-Za-z])(?![A-Za-z0-9'’])"
_STATED = re.compile(
    rf"(?:answer|choice|option|答案|选项|选择|选)(?:\s+is|\s+would be|是|为|应为|应选)?{_LETTER}", re.IGNORECASE
)
_LEADING = re.compile(r"^[\s*(\[（【]*([A-Za-z])[*\s]*[).:：、，\]）】]")
_CAPITAL = re.compile(r"(?<![A-Za-z0-9])([A-Z])(?![A-Za-z0-9'’])(?!\s+[a-z])")
_NUMBER = re.compile(r"(?:(?<![\w.])[-+−])?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?")
_BULLET = re.compile(r"^\s*(?:[-*•·]|\d{1,3}[.)、])\s*")
_FENCED = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL)


def folded(text: str) -> str:
    """Return a text in which neither case nor white space makes a difference."""
    return " ".join(text.casefold().split())


def normalised(text: str) -> list[str]:
    """Return the words of a text without punctuation and English articles; all of them where only articles stand."""
    from r1tailor.corpus.shingles import words  # declarations come without the room's readers of vocabularies

    found = words(text)
    return [word for word in found if word not in _ARTICLES] or found


def place_of(term: str, text: str) -> int:
    """Return where a term first stands in a text as whole words, -1 if nowhere; both as ``folded`` returns them.

    A term that begins or ends in a script without spaces between words, such as Chinese, needs no boundary there. A
    number does not stand within a longer one.

    >>> place_of("hold", "household or hold"), place_of("5", "15 or 5.5"), place_of("内科", "去内科看")
    (13, -1, 1)
    """
    start = text.find(term) if term else -1
    while start >= 0 and not _stands(text, start, start + len(term)):
        start = text.find(term, start + 1)
    return start


def label_in(text: str, labels: Sequence[str]) -> str:
    """Return the label that a text is or names first, empty if none; of labels that begin together the longest.

    Where all labels are single letters, see ``letter_in``.

    >>> label_in("Not a hold: HOLD OFF.", ["hold", "hold off", "sell"]), label_in("The answer is B.", ["A", "B"])
    ('hold', 'B')
    """
    if labels and all(len(label) == 1 and label.isascii() and label.isalpha() for label in labels):
        found = letter_in(text)
        return next((label for label in labels if label.upper() == found), "")
    asked = folded(text)
    bare = asked.strip(_AROUND)
    for label in labels:
        if folded(label) in (asked, bare):
            return label
    places = [(place_of(folded(label), asked), -len(label), label) for label in labels]
    return min((one for one in places if one[0] >= 0), default=(0, 0, ""))[2]


def letter_in(text: str) -> str:
    """Return the letter of the choice that an answer takes, as a capital; empty if it takes none.

    It is the answer's only letter, or the last that it states ("the answer is B", "答案：B"), or the one that it
    begins with ("B) ..."), or else the last capital that stands alone and is not the first word of a phrase.
    """
    bare = text.strip(_AROUND)
    if len(bare) == 1 and bare.isascii() and bare.isalpha():
        return bare.upper()
    stated = _STATED.findall(text)
    if stated:
        return str(stated[-1]).upper()
    leading = _LEADING.match(text)
    if leading:
        return leading.group(1).upper()
    capitals = _CAPITAL.findall(text)
    return str(capitals[-1]) if capitals else ""


def number_in(text: str) -> float | None:
    """Return the last number of a text; None if there is none. Commas part thousands.

    >>> number_in("3 + 4 = 7, so 1,234.5 in all"), number_in("pages 3-5"), number_in("none")
    (1234.5, 5.0, None)
    """
    found = _NUMBER.findall(text)
    return float(found[-1].replace(",", "").replace("−", "-")) if found else None


def items_in(text: str, separators: str) -> set[str]:
    """Return the entries of a list, folded, without bullets and without punctuation around them."""
    pieces = re.split(f"[{re.escape(separators)}]", text)
    return {entry for piece in pieces if (entry := folded(_BULLET.sub("", piece)).strip(_AROUND))}


def json_in(text: str) -> dict[str, Any] | None:
    """Return the JSON object of a text, fenced or not; None if there is none."""
    fenced = _FENCED.search(text)
    inner = fenced.group(1) if fenced else text[text.find("{") : text.rfind("}") + 1]
    try:
        value = json.loads(inner)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _stands(text: str, start: int, end: int) -> bool:
    from r1tailor.corpus.scripts import is_word_character

    term = text[start:end]
    if is_word_character(term[0]) and is_word_character(text[start - 1 : start]):
        return False
    if is_word_character(term[-1]) and is_word_character(text[end : end + 1]):
        return False
    longer_before = re.match(r"\d+(?!\w)", term) and re.search(r"\d[.,]$", text[:start][-2:])
    longer_after = re.search(r"(?<!\w)\d+$", term) and re.match(r"[.,]\d", text[end : end + 2])
    return not (longer_before or longer_after)

"""Names of China and Korea in Latin letters, known by the syllables that their given names are made of.

``You Jiayi``, ``In-ho Seo``, ``GAO CHIA-HAO``: the surname may be an English word, and an ending such as
-ing says nothing.
"""

import re
from collections.abc import Iterator

from r1tailor.corpus.privacy.lists import sections

_LISTS = sections("romanised_en.txt")
_SURNAMES, _SYLLABLES, _NO_GIVEN = (frozenset(_LISTS[name]) for name in ("surname", "syllable", "no given"))
_INITIAL = "(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])"
_FINAL = (
    "(?:iang|iong|uang|ueng|iao|ian|ang|eng|ing|ong|uai|uan|ai|ao|ei|en|er|an|ia|ie|in|iu|ou|ua|ue|ui|un|uo|[aeiouüv])"
)
_PINYIN = re.compile(f"{_INITIAL}{_FINAL}(?:{_INITIAL}{_FINAL}|'?(?:an|ang|ai|ao|en|er|ou|a|e))")
_WORD = re.compile(r"(?<![\w'-])[A-ZÜ][A-ZÜa-zü]*(?:-[A-ZÜa-zü]+)?(?![\w'-])")
_FORMULA = re.compile(r" (?:Tang|Wan|San|Pian|Yin|Jian|Gao|Dan|Zi|Keli|Jiaonang)\b")


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where a surname and a given name of two syllables stand, in either order."""
    before: re.Match[str] | None = None
    for word in _WORD.finditer(text):
        if before is not None and text[before.end() : word.start()] == " ":
            pair = before.group(), word.group()
            if pair[0].isupper() == pair[1].isupper() and _is_name(*pair) and not _FORMULA.match(text, word.end()):
                yield before.start(), word.end()
        before = word


def _is_name(first: str, second: str) -> bool:
    first, second = first.lower(), second.lower()
    return (first in _SURNAMES and is_given(second)) or (_is_hyphenated(first) and second in _SURNAMES)


def is_surname(word: str) -> bool:
    """Whether a word (in any case) is a surname of China, Korea or Vietnam in Latin letters."""
    return word.lower() in _SURNAMES


def is_given(word: str) -> bool:
    """Whether a word (in any case) is a given name of two syllables: jiayi, Hyun-woo; no word of English."""
    lower = word.lower()
    one = re.fullmatch(_INITIAL + _FINAL, lower)
    return _is_hyphenated(lower) or (not one and lower not in _NO_GIVEN and bool(_PINYIN.fullmatch(lower)))


def _is_hyphenated(word: str) -> bool:
    first, hyphen, second = word.partition("-")
    return bool(hyphen) and first in _SYLLABLES and second in _SYLLABLES

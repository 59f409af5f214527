"""One spelling for a text and a vocabulary, character for character, so that offsets in it are offsets in the text.

``str.casefold`` makes ``ss`` of ``ß`` and ``str.lower`` two characters of ``İ``. Here every character stays one. Words
come out with a capital first letter: so a term that begins with a letter is not even looked at inside a word, and the
boundary at its beginning costs nothing.
"""

import re

# Every character that str.title or str.lower makes two or three of, with what stands for it.
_EXPANDING = "ŉǰΐΰևẖẗẘẙẚὐὒὔὖᾲᾴᾶᾷῂῄῆῇῒῖῗῢῤῦῧῲῴῶῷﬀﬁﬂﬃﬄﬅﬆﬓﬔﬕﬖﬗ\u1fd3\u1fe3"
_STANDS_FOR = {character: chr(0xE000 + number) for number, character in enumerate(_EXPANDING)} | {"ß": "ẞ", "İ": "I"}
_EXPANDS = re.compile(f"[{''.join(_STANDS_FOR)}]")
_ALIKE = {"ς": "σ", "\t": " ", "\u00a0": " ", "\u3000": " ", "’": "'", "‐": "-", "‑": "-", "–": "-"}


def fold(text: str) -> str:
    """Return a text of the same length in which what differs in case only, or in the kind of a space, is equal."""
    if text.isascii():
        return text.replace("\t", " ").title()
    folded = _EXPANDS.sub(lambda found: _STANDS_FOR[found.group()], text).title()
    for character, other in _ALIKE.items():
        folded = folded.replace(character, other)
    return folded

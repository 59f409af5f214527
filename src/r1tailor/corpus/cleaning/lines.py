"""Rules for lines: breaks that a page's width put into words and sentences, and lines that say nothing of the matter.

A break is undone only on evidence: the document itself writes the whole word elsewhere, or punctuation shows that the
sentence goes on. So ``5-`` and ``10``, ``IL-`` and ``6``, two entries of a list or the halves of a number never join.
"""

import re

from r1tailor.corpus.cleaning.boilerplate import BOILERPLATE, LONGEST_LINE
from r1tailor.corpus.scripts import HAN

_BREAK = r"[ \t\r\f]*\n[ \t\r\f]*"
_SOFT_HYPHEN = re.compile(f"\u00ad{_BREAK}(?=[^\\W\\d_])")
_HYPHEN = re.compile(rf"(?<![A-Za-z])([A-Za-z][a-z]+)-{_BREAK}([a-z]{{2,}})(?![A-Za-z])")
_WORD = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*")
_GOES_ON, _CLOSES = "，、", "，。；：、！？）》】"
_CHINESE_BREAK = re.compile(f"(?<=[{HAN}{_GOES_ON}]){_BREAK}(?=[{HAN}{_CLOSES}])")
_NUMERALS = frozenset("〇零一二三四五六七八九十百千万亿两")
_LINE = re.compile(r"[^\n\f]*[\n\f]?")


def join_broken_lines(text: str) -> str:
    """Undo line breaks inside words and Chinese sentences, where the text itself shows that there is none.

    A hyphen at a line's end goes if the document writes the word without it elsewhere, and stays if it writes the word
    with it; Chinese lines join at a comma, before a closing mark, or inside a phrase of three characters that stands
    elsewhere unbroken.
    """
    before = None
    while text != before and "\n" in text:  # a joined phrase may be the evidence for another one
        before = text
        text = _joined_sentences(_joined_words(_SOFT_HYPHEN.sub("", text)))
    return text


def _joined_words(text: str) -> str:
    if not _HYPHEN.search(text):
        return text
    written = {word.lower() for word in _WORD.findall(text)}

    def joined(found: re.Match[str]) -> str:
        for whole in (found[1] + found[2], f"{found[1]}-{found[2]}"):
            if whole.lower() in written:
                return whole
        return found.group()

    return _HYPHEN.sub(joined, text)


def _joined_sentences(text: str) -> str:
    if not _CHINESE_BREAK.search(text):
        return text
    written = {text[start : start + 3] for start in range(len(text) - 2)}

    def joined(found: re.Match[str]) -> str:
        start, end = found.span()
        before, after = text[start - 1], text[end]
        if before in _GOES_ON or after in _CLOSES:
            return ""
        if before in _NUMERALS and after in _NUMERALS:
            return found.group()
        phrases = (text[max(0, start - 2) : start] + after, before + text[end : end + 2])
        return "" if any(len(phrase.strip()) == 3 and phrase in written for phrase in phrases) else found.group()

    return _CHINESE_BREAK.sub(joined, text)


def remove_boilerplate(text: str) -> str:
    """Remove whole lines of cookie banners, copyright, disclaimers and navigation (``cleaning/boilerplate.py``)."""
    return _LINE.sub(_informative, text)


def _informative(found: re.Match[str]) -> str:
    line = found.group().strip()
    return "" if line and len(line) <= LONGEST_LINE and BOILERPLATE.fullmatch(line) else found.group()

"""The same case in disguise: deterministic, so that a run can be repeated, and not counted as a case of its own.

A model reads ``іbuprofen`` with a Cyrillic letter, words with characters of no width between their letters, words that
are spelt out, and Chinese in pinyin; what it then gives away it gives away. Options keep their letters.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from r1tailor.redteam.cases import Case

_ALIKE = str.maketrans("aceiopsxyACEHKMOPTX", "асеіорѕхуАСЕНКМОРТХ")
_NO_WIDTH = "\u200b"
_WORD = re.compile(r"[A-Za-z]{4,}|[\u4e00-\u9fff]{2,}")
_IDEOGRAPHS = re.compile(r"[\u4e00-\u9fff]+")
_LATIN_WORD = re.compile(r"[A-Za-z]{3,}")


def disguised(case: Case, transform: str) -> Case | None:
    """Return a case in disguise; None where the transform changes nothing in its prompt."""
    changed = TRANSFORMS[transform](case.prompt)
    return None if changed == case.prompt else replace(case, prompt=changed, plain=case.prompt, transform=transform)


def homoglyphs(text: str) -> str:
    """Return a text with Cyrillic letters in place of Latin ones that look the same, in words of three letters up."""
    return _LATIN_WORD.sub(lambda word: word.group().translate(_ALIKE), text)


def zero_width(text: str) -> str:
    """Return a text with a character of no width between the letters of each longer word."""
    return _WORD.sub(lambda word: _NO_WIDTH.join(word.group()), text)


def split(text: str) -> str:
    """Return a text whose longer words are spelt out.

    >>> split("What dose?"), split("用药")
    ('W-h-a-t d-o-s-e?', '用-药')
    """
    return _WORD.sub(lambda word: "-".join(word.group()), text)


def pinyin(text: str) -> str:
    """Return a text with pinyin in place of Chinese characters, without tones.

    >>> pinyin("孕妇能吃吗？")
    'yun fu neng chi ma？'
    """
    return _IDEOGRAPHS.sub(lambda run: " ".join(_readings().get(one, one) for one in run.group()), text)


@cache
def _readings() -> dict[str, str]:
    """Return the first reading of each character of GB 2312."""
    lines = (Path(__file__).parent / "pinyin.txt").read_text("utf-8").splitlines()
    parted = (line.split(" ") for line in lines)
    return {character: reading for reading, characters in parted for character in characters}


TRANSFORMS: dict[str, Callable[[str], str]] = {
    "homoglyphs": homoglyphs,
    "zero_width": zero_width,
    "split": split,
    "pinyin": pinyin,
}

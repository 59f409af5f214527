"""Words of Chinese text with their part of speech, by jieba.

Our own use of it, in three points. Its dictionary is read from the package at each start: jieba would keep a cache in
the shared temporary folder, where another user could plant one. It is loaded when the first text asks for it, once in
a process. And it reads one run of ideographs at a time, so that places are exact and the text around changes nothing.
"""

import importlib
import logging
import warnings
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

_LONGEST = 200  # ideographs without any sign between them that are read as one


@dataclass(frozen=True, slots=True)
class Token:
    """A word as the tagger cuts it.

    Attributes:
        word: its characters.
        tag: its part of speech, as the dictionary or the tagger has it: ``nr`` and what begins so are names of people.
        start: its place in the run.
    """

    word: str
    tag: str
    start: int

    @property
    def end(self) -> int:
        """The place after its last character."""
        return self.start + len(self.word)


def tokens(run: str) -> list[Token]:
    """Return the words of a run of ideographs, in order and without a gap."""
    found, start = [], 0
    for begin in range(0, len(run), _LONGEST):
        for word, flag in _cut(run[begin : begin + _LONGEST]):
            found.append(Token(word, flag, start))
            start += len(word)
    return found


@lru_cache(256)  # a run that repeats itself, which takes the tagger longest, is read once
def _cut(piece: str) -> tuple[tuple[str, str], ...]:
    return tuple((pair.word, pair.flag) for pair in _tagger().lcut(piece))


def frequency(word: str) -> int:
    """Return how often the dictionary counted a word; 0 for one that it does not know."""
    count: int = _tagger().tokenizer.FREQ.get(word, 0)
    return count


def tag(word: str) -> str:
    """Return the part of speech that the dictionary gives a word; empty for one that it does not know."""
    known: str = _tagger().word_tag_tab.get(word, "")
    return known


@cache
def _tagger() -> Any:  # noqa: ANN401
    """Return jieba's tagger with its dictionary, filled without ``initialize``, which reads and writes the cache."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes, pkg_resources: at import only
        posseg = importlib.import_module("jieba.posseg")
    logging.getLogger("jieba").setLevel(logging.WARNING)
    dictionary = posseg.dt.tokenizer
    dictionary.FREQ, dictionary.total = dictionary.gen_pfdict(dictionary.get_dict_file())
    dictionary.initialized = True
    return posseg.dt

"""Where the names of a vocabulary stand in a text: the longest from the left, at boundaries only.

Every place where a name stands is found in one pass (Aho-Corasick, overlapping), so that where the longest name breaks
a word the next longest stands ready. A name that begins or ends with a letter of a script that parts its words, or with
a digit, needs a boundary there; a Chinese one needs none.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick

from r1tailor.corpus import negation
from r1tailor.corpus.folding import fold
from r1tailor.corpus.scripts import is_word_character
from r1tailor.corpus.vocabularies import Entry

_LONGEST_ACRONYM = 5  # letters; a short name in capitals is found in capitals only: ALL is no "all"
_SHORTEST = 2  # characters of a name; a single letter stands everywhere
_WITHIN_NUMBERS = (".", ",", "/")


class Form(NamedTuple):
    """What a vocabulary holds for one name.

    Attributes:
        name: folded.
        preferred: the preferred name; empty where the name stands for two things.
        code: of the concept; empty where the name has several.
        spellings: the only ones that count; empty for any.
        ends_in_word: whether the name needs a boundary at its end.
        keeps_negation: whether the preferred name negates as often as this one does.
    """

    name: str
    preferred: str
    code: str
    spellings: frozenset[str]
    ends_in_word: bool
    keeps_negation: bool


class Match(NamedTuple):
    """One name in a text: where it starts and ends, in characters, and what it is."""

    start: int
    end: int
    form: Form


class Matcher:
    """The names of a vocabulary, ready to be found.

    Args:
        entries: the vocabulary; a name of one character or without a letter is left out.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        by_name: dict[str, list[Entry]] = {}
        for entry in entries:
            name = fold(entry.term)
            if len(name) >= _SHORTEST and any(character.isalpha() for character in name):
                by_name.setdefault(name, []).append(entry)
        self.forms = [_form(name, named) for name, named in by_name.items()]
        self._automaton = AhoCorasick(list(by_name), store_patterns=False)

    def longest(self, text: str, folded: str) -> Iterator[Match]:
        """Yield the longest name at each place from the left, without overlap.

        Args:
            text: as it stands.
            folded: ``fold(text)``.
        """
        longest: dict[int, tuple[int, Form]] = {}
        for number, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            form = self.forms[number]
            if form.ends_in_word and not is_end(text, end):
                continue
            if form.spellings and text[start:end] not in form.spellings:
                continue
            if start not in longest or longest[start][0] < end:
                longest[start] = (end, form)
        done = 0
        for start in sorted(longest):
            if start >= done and is_beginning(text, start):
                done, form = longest[start]
                yield Match(start, done, form)


def is_beginning(text: str, start: int) -> bool:
    """Whether a name may begin here: not within a word, nor within a number (the 5 of 1.5)."""
    if not is_word_character(text[start]):
        return True
    before = text[max(0, start - 2) : start]
    if text[start].isdigit() and before[1:] in _WITHIN_NUMBERS and before[0].isdigit():
        return False
    return not is_word_character(before[-1:])


def is_end(text: str, end: int) -> bool:
    """Whether a name that ends in a letter or digit may end here."""
    following = text[end : end + 2]
    if text[end - 1].isdigit() and following[:1] in _WITHIN_NUMBERS and following[1:].isdigit():
        return False
    return not is_word_character(following[:1])


def _form(name: str, entries: Sequence[Entry]) -> Form:
    preferred, codes = {entry.preferred for entry in entries}, {entry.code for entry in entries}
    terms = {entry.term for entry in entries}
    return Form(
        name,
        entries[0].preferred if len(preferred) == 1 else "",
        codes.pop() if len(codes) == 1 else "",
        frozenset(terms) if all(map(_is_acronym, terms)) else frozenset(),
        is_word_character(entries[0].term[-1]),
        negation.are_alike(entries[0].term, entries[0].preferred),
    )


def _is_acronym(term: str) -> bool:
    return len(term) <= _LONGEST_ACRONYM and term.isascii() and term.isupper()

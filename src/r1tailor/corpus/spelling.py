"""Misspelt terms: a word that the vocabulary does not know, next to one that it knows, where that makes a term.

The first letters must be right: ``asymptomatic`` is no misspelt ``symptomatic``. Hyper- is never read as hypo-, though
two letters part them. A term with a digit is never guessed, nor one of less than six characters, nor a Chinese one: in
a script without spaces every character is a word of its own.
"""

import re
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from r1tailor.corpus.matching import Match, Matcher, is_beginning, is_end
from r1tailor.schema.corpus import Fuzzy

_WORD = re.compile("[A-Za-z\u00c0-\u024f\u0370-\u03ff]{5,}")
_SHORTEST = 6  # characters of a misspelt term
_SAME_START = 3  # letters
_MOST_EDITS = 2  # letters left out, put in, replaced or swapped, in one word
_CHOICES = 3  # words that a misspelt one may stand for
_REMEMBERED = 65_536  # words
_WINDOW = 120  # characters around a misspelt word in which its term may stand
_OPPOSITES = (("hyper", "hypo"), ("inter", "intra"), ("ante", "anti"), ("infra", "intra"), ("macro", "micro"))


class Guess(NamedTuple):
    """A term that may be meant.

    Attributes:
        similarity: 1 minus the share of edited letters, in [0, 1].
        match: where the misspelt term stands, and what it may be.
    """

    similarity: float
    match: Match


class Speller:
    """Finds what is misspelt; knows the words of a vocabulary.

    Args:
        matcher: the vocabulary's names.
        settings: when a guess is good enough.
    """

    def __init__(self, matcher: Matcher, settings: Fuzzy) -> None:
        self._matcher, self._settings = matcher, settings
        self._words = {word for form in matcher.forms for word in _WORD.findall(form.name)}
        self._by_start: dict[str, list[str]] = defaultdict(list)
        for word in sorted(self._words):
            self._by_start[word[:_SAME_START]].append(word)
        self._choices = lru_cache(_REMEMBERED)(self._nearest)

    def misspelt(self, text: str, folded: str, taken: list[tuple[int, int]]) -> Iterator[tuple[Match, bool]]:
        """Yield each misspelt term outside the taken spans, and whether it is clear which one is meant.

        Args:
            text: as it stands.
            folded: ``fold(text)``.
            taken: (start, end) of what was found already, in order; what is found here is added to it.
        """
        for found in _WORD.finditer(folded):
            if found.group() in self._words or not (choices := self._choices(found.group())):
                continue
            start, end = found.span()
            place = bisect(taken, (start, end))
            low = max(start - _WINDOW, taken[place - 1][1] if place else 0)
            high = min(end + _WINDOW, taken[place][0] if place < len(taken) else len(text))
            guesses = list(self._guesses(text, folded, (low, start, end, high), choices))
            if low <= start and end <= high and guesses:
                best = max(guesses, key=lambda guess: guess.similarity)
                if best.similarity >= self._settings.threshold:
                    taken.insert(place, (best.match.start, best.match.end))
                    yield best.match, self._is_clear(best, guesses)

    def _nearest(self, word: str) -> list[str]:
        known = self._by_start.get(word[:_SAME_START], [])
        found = process.extract(word, known, scorer=OSA.distance, score_cutoff=_MOST_EDITS, limit=_CHOICES)
        return [choice for choice, _, _ in found if not _are_opposites(word.lower(), choice.lower())]

    def _guesses(
        self, text: str, folded: str, window: tuple[int, int, int, int], choices: Sequence[str]
    ) -> Iterator[Guess]:
        """Yield the terms that stand in a window once the misspelt word in it is one of the vocabulary's."""
        low, start, end, high = window
        for choice in choices:
            mended = [whole[low:start] + choice + whole[end:high] for whole in (text, folded)]
            longer = len(choice) - (end - start)
            for first, last, form in self._matcher.longest(*mended):
                span = slice(low + first, low + last - longer)
                if span.start <= start and end <= span.stop and _may_be_guessed(text, span):
                    yield Guess(OSA.normalized_similarity(folded[span], form.name), Match(span.start, span.stop, form))

    def _is_clear(self, best: Guess, guesses: Sequence[Guess]) -> bool:
        """Whether a name of one thing is meant, and nothing else is as near."""
        preferred = best.match.form.preferred
        near = best.similarity - self._settings.margin
        others = {guess.match.form.preferred for guess in guesses if guess.similarity >= near}
        return preferred != "" and others == {preferred}


def _may_be_guessed(text: str, span: slice) -> bool:
    surface = text[span]
    is_plain = len(surface) >= _SHORTEST and not any(character.isdigit() for character in surface)
    return is_plain and is_beginning(text, span.start) and is_end(text, span.stop)


def _are_opposites(first: str, second: str) -> bool:
    return any(
        (first.startswith(one) and second.startswith(other)) or (first.startswith(other) and second.startswith(one))
        for one, other in _OPPOSITES
    )

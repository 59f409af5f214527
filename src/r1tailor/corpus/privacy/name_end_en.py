"""Which words in Latin script may be part of a name, and where a name ends: before the first word that is none."""

import re

from r1tailor.corpus.privacy import romanised_en
from r1tailor.corpus.privacy.lexicon_en import is_drug, is_eponym, is_listed, is_ordinary
from r1tailor.corpus.privacy.lists import sections, words

_SECTIONS, CONTEXTS = sections("names.txt"), sections("contexts_en.txt")
LISTED = frozenset(word.lower() for name in ("given", "surname") for word in _SECTIONS[name])
_NO_NAME = words("no_names.txt")
LETTER = "A-Za-zÀ-ÖØ-öø-ÿĀ-žȘșȚțḀ-ỿ"
_PARTICLES = frozenset(CONTEXTS["particle"])
WORD = re.compile(rf"(?<![{LETTER}0-9])(?:[{LETTER}][{LETTER}'-]{{0,29}})")
ADDRESSED = frozenset(CONTEXTS["addressed"])
WORDLIKE = frozenset(CONTEXTS["word too"])
NAMES_TOO = LISTED | WORDLIKE
_MOST_WORDS = 5
VOWEL = re.compile("[aeiouyà-ỿ]", re.IGNORECASE)


def is_wordlike(word: str) -> bool:
    """Whether a word of the language is a frequent surname or given name as well: Hope, Baker."""
    return word.lower() in WORDLIKE


def is_abbreviation(word: str) -> bool:
    """Whether a word is in capitals and short: MRI, CSIRT."""
    return word.isupper() and len(word) <= 5


def is_word(word: str) -> bool:
    """Whether a word is one of the language or a drug's, and so no name of its own."""
    lower = word.lower().removesuffix("'s")
    if lower in LISTED:
        return False
    return is_ordinary(lower) or is_drug(lower) or lower in _NO_NAME


def is_term(word: str) -> bool:
    """Whether a word is one of the language, a drug's, or an eponym."""
    return is_word(word) or is_eponym(word)


def of_syllables(text: str, first: re.Match[str]) -> int:
    """Return where a surname and a given name of two syllables end, in any case; 0 if there is none."""
    second = WORD.match(text, first.end() + 1) if text[first.end() : first.end() + 1] == " " else None
    both = (
        second
        and not is_listed(second.group())
        and romanised_en.is_surname(first.group())
        and romanised_en.is_given(second.group())
    )
    return second.end() if second and both else 0


def end_of_name(text: str, first: re.Match[str], *, cautious: bool) -> int:
    """Return where the name that begins with a word ends.

    Args:
        text: in which it stands.
        first: its first word.
        cautious: whether its case must stay: what follows ``Patel`` in lower case is no part of it.
    """
    end, capital = _trimmed(first), first.group()[0].isupper()
    if first.group() in _PARTICLES and (after := WORD.match(text, first.end() + 1)):
        capital = (
            (WORD.match(text, after.end() + 1) or after if after.group() in _PARTICLES else after).group()[0].isupper()
        )
    if text[first.end() - 2 : first.end()] == "'s":
        return end
    place, waiting = first.end(), 0
    for _ in range(_MOST_WORDS):
        gap = re.compile(r"\.? |-|\.(?=[A-Za-z])").match(text, place)
        word = WORD.match(text, gap.end()) if gap else None
        if (
            gap is None
            or word is None
            or (text[place] == "." and place - first.start() > 2 and end == place and text[place - 3 : place] != " St")
        ):
            break
        spelt, lower = word.group(), word.group().lower()
        if text[word.end() : word.end() + 1] in (":", "=") or text[word.end() : word.end() + 2] == " :":
            break
        if lower in _PARTICLES and text[word.end() : word.end() + 1] in (" ", "-"):
            place = word.end()
            waiting += 1
            continue
        goes_on = spelt[0].isupper() == capital and (not is_word(spelt) or (capital and is_wordlike(spelt)))
        goes_on |= len(spelt) == 1 and spelt.isupper() == capital and text[word.end() : word.end() + 1] in (".", " ")
        if not capital:
            goes_on &= not is_eponym(spelt) and bool(VOWEL.search(spelt))
            goes_on |= is_wordlike(spelt) and not cautious and lower not in ADDRESSED
        if not goes_on:
            break
        place, end, waiting = word.end(), _trimmed(word), 0
        if spelt.endswith("'s"):
            break
    return end


def _trimmed(word: re.Match[str]) -> int:
    return word.end() - (2 if word.group().endswith("'s") else 1 if word.group().endswith(("'", "-")) else 0)

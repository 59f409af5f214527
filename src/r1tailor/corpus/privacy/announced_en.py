"""Names in Latin script that a label, a title or a role announces: ``Patient: lee soo-jin``, ``dr. hope``.

What announces decides, and neither case nor a list: behind a title or the label of a name stands a name unless a
word says otherwise (``dr. visits``, ``name: unknown``); behind a role (``pt``, ``surgeon:``) stands one unless the
word there is one of the language, a drug, or an eponym. A name ends before the first word that is none.
"""

import re
from collections.abc import Iterator

from r1tailor.corpus.privacy import romanised_en
from r1tailor.corpus.privacy.lexicon_en import (
    begins_phrase,
    is_dosed,
    is_drug,
    is_eponym,
    is_listed,
    is_named_after,
    is_ordinary,
)
from r1tailor.corpus.privacy.lists import one_of, sections, words

_SECTIONS, _CONTEXTS = sections("names.txt"), sections("contexts_en.txt")
LISTED = frozenset(word.lower() for name in ("given", "surname") for word in _SECTIONS[name])
_NO_NAME = words("no_names.txt")
_LETTER = "A-Za-zÀ-ÖØ-öø-ÿĀ-žȘșȚțḀ-ỿ"
_PARTICLES = frozenset(_CONTEXTS["particle"])
_WORD = re.compile(rf"(?<![{_LETTER}0-9])(?:[{_LETTER}][{_LETTER}'-]{{0,29}})")
_GAP = re.compile(r"\.? ?(?=[^\s])|, (?=[A-Za-z])")
_BOUND = r"(?<![A-Za-z0-9'/-])"

_TITLE = re.compile(
    rf"{_BOUND}(?P<title>mr|mrs|ms|miss|mx|drs?|prof|professor|rev|reverend|dame|mme|madame|herr|frau|hon|messrs)"
    r"(?P<sign>\. ?|[ ]{1,2})(?=[A-Za-zÀ-ỿ])",
    re.IGNORECASE,
)
_SEVERAL = ("drs", "messrs")
# What is announced as a name, whatever it is called: "name: ...", "surname = ...".
_NAME_LABEL = re.compile(
    rf"{_BOUND}(?<!drug )(?<!brand )(?<!trade )(?<!generic )(?<!product )(?<!file )(?<!test )(?<!company )(?<!event )"
    r"(?<!hospital )(?<!facility )(?<!user )(?<!plan )(?<!code )(?<!project )(?<!set )(?<!column )(?<!class )"
    r"(?:sur|given |first |last |middle |full |maiden |family |legal )?names?(?: of (?:patient|student|client))?"
    r"(?:\s?\([a-z, ]{1,20}\))?(?:[ ]{0,2}[:=][ ]{0,3}| - )",
    re.IGNORECASE,
)
_KIN = one_of(set(_CONTEXTS["kin"]) - {"parent", "parents", "children", "siblings", "partner", "twin"})
_ROLES = one_of([*_CONTEXTS["role"], *_CONTEXTS["kin"]])
_BY = f"(?:{one_of(_CONTEXTS['done'])}) by"
_LISTS_PEOPLE = one_of(_CONTEXTS["lists people"])
_ROLE_LABEL = re.compile(
    rf"{_BOUND}(?:(?:ordering|referring|attending|primary|treating|emergency|responsible) )?"
    rf"(?P<role>{_ROLES}|{_BY}|{_LISTS_PEOPLE})(?:\(s\)|'s)?(?: name)?[ ]{{0,2}}(?:[:=]|-(?= ))[ ]{{0,3}}",
    re.IGNORECASE,
)
_ROLE = re.compile(rf"{_BOUND}(?P<role>{_ROLES}|{_BY})[ ]{{1,2}}(?=[{_LETTER}])", re.IGNORECASE)
# "her mother, Dorje, brought her in", "pt's wife yukiko", "she was named Sora"
_OWNED_KIN = re.compile(
    rf"(?i:\b(?:his|her|their|my|our|patient's|pt's|[a-z]+'s) (?:{_KIN})),? "
    rf"(?P<name>[{_LETTER}][{_LETTER}'-]{{2,20}})(?P<sign>, )?"
)
_IS_NAMED = re.compile(
    r"(?i:(?P<named>(?:was|were|is|are|been|girl|boy|baby|child|son|daughter|man|woman) (?:named|called)"
    r"|(?:patient|pt) is)) "
    rf"(?=[{_LETTER}])"
)
# Two words of the language of which people are called before what only people do: "Pearl Best reports".
_CALLED = re.compile(
    rf"(?<![{_LETTER}])(?P<given>[A-Z][a-z]+) (?P<surname>[A-Z][a-z]+)(?= (?:{one_of(_CONTEXTS['only people'])})\b)"
)
_ANY = re.compile(r"(?i)\b(?:name|m[rsx]s?|miss|drs?|prof|rev|herr|frau|mme|dame|messrs|hon)\b|:|=| - ")
_ANY_ROLE = re.compile(rf"(?i)(?<![a-z])(?:{_ROLES}|{_BY})[ ]")
_NOT_TITLED = frozenset(_CONTEXTS["not titled"])
_ADDRESSED = frozenset(_CONTEXTS["addressed"])
_EMPTY = frozenset(_CONTEXTS["empty"])
_WORDLIKE = frozenset(_CONTEXTS["word too"])
NAMES_TOO = LISTED | _WORDLIKE
_PERSON_VERBS = re.compile(rf"(?: (?:{one_of(_CONTEXTS['verb'])})\b|[,;.:()\n/]|  |$)", re.IGNORECASE)
_MOST_WORDS = 5
_ADJECTIVE = re.compile(r"(?:ic|al|ed|ing|ive|ous|ary|oid|ent|ant|ly|ish|ile|[^aeious]s)$")
_VOWEL = re.compile("[aeiouyà-ỿ]", re.IGNORECASE)


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where announced names stand."""
    if _ANY.search(text):
        for match in _TITLE.finditer(text):
            yield from _titled(text, match)
        for match in _NAME_LABEL.finditer(text):
            yield from _named(text, match.end())
        for match in _ROLE_LABEL.finditer(text):
            yield from _listed(text, match.end(), labelled=True)
    yield from romanised_en.spans(text)
    for match in _CALLED.finditer(text):
        if match["surname"].lower() in NAMES_TOO and (
            match["given"].lower() in NAMES_TOO or not _is_term(match["given"])
        ):
            yield match.span()
    for match in _OWNED_KIN.finditer(text):
        if _is_kins_name(text, match):
            yield match.span("name")
    for match in _IS_NAMED.finditer(text):
        yield from _named_so(text, match)
    if _ANY_ROLE.search(text):
        for match in _ROLE.finditer(text):
            yield from _listed(text, match.end(), labelled=False)


def _is_kins_name(text: str, match: re.Match[str]) -> bool:
    """Whether a word behind a relative is the relative's name: no word of any kind, and set off if it has a capital."""
    name = match["name"]
    if _is_term(name) or is_named_after(text, match.end("name")) or is_dosed(text, match.end("name")):
        return False
    if not name[0].isupper():
        return not _ADJECTIVE.search(name) and bool(_VOWEL.search(name))
    return bool(match["sign"]) or bool(_PERSON_VERBS.match(text, match.end("name")))


def _named_so(text: str, match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield the name behind "was named"; behind "patient is" there must be two words that are none of the language."""
    first = _WORD.match(text, match.end())
    if first is not None and (end := _of_syllables(text, first)):
        yield first.start(), end
        return
    if first is None or _is_term(first.group()) or len(first.group()) < 3:
        return
    end = _end(text, first, cautious=True)
    two, capital = " " in text[first.start() : end], first.group()[0].isupper()
    if (two if match["named"].lower().endswith("is") else capital or two) and not begins_phrase(text, first.start()):
        yield first.start(), end


def _titled(text: str, match: re.Match[str]) -> Iterator[tuple[int, int]]:
    place = match.end()
    while found := _WORD.match(text, place):
        first = found.group().lower().removesuffix("'s")
        if first in _NOT_TITLED and not (first in _ADDRESSED and _stands_alone(text, found)):
            return
        end = _end(text, found, cautious=False)
        yield place, end
        follows = re.compile(r"(?:,| and|, and) (?=[A-ZÀ-Þ])").match(text, end)
        if match["title"].lower() not in _SEVERAL or not follows:
            return
        place = follows.end()


def _stands_alone(text: str, found: re.Match[str]) -> bool:
    """Whether a word that helps a verb elsewhere is a name: ``Mrs. May reports``, but not ``dr. may go``."""
    if not found.group()[0].isupper():
        return bool(_PERSON_VERBS.match(text, found.end())) or _is_followed_by_a_name(text, found.end())
    return True


def _is_followed_by_a_name(text: str, end: int) -> bool:
    following = _WORD.match(text, end + 1) if text[end : end + 1] == " " else None
    return following is not None and following.group().lower() in LISTED | _WORDLIKE


def _named(text: str, place: int) -> Iterator[tuple[int, int]]:
    """Yield what stands behind the label of a name."""
    first = _WORD.match(text, place)
    if first is None or first.group().lower() in _EMPTY or is_drug(first.group()) or begins_phrase(text, place):
        return
    if is_ordinary(first.group()) and first.group().islower() and not _is_wordlike(first.group()):
        following = _WORD.match(text, first.end() + 1)
        if following is None or is_ordinary(following.group()):
            return
    comma = re.compile(rf",[ ]{{1,2}}(?=[{_LETTER}])").match(text, first.end())
    if comma and (second := _WORD.match(text, comma.end())) and not _is_word(second.group()):
        yield place, _end(text, second, cautious=False)
    else:
        yield place, _end(text, first, cautious=False)


def _listed(text: str, place: int, *, labelled: bool) -> Iterator[tuple[int, int]]:
    """Yield the name behind a role, and of a list behind a label every further one."""
    while first := _WORD.match(text, _behind_title(text, place)):
        end = _of_syllables(text, first)
        if not end and not _is_name(text, first, labelled=labelled):
            return
        end = end or _end(text, first, cautious=True)
        comma = re.compile(r", (?=[A-ZÀ-Þ])").match(text, end)
        second = _WORD.match(text, comma.end()) if comma else None
        alike = second and first.group().isupper() == second.group().isupper()
        if second and alike and (not _is_word(second.group()) or romanised_en.is_surname(second.group())):
            end = _end(text, second, cautious=True)
        yield first.start(), end
        more = re.compile(r"(?: ?\([^()\n]{1,20}\))?(?:[,;]| and|, and| &) (?=[A-ZÀ-Þ])").match(text, end)
        if not (labelled and more):
            return
        place = more.end()


def _behind_title(text: str, place: int) -> int:
    title = _TITLE.match(text, place)
    return title.end() if title else place


def _is_name(text: str, first: re.Match[str], *, labelled: bool) -> bool:
    """Whether a word behind a role begins a name."""
    word = first.group().removesuffix("'s")
    lower, follows = word.lower(), text[first.end() : first.end() + 1]
    if is_named_after(text, first.end()) or begins_phrase(text, first.start()):
        return False
    if lower not in LISTED and is_dosed(text, first.end()):
        return False
    if (
        follows == ":"
        or (is_drug(word) and lower not in NAMES_TOO)
        or (is_eponym(word) and lower not in LISTED and follows != ",")
    ):
        return False
    initial = len(word) == 1 and follows == "." and labelled
    if initial:
        surname = re.compile(rf"\.? ?(?:[A-Za-z]\. ?)?(?P<word>[{_LETTER}'-]{{2,}})").match(text, first.end())
        return bool(surname) and not is_ordinary(surname["word"] if surname else "")
    if len(word) == 1 or (not _VOWEL.search(word) and lower not in LISTED and lower != "ng"):
        return False
    if lower in LISTED:
        return labelled or word[0].isupper() or _continues(text, first)
    if _is_wordlike(word):
        return (labelled and word[0].isupper()) or _continues(text, first)
    if _is_word(word):
        return False
    return (word[0].isupper() and not _is_abbreviation(word)) or labelled or _continues(text, first)


def _continues(text: str, first: re.Match[str]) -> bool:
    """Whether what follows a word in lower case speaks for a name: a person's verb, an end, another such word."""
    if len(first.group()) < 3:
        return False
    if first.group().lower() in LISTED and _PERSON_VERBS.match(text, first.end()):
        return True
    second = _WORD.match(text, first.end() + 1) if text[first.end() : first.end() + 1] == " " else None
    if second and not _is_word(second.group()) and len(second.group()) > 2 and not is_eponym(second.group()):
        return True
    verb = _PERSON_VERBS.match(text, first.end())
    return bool(verb) and verb is not None and verb.group()[:1] == " "


def _is_wordlike(word: str) -> bool:
    return word.lower() in _WORDLIKE


def _is_abbreviation(word: str) -> bool:
    return word.isupper() and len(word) <= 5


def _is_word(word: str) -> bool:
    """Whether a word is one of the language or a drug's, and so no name of its own."""
    lower = word.lower().removesuffix("'s")
    if lower in LISTED:
        return False
    return is_ordinary(lower) or is_drug(lower) or lower in _NO_NAME


def _is_term(word: str) -> bool:
    return _is_word(word) or is_eponym(word)


def _of_syllables(text: str, first: re.Match[str]) -> int:
    """Return where a surname and a given name of two syllables end, in any case; 0 if there is none."""
    second = _WORD.match(text, first.end() + 1) if text[first.end() : first.end() + 1] == " " else None
    both = (
        second
        and not is_listed(second.group())
        and romanised_en.is_surname(first.group())
        and romanised_en.is_given(second.group())
    )
    return second.end() if second and both else 0


def _end(text: str, first: re.Match[str], *, cautious: bool) -> int:
    """Return where the name that begins with a word ends.

    Args:
        text: in which it stands.
        first: its first word.
        cautious: whether its case must stay: what follows ``Patel`` in lower case is no part of it.
    """
    end, capital = _trimmed(first), first.group()[0].isupper()
    if first.group() in _PARTICLES and (after := _WORD.match(text, first.end() + 1)):
        capital = (
            (_WORD.match(text, after.end() + 1) or after if after.group() in _PARTICLES else after).group()[0].isupper()
        )
    if text[first.end() - 2 : first.end()] == "'s":
        return end
    place, waiting = first.end(), 0
    for _ in range(_MOST_WORDS):
        gap = re.compile(r"\.? |-|\.(?=[A-Za-z])").match(text, place)
        word = _WORD.match(text, gap.end()) if gap else None
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
        goes_on = spelt[0].isupper() == capital and (not _is_word(spelt) or (capital and _is_wordlike(spelt)))
        goes_on |= len(spelt) == 1 and spelt.isupper() == capital and text[word.end() : word.end() + 1] in (".", " ")
        if not capital:
            goes_on &= not is_eponym(spelt) and bool(_VOWEL.search(spelt))
            goes_on |= _is_wordlike(spelt) and not cautious and lower not in _ADDRESSED
        if not goes_on:
            break
        place, end, waiting = word.end(), _trimmed(word), 0
        if spelt.endswith("'s"):
            break
    return end


def _trimmed(word: re.Match[str]) -> int:
    return word.end() - (2 if word.group().endswith("'s") else 1 if word.group().endswith(("'", "-")) else 0)

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
    is_named_after,
    is_ordinary,
)
from r1tailor.corpus.privacy.lists import one_of
from r1tailor.corpus.privacy.name_end_en import (
    ADDRESSED,
    CONTEXTS,
    LETTER,
    LISTED,
    NAMES_TOO,
    VOWEL,
    WORD,
    WORDLIKE,
    end_of_name,
    is_abbreviation,
    is_term,
    is_word,
    is_wordlike,
    of_syllables,
)

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
_KIN = one_of(set(CONTEXTS["kin"]) - {"parent", "parents", "children", "siblings", "partner", "twin"})
_ROLES = one_of([*CONTEXTS["role"], *CONTEXTS["kin"]])
_BY = f"(?:{one_of(CONTEXTS['done'])}) by"
_LISTS_PEOPLE = one_of(CONTEXTS["lists people"])
_ROLE_LABEL = re.compile(
    rf"{_BOUND}(?:(?:ordering|referring|attending|primary|treating|emergency|responsible) )?"
    rf"(?P<role>{_ROLES}|{_BY}|{_LISTS_PEOPLE})(?:\(s\)|'s)?(?: name)?[ ]{{0,2}}(?:[:=]|-(?= ))[ ]{{0,3}}",
    re.IGNORECASE,
)
_ROLE = re.compile(rf"{_BOUND}(?P<role>{_ROLES}|{_BY})[ ]{{1,2}}(?=[{LETTER}])", re.IGNORECASE)
# "her mother, Dorje, brought her in", "pt's wife yukiko", "she was named Sora"
_OWNED_KIN = re.compile(
    rf"(?i:\b(?:his|her|their|my|our|patient's|pt's|[a-z]+'s) (?:{_KIN})),? "
    rf"(?P<name>[{LETTER}][{LETTER}'-]{{2,20}})(?P<sign>, )?"
)
_IS_NAMED = re.compile(
    r"(?i:(?P<named>(?:was|were|is|are|been|girl|boy|baby|child|son|daughter|man|woman) (?:named|called)"
    r"|(?:patient|pt) is)) "
    rf"(?=[{LETTER}])"
)
# Two words of the language of which people are called before what only people do: "Pearl Best reports".
_CALLED = re.compile(
    rf"(?<![{LETTER}])(?P<given>[A-Z][a-z]+) (?P<surname>[A-Z][a-z]+)(?= (?:{one_of(CONTEXTS['only people'])})\b)"
)
_ANY = re.compile(r"(?i)\b(?:name|m[rsx]s?|miss|drs?|prof|rev|herr|frau|mme|dame|messrs|hon)\b|:|=| - ")
_ANY_ROLE = re.compile(rf"(?i)(?<![a-z])(?:{_ROLES}|{_BY})[ ]")
_NOT_TITLED = frozenset(CONTEXTS["not titled"])
_EMPTY = frozenset(CONTEXTS["empty"])
_PERSON_VERBS = re.compile(rf"(?: (?:{one_of(CONTEXTS['verb'])})\b|[,;.:()\n/]|  |$)", re.IGNORECASE)
_ADJECTIVE = re.compile(r"(?:ic|al|ed|ing|ive|ous|ary|oid|ent|ant|ly|ish|ile|[^aeious]s)$")


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
            match["given"].lower() in NAMES_TOO or not is_term(match["given"])
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
    if is_term(name) or is_named_after(text, match.end("name")) or is_dosed(text, match.end("name")):
        return False
    if not name[0].isupper():
        return not _ADJECTIVE.search(name) and bool(VOWEL.search(name))
    return bool(match["sign"]) or bool(_PERSON_VERBS.match(text, match.end("name")))


def _named_so(text: str, match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield the name behind "was named"; behind "patient is" there must be two words that are none of the language."""
    first = WORD.match(text, match.end())
    if first is not None and (end := of_syllables(text, first)):
        yield first.start(), end
        return
    if first is None or is_term(first.group()) or len(first.group()) < 3:
        return
    end = end_of_name(text, first, cautious=True)
    two, capital = " " in text[first.start() : end], first.group()[0].isupper()
    if (two if match["named"].lower().endswith("is") else capital or two) and not begins_phrase(text, first.start()):
        yield first.start(), end


def _titled(text: str, match: re.Match[str]) -> Iterator[tuple[int, int]]:
    place = match.end()
    while found := WORD.match(text, place):
        first = found.group().lower().removesuffix("'s")
        if first in _NOT_TITLED and not (first in ADDRESSED and _stands_alone(text, found)):
            return
        end = end_of_name(text, found, cautious=False)
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
    following = WORD.match(text, end + 1) if text[end : end + 1] == " " else None
    return following is not None and following.group().lower() in LISTED | WORDLIKE


def _named(text: str, place: int) -> Iterator[tuple[int, int]]:
    """Yield what stands behind the label of a name."""
    first = WORD.match(text, place)
    if first is None or first.group().lower() in _EMPTY or is_drug(first.group()) or begins_phrase(text, place):
        return
    if is_ordinary(first.group()) and first.group().islower() and not is_wordlike(first.group()):
        following = WORD.match(text, first.end() + 1)
        if following is None or is_ordinary(following.group()):
            return
    comma = re.compile(rf",[ ]{{1,2}}(?=[{LETTER}])").match(text, first.end())
    if comma and (second := WORD.match(text, comma.end())) and not is_word(second.group()):
        yield place, end_of_name(text, second, cautious=False)
    else:
        yield place, end_of_name(text, first, cautious=False)


def _listed(text: str, place: int, *, labelled: bool) -> Iterator[tuple[int, int]]:
    """Yield the name behind a role, and of a list behind a label every further one."""
    while first := WORD.match(text, _behind_title(text, place)):
        end = of_syllables(text, first)
        if not end and not _is_name(text, first, labelled=labelled):
            return
        end = end or end_of_name(text, first, cautious=True)
        comma = re.compile(r", (?=[A-ZÀ-Þ])").match(text, end)
        second = WORD.match(text, comma.end()) if comma else None
        alike = second and first.group().isupper() == second.group().isupper()
        if second and alike and (not is_word(second.group()) or romanised_en.is_surname(second.group())):
            end = end_of_name(text, second, cautious=True)
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
        surname = re.compile(rf"\.? ?(?:[A-Za-z]\. ?)?(?P<word>[{LETTER}'-]{{2,}})").match(text, first.end())
        return bool(surname) and not is_ordinary(surname["word"] if surname else "")
    if len(word) == 1 or (not VOWEL.search(word) and lower not in LISTED and lower != "ng"):
        return False
    if lower in LISTED:
        return labelled or word[0].isupper() or _continues(text, first)
    if is_wordlike(word):
        return (labelled and word[0].isupper()) or _continues(text, first)
    if is_word(word):
        return False
    return (word[0].isupper() and not is_abbreviation(word)) or labelled or _continues(text, first)


def _continues(text: str, first: re.Match[str]) -> bool:
    """Whether what follows a word in lower case speaks for a name: a person's verb, an end, another such word."""
    if len(first.group()) < 3:
        return False
    if first.group().lower() in LISTED and _PERSON_VERBS.match(text, first.end()):
        return True
    second = WORD.match(text, first.end() + 1) if text[first.end() : first.end() + 1] == " " else None
    if second and not is_word(second.group()) and len(second.group()) > 2 and not is_eponym(second.group()):
        return True
    verb = _PERSON_VERBS.match(text, first.end())
    return bool(verb) and verb is not None and verb.group()[:1] == " "

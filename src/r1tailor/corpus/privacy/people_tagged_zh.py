"""Names in Chinese characters that stand among words, found by cutting a text into the words of a dictionary.

What remains between the words is often a name: 罪犯|王泽楷|在|服刑, 今日|阎|绮罗|体温. Three forms: a word tagged as a
name that begins with a surname; a surname and a word of two characters that is a name or rare; a surname and one or
two characters that stand alone. All are asked for characters that people bear, since statutes and medicine hold
surnames' characters as well (水土保持, 窦性), and no word that the dictionary counted often is a name.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from r1tailor.corpus.privacy.lists import sections, words
from r1tailor.corpus.privacy.tagger_zh import Token, frequency, tag, tokens

_LISTS, _CONTEXTS = sections("names_zh.txt"), sections("contexts_zh.txt")
_COMPOUND = frozenset(_LISTS["compound"])
_SINGLE = frozenset("".join(_LISTS["common"] + _LISTS["ambiguous"])) | {"于"}
_BORNE = frozenset("".join(_LISTS["given"] + _LISTS["rarer given"]))
_FUNCTION = frozenset("的了是在不有和与及或者于")
_AMBIGUOUS = frozenset("".join(_LISTS["ambiguous"]))
_NEVER = (frozenset("".join(_CONTEXTS["never"])) | frozenset(_LISTS["function"][0])) - {"之"}
_FREQUENT = frozenset("".join(_LISTS["frequent"]))
_LEADS = (*_CONTEXTS["before"], *_CONTEXTS["label"], *_CONTEXTS["role end"])
_LONGEST_LEAD = max(map(len, _LEADS))
_NEXT = tuple(_CONTEXTS["next"])
_NO_NAMES = words("no_names_zh.txt") | frozenset(_CONTEXTS["words"])
_NO_GIVEN = words("no_given_zh.txt")
_RUN = re.compile("[\u4e00-\u9fff]{2,}")
_MAYBE = re.compile(f"(?=(?P<two>(?:{'|'.join(sorted(_COMPOUND))}|[{''.join(sorted(_SINGLE))}])[^{''.join(_NEVER)}]))")
_RARE, _ORDINARY = 100, 300  # how often the dictionary's corpus of 60 million words holds a word
_PEOPLE = ("nr", "nz", "ns")  # people, and what is named after them


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where names stand; runs of ideographs that can hold none are not cut into words."""
    for run in _RUN.finditer(text):
        if any(_may_begin(match["two"]) for match in _MAYBE.finditer(run.group())):
            for start, end in _names(run.group()):
                yield run.start() + start, run.start() + end


def _may_begin(two: str) -> bool:
    """Whether a surname and the character behind it begin anything but a word that is in use."""
    return two[:2] not in _NO_NAMES and (frequency(two) < _ORDINARY or tag(two).startswith(_PEOPLE))


def _names(run: str) -> Iterator[tuple[int, int]]:
    found = tokens(run)
    for number, token in enumerate(found):
        surname = _surname(token.word)
        if not surname:
            continue
        behind = found[number + 1 : number + 3]
        end = _of_surname(behind) if surname == token.word else _of_name(token, len(surname), behind)
        name = run[token.start : end]
        if end > token.start and name[:2] not in _NO_NAMES and name[-2:] not in _NO_GIVEN and _stands(run, name, end):
            yield token.start, end


def _stands(run: str, name: str, end: int) -> bool:
    """Whether what stands around a name allows it: 于, and a surname that is a word as well, must be led up to."""
    surname, given = name[0], name[1:]
    before = run[max(0, end - len(name) - _LONGEST_LEAD) : end - len(name)]
    if surname == "于":
        return before.endswith(_LEADS) and tag(given).startswith(_PEOPLE)
    if surname not in _AMBIGUOUS or name[:2] in _COMPOUND or (surname in _FREQUENT and _BORNE.issuperset(given)):
        return True
    named = len(given) == 2 and tag(given).startswith(_PEOPLE)
    return named or before.endswith(_LEADS) or (not before and run.startswith(_NEXT, end))


def _surname(word: str) -> str:
    """Return the surname that a word begins with; empty if there is none."""
    return word[:2] if word[:2] in _COMPOUND else word[0] if word[0] in _SINGLE else ""


def _of_name(token: Token, surname: int, behind: Sequence[Token]) -> int:
    """Return where a name ends whose surname and given name are (or begin) one word; 0 if it is none."""
    given, goes_on = token.word[surname:], len(token.word) == surname + 1 and _goes_on(behind)
    if len(given) > 2 or not _NEVER.isdisjoint(given):
        return 0
    if not all(map(_is_given, given)) and (frequency(token.word) or not _is_tagged(token)):
        return 0
    if frequency(token.word) >= (_ORDINARY if goes_on else _RARE) or not _is_person(token):
        return 0
    return behind[0].end if goes_on else token.end


def _is_tagged(token: Token) -> bool:
    return token.tag.startswith("nr") and token.word[0] not in _AMBIGUOUS


def _is_person(token: Token) -> bool:
    """Whether a word is tagged as a name, or made up by the tagger behind a frequent surname."""
    return token.tag.startswith("nr") or (not frequency(token.word) and token.word[0] in _FREQUENT)


def _of_surname(behind: Sequence[Token]) -> int:
    """Return where a name ends whose surname is a word of its own; 0 if none follows."""
    if not behind:
        return 0
    given = behind[0]
    if len(given.word) == 1:
        return _of_characters(behind)
    if len(given.word) == 2 and _is_pair(given):
        return given.end
    rest = "".join(takewhile(_is_given, given.word))
    return given.start + 1 if len(rest) == 1 and not frequency(given.word) else 0


def _of_characters(behind: Sequence[Token]) -> int:
    if not _is_given(behind[0].word):
        return 0
    return behind[1].end if _goes_on(behind[1:]) else behind[0].end


def _is_pair(given: Token) -> bool:
    if given.tag.startswith(_PEOPLE):
        return frequency(given.word) < _ORDINARY and _NEVER.isdisjoint(given.word)
    return frequency(given.word) < _RARE and _is_given(given.word[0]) and given.word[1] not in _FUNCTION


def _goes_on(behind: Sequence[Token]) -> bool:
    """Whether the character that comes next belongs to the name."""
    return bool(behind) and len(behind[0].word) == 1 and _is_given(behind[0].word)


def _is_given(character: str) -> bool:
    """Whether people bear a character: by the lists, or as one that hardly anything else is written with."""
    return character not in _NEVER and (character in _BORNE or frequency(character) < _ORDINARY)

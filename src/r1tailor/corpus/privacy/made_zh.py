"""How names in Chinese characters are made, by origin, and where they end: Han, Tibetan, Uyghur, Japanese, Western."""

import re

from r1tailor.corpus.privacy import medicine_zh
from r1tailor.corpus.privacy.lists import sections, words
from r1tailor.corpus.privacy.tagger_zh import frequency, tag, tokens

_LISTS, CONTEXTS, FOREIGN = sections("names_zh.txt"), sections("contexts_zh.txt"), sections("foreign_zh.txt")
SINGLE = frozenset("".join(_LISTS["common"] + _LISTS["ambiguous"])) | {"于"}
RARE = frozenset(_LISTS["function"][0])  # surnames that hold sentences together
_BORNE = frozenset("".join(_LISTS["given"] + _LISTS["rarer given"]))
_FREQUENT, _ODD = frozenset("".join(_LISTS["frequent"])), frozenset("有不日时人子以如可能会同")
_PAIRS = frozenset(_LISTS["given pairs"])
COMPOUND = frozenset(_LISTS["compound"])
SOUNDS, _PARTS = "".join(FOREIGN["sounds"]), tuple(FOREIGN["turkic"] + FOREIGN["western"])
TIBETAN = "|".join(sorted(FOREIGN["tibetan"], key=len, reverse=True))
_JAPANESE = "|".join(sorted(FOREIGN["japanese"], key=len, reverse=True))
_NEVER = "".join(CONTEXTS["never"])
_NO_NAMES = words("no_names_zh.txt") | frozenset(CONTEXTS["words"])
H = "[\u4e00-\u9fff]"
DOT = "[·•・‧∙.]"
TITLES = "|".join(CONTEXTS["before title"])
_TITLE_FIRST = re.compile(TITLES)
_FULL_TIBETAN = re.compile(f"(?:{TIBETAN}){{1,3}}")
_FULL_JAPANESE = re.compile(rf"(?P<surname>{_JAPANESE})(?P<given>[{''.join(FOREIGN['japanese given'])}]{{0,3}})")
_WESTERN = re.compile("|".join(sorted(FOREIGN["western"], key=len, reverse=True)))
_LAST_GIVEN = "郎子美男夫雄彦介太之香奈也树辅"
_SOUNDED = re.compile(f"[{SOUNDS}]{{2,12}}")
_DOTTED = re.compile(rf"(?P<first>{H}{{1,8}}?){DOT}(?P<rest>{H}{{1,10}}(?:{DOT}{H}{{1,8}})?)")
_LEADS_UP = tuple(sorted({*CONTEXTS["label"], *CONTEXTS["further role"], *CONTEXTS["before"]}, key=len, reverse=True))
_LONG_VERB = "|".join(word for word in CONTEXTS["verb"] if len(word) > 1)
_CLEAR_VERB = re.compile(f"(?:{_LONG_VERB}|[因诉称被与和将已未经对向从以的于在]|{TITLES})")
VERB_FIRST = re.compile(rf"(?:{'|'.join(CONTEXTS['verb'])}|[一二三四五六七八九十]|[ ,,。;；、:：)）(（]|$)")
LONGEST = 15


def around_dot(text: str, match: re.Match[str]) -> tuple[int, int]:
    """Return where a name with a dot stands: from behind a role or a word that leads up to it, up to a clear verb."""
    start, dot = match.span("first")
    led = (place for place in range(dot - 1, start, -1) if text.endswith(_LEADS_UP, 0, place))
    ends = (place for place in range(match.start("rest") + 1, match.end()) if _CLEAR_VERB.match(text, place))
    return next(led, start), next(ends, match.end())


def is_unheard_of(value: str) -> bool:
    """Whether all of a value behind a colon may be a name: it holds no word of the language."""
    if any(character in _NEVER for character in value) or (
        medicine_zh.is_medicine(value, 0, len(value)) and len(value) > 3
    ):
        return False
    if value[:1] in SINGLE and len(value) in (2, 3) and frequency(value) < 20:
        return True
    return all(
        len(token.word) == 1 or frequency(token.word) < 20 or token.tag.startswith("nr") for token in tokens(value)
    )


def of_foreign(text: str, start: int) -> int:
    """Return where a name that is not Han ends, if one begins at a place; 0 if none does."""
    run = re.compile(rf"{H}{{2,{LONGEST}}}").match(text, start)
    dotted = _DOTTED.match(text, start)
    if dotted and (set(dotted["first"]) <= set(SOUNDS) or dotted["first"].startswith(_PARTS)):
        return _of_rest(text, dotted.start("rest"))
    if run is None:
        return 0
    if (western := _WESTERN.match(text, start)) and VERB_FIRST.match(text, western.end()):
        return western.end()
    if tibetan := _FULL_TIBETAN.match(text, start):
        return tibetan.end()
    if (japanese := _FULL_JAPANESE.match(text, start)) and (end := _of_japanese(text, japanese)):
        return end
    end = _of_sounds(text, start)
    name = text[start:end] if end else ""
    known = name.startswith(_PARTS) or name.endswith(_PARTS)
    return end if end and (known or (len(name) > 2 and frequency(name) == 0 and not is_han(name[:3]))) else 0


def is_borne(name: str) -> bool:
    """Whether people bear a name's given characters, and it may be a Han name."""
    known = (
        _BORNE.issuperset(name[1:])
        or name[1:] in _PAIRS
        or (len(name) == 3 and name[0] in _FREQUENT and name[2] in _BORNE)
    )
    return known and is_han(name)


def _is_odd(name: str) -> bool:
    """Whether a name's first given character is one that mostly holds sentences together: 苏有朋, 岳不群."""
    given = len(name) == 3 and name[1] in _ODD and name[2] in _BORNE
    return given and name[0] in _FREQUENT and name[:2] not in _NO_NAMES and not is_word(name[1:])


def _of_rest(text: str, start: int) -> int:
    """Return where the second part of a name with a dot ends: with the sounds, or before a verb or a sign."""
    if end := _of_sounds(text, start):
        return end
    ends = (end for end in range(start + 1, start + 9) if VERB_FIRST.match(text, end))
    return next(ends, start + 1)


def _of_japanese(text: str, match: re.Match[str]) -> int:
    """Return where a Japanese name ends: behind a usual given name, or before a verb or a sign."""
    if _TITLE_FIRST.match(text, match.end("surname")):
        return match.end("surname")
    for length in range(len(match["given"]), 0, -1):
        end = match.end("surname") + length
        if length > 1 and (VERB_FIRST.match(text, end) or (length == 2 and text[end - 1] in _LAST_GIVEN)):
            return end
        if VERB_FIRST.match(text, end) and not VERB_FIRST.match(text, end - length):
            return end
    return match.end("surname") if VERB_FIRST.match(text, match.end("surname")) else 0


def _of_sounds(text: str, start: int) -> int:
    """Return where a run of characters that write sounds ends; what they spell must not be words of the language."""
    match = _SOUNDED.match(text, start)
    if match is None:
        return 0
    end = match.end()
    for token in tokens(match.group()):
        if token.start and len(token.word) > 1 and frequency(token.word) > 300 and not token.tag.startswith("n"):
            end = start + token.start
            break
    while end - start > 2 and text[end - 1] in "可所其别让切开直尚第三则合" and not text[start:end].endswith(_PARTS):
        end -= 1  # 可 and the like begin the verb
    return end if end - start >= 2 else 0


def of_han(text: str, start: int) -> int:
    """Return where a Han name ends that a verb or a sign follows."""
    surname = 2 if text[start : start + 2] in COMPOUND else 1 if text[start : start + 1] in SINGLE else 0
    if _TITLE_FIRST.match(text, start + max(surname, 1)):
        return 0  # a surname before a title
    if not surname and text[start : start + 1] in RARE - {"有"} and _BORNE.issuperset(text[start + 1 : start + 3]):
        return start + 3 if VERB_FIRST.match(text, start + 3) and not is_word(text[start : start + 2]) else 0
    if not surname or text[start : start + 2] in _NO_NAMES - COMPOUND:
        return 0
    for given in (2, 1):
        end = start + surname + given
        name = text[start:end]
        borne = surname == 2 or not _BORNE.isdisjoint(name[surname:])
        possible = borne and len(name) == surname + given and (is_han(name) or _is_odd(name))
        if possible and VERB_FIRST.match(text, end):
            return end
    return 0


def is_han(name: str) -> bool:
    """Whether characters could be a Han name: a surname, one or two characters that names hold, and no word."""
    surname = 2 if name[:2] in COMPOUND else 1 if name[:1] in SINGLE else 0
    given = name[surname:]
    if not surname or not 1 <= len(given) <= 2:
        return False
    if given in _PAIRS:
        return True
    if any(character in _NEVER for character in given):
        return False
    if surname == 1 and (name[:2] in _NO_NAMES or is_word(name) or is_word(name[:2])):
        return False
    return not (len(given) == 2 and is_word(given) and not tag(given).startswith("n"))


def is_word(word: str) -> bool:
    """Whether characters are a word of the language that is no name."""
    return frequency(word) >= 20 and not tag(word).startswith(("nr", "ns", "nz"))


def is_foreign(name: str) -> bool:
    """Whether the whole of some characters is made as a name that is not Han."""
    bare = re.sub(DOT, "", name)
    if _FULL_TIBETAN.fullmatch(name):
        return True
    if bare != name:
        return set(bare) <= set(SOUNDS) or bare.startswith(_PARTS)
    japanese = _FULL_JAPANESE.fullmatch(name)
    if japanese and not is_word(name):
        return True
    return of_foreign(name, 0) == len(name) and len(name) > 2 and not medicine_zh.is_medicine(name, 0, len(name))

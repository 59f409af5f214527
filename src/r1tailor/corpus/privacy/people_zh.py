"""Names in Chinese characters, found by a surname and what stands around it.

Three strengths of context, three demands on the name. A label with a colon (姓名：, 收款人：) takes any surname and
any given name. A role or a verb in front of it (原告, 由, 通知) needs a frequent surname and characters that people
bear: two, or one with an end behind it (因, 提出, a comma). Nothing around it: two characters that are frequent in
given names. Surnames that often begin another word (高血压, 黄疸, 关节) need more than the others. What these rules
miss, a text cut into words shows (``people_tagged_zh``). Then every other mention of a name so found is a name too.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from ahocorasick_rs import AhoCorasick

from r1tailor.corpus.privacy import announced_zh, medicine_zh, people_tagged_zh
from r1tailor.corpus.privacy.findings import IDEOGRAPH, Finding
from r1tailor.corpus.privacy.lists import sections, words
from r1tailor.corpus.privacy.made_zh import is_word

_LISTS, _CONTEXTS = sections("names_zh.txt"), sections("contexts_zh.txt")
_AMBIGUOUS = frozenset("".join(_LISTS["ambiguous"]))
_COMMON, _FUNCTION = frozenset("".join(_LISTS["common"])), "".join(_LISTS["function"])
_COMPOUND = "|".join(_LISTS["compound"])
_SURNAME = f"(?:{_COMPOUND}|[{''.join(sorted(_COMMON | _AMBIGUOUS))}])"
_ANY_SURNAME = f"(?:{_COMPOUND}|[{''.join(sorted(_COMMON | _AMBIGUOUS))}{_FUNCTION}])"
_TOWARDS = "向(?=[阳东荣红前明华军群])"  # in a given name; else it says to whom or where
_PAIR = "|".join(_LISTS["given pairs"])  # with a character that is in no other name
_GIVEN = rf"(?:{_TOWARDS}|[^\W\d_A-Za-z向{''.join(_CONTEXTS['never'])}])"
_NAME = rf"(?P<name>{_SURNAME}(?P<given>{_PAIR}|[·.]?{_GIVEN}{{1,2}}))"
_FREQUENT = f"[{''.join(_LISTS['given'])}]"
_BORNE = f"(?:{_TOWARDS}|[{''.join(_LISTS['given'] + _LISTS['rarer given'])}])"

_ALL_BORNE = frozenset("".join(_LISTS["given"] + _LISTS["rarer given"] + _LISTS["given pairs"]))

_LABEL, _TITLE = "|".join(_CONTEXTS["label"]), "|".join(_CONTEXTS["title"])
_NEXT = "|".join(_CONTEXTS["next"])
_CUT = re.compile("|".join(word for word in _CONTEXTS["next"] if len(word) > 1 or word == "接"))
# What follows a name where the name ends: a sign, an end, or one of the words that go on about a person.
_AFTER = r"\s|$|[,,。;;、::))((!?!?\[\]/]|男|女|因|于|主诉|自述|诉|的|在|是|系|向|与|和|及|为|被|对|到|等"
_AFTER += "|已|未|称|今|昨|[0-9]|从|由|经|以|将|就|应|会|说|来|有|也|还|患|本人|身份|电话|住"
_END = re.compile(_AFTER)

_ROLE_END = "".join(_CONTEXTS["role end"])
_SIGN = r"(?:[((][^()\n]{1,10}[))])?(?P<sign> ?[:=] ?| {1,3}|(?<=[))]))"
_MARKED = re.compile(
    rf"(?:(?P<label>{_LABEL})(?:姓名|签名|签字)?|(?<=[{_ROLE_END}])){_SIGN}"
    rf"(?P<name>{_ANY_SURNAME}(?P<given>{_PAIR}|[·.]?{_GIVEN}{{1,2}}))"
)
_BARE = re.compile(rf"(?:{_LABEL}|我叫|名叫|叫做)(?:{_NAME}|(?P<late>于{_GIVEN}{{1,2}}?)(?={_NEXT}))")
_ALONE = re.compile(rf"{_SURNAME}(?P<given>{_FREQUENT}{{2}})")
_TITLED = re.compile(rf"{_NAME.replace('{1,2}', '{0,2}?')}(?=(?:{_TITLE}))")
_AGED = re.compile(rf"(?<![^\W\d_]){_NAME} ?[,,、((] ?(?:男|女|[0-9]{{1,3}} ?岁|身份证)")
_YU = "(?<![对属同不等处由至高低关基位终])于"  # a frequent surname, and the most frequent preposition
_WORDS, _PAIRS = words("no_names_zh.txt"), words("no_given_zh.txt")
_UNLED = _WORDS | set(_CONTEXTS["words"])


def _behind(texts: Iterable[str]) -> str:
    """Return a pattern for what stands right behind one of some texts (a lookbehind takes one length at a time)."""
    by_length: dict[int, list[str]] = {}
    for text in texts:
        by_length.setdefault(len(text), []).append(re.escape(text))
    return "|".join(f"(?<={'|'.join(some)})" for some in by_length.values())


_FREQUENTLY = f"(?:{_COMPOUND}|[{''.join(_LISTS['frequent'])}]|{_YU})"
_LED_TO = rf"(?:(?:^|(?<=[\s:,,。;;、((])|{_behind(_CONTEXTS['before'] + _CONTEXTS['label'])})|(?<=[{_ROLE_END}]))"
_LED = re.compile(
    rf"{_LED_TO}(?P<name>{_FREQUENTLY}(?:(?P<given>{_PAIR}|{_BORNE}{{1,2}})(?={_AFTER}|{_NEXT})|(?P<two>{_BORNE}{{2}})))",
    re.MULTILINE,
)


def find(text: str) -> Iterator[Finding]:
    """Yield the names of people."""
    if not IDEOGRAPH.search(text):
        return
    known: set[str] = set()
    announced = list(announced_zh.spans(text))
    covered = {place for start, end in announced for place in range(start, end)}
    terms = list(medicine_zh.terms(text))
    guessed = (
        (start, end)
        for start, end in chain(_spans(text), people_tagged_zh.spans(text))
        if not _is_medicine(text, start, end, terms)
        and not (text[start] == "师" and text[start - 1 : start] in tuple("医律药技教老麻"))
        and not medicine_zh.is_given(text, start, end)
        and not (start in covered and end - 1 not in covered)
    )
    for start, end in chain(announced, guessed):
        known.add(text[start:end])
        yield Finding("name", start, end)
    yield from _other_mentions(text, sorted(known))


def _is_medicine(text: str, start: int, end: int, terms: Iterable[tuple[int, int]]) -> bool:
    """Whether what looks like a name is (part of) a drug, an herb, or what a disease is named after."""
    return (
        medicine_zh.is_medicine(text, start, end)
        or any(first < end and start < last for first, last in terms)
        or medicine_zh.is_named_after(text, end)
        or text[end - 1 : end + 1] == "治疗"
        or (end - start == 3 and text[end - 1] not in _ALL_BORNE and is_word(text[start : end - 1]))
    )


def _other_mentions(text: str, known: Iterable[str]) -> Iterator[Finding]:
    """Yield each place where a known name stands; all of them are looked for in one pass."""
    names = [name for name in known if len(name) > 2 or (len(name) == 2 and name[0] in _COMMON)]
    done = [0] * len(names)
    for number, start, end in AhoCorasick(names).find_matches_as_indexes(text, overlapping=True) if names else ():
        if start >= done[number]:
            done[number] = end
            yield Finding("name", start, end)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    for match in _MARKED.finditer(text):
        if _is_marked(text, match):
            yield match.start("name"), _end(text, match)
    for match in _AGED.finditer(text):
        if match["name"][:2] not in _WORDS:
            yield match.span("name")
    for pattern, no_names in ((_LED, _UNLED), (_ALONE, _WORDS)):
        for match in pattern.finditer(text):
            if match.group()[:2] not in no_names and match.group()[-2:] not in _PAIRS:
                yield match.span()
    for match in _TITLED.finditer(text):
        yield from _titled(text, match)
    for match in _BARE.finditer(text):
        if match["late"] and match["late"][:2] not in _WORDS:
            yield match.span("late")
        elif match["name"] and _is_name(text, match):
            yield match.start("name"), _end(text, match)


def _is_marked(text: str, match: re.Match[str]) -> bool:
    """Whether what stands behind a label is a name: the weaker the label, the more has to speak for it."""
    name = match["name"]
    if name[:2] in _WORDS:
        return False
    certain = match["label"] or ":" in match["sign"]
    borne = name[0] not in _FUNCTION or (name[0] == "于" and ":" in match["sign"])
    return bool(certain and borne) or _ends(text, _end(text, match))


def _ends(text: str, end: int) -> bool:
    return bool(_END.match(text, end) or _CUT.match(text, end))


def _titled(text: str, match: re.Match[str]) -> Iterator[tuple[int, int]]:
    name = match["name"]
    if text[match.start("name") : match.start("name") + 2] not in _WORDS and (
        (len(name) > 1 and name[0] in _COMMON) or _starts_fresh(text, match.start("name"))
    ):
        yield match.span("name")


def _starts_fresh(text: str, start: int) -> bool:
    """Whether a name begins a sentence or follows a word that leads up to a person."""
    return start == 0 or text[start - 1] in " \n,,。;;、::((由经请与和向对及是为系"


def _is_name(text: str, match: re.Match[str]) -> bool:
    name = match["name"]
    if name[:2] in _WORDS:
        return False
    end = _end(text, match)
    frequent = re.fullmatch(f"{_FREQUENT}{{2}}", match["given"])
    return name[0] in _COMMON or bool(frequent) or _ends(text, end)


def _end(text: str, match: re.Match[str]) -> int:
    """Return where a name ends: after one given character if the words that follow begin with the second."""
    start, end = match.span("name")
    surname = 2 if text[start : start + 2] in _LISTS["compound"] else 1
    shorter = start + surname + 1
    if end > shorter and (_CUT.match(text, end - 1) or (not _END.match(text, end) and _END.match(text, shorter))):
        return shorter
    return end

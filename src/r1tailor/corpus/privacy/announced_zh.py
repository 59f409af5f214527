"""Names in Chinese texts that a label, a role, a title or an age announces: Han, Tibetan, Uyghur, Japanese, any.

Three strengths. Behind the label of a name (姓名：) stands a name, unless it says that there is none (不详). Behind
a role with a colon (主治医师：) stands one unless a word of the language or a drug does. Behind a bare role (患者),
before a title (先生) and before an age, one stands if it is made as names of some origin are, and it ends where its
parts end: before a verb, never after it. Texts are read in simplified characters (``findings.fold``).
"""

import re
from collections.abc import Iterator

from r1tailor.corpus.privacy import medicine_zh
from r1tailor.corpus.privacy.announced_en import LISTED
from r1tailor.corpus.privacy.lexicon_en import is_drug, is_eponym, is_ordinary
from r1tailor.corpus.privacy.lists import sections, words
from r1tailor.corpus.privacy.tagger_zh import frequency, tag, tokens

_LISTS, _CONTEXTS, _FOREIGN = sections("names_zh.txt"), sections("contexts_zh.txt"), sections("foreign_zh.txt")
_SINGLE = frozenset("".join(_LISTS["common"] + _LISTS["ambiguous"])) | {"于"}
_RARE = frozenset(_LISTS["function"][0])  # surnames that hold sentences together
_BORNE = frozenset("".join(_LISTS["given"] + _LISTS["rarer given"]))
_FREQUENT, _ODD = frozenset("".join(_LISTS["frequent"])), frozenset("有不日时人子以如可能会同")
_PAIRS = frozenset(_LISTS["given pairs"])
_COMPOUND = frozenset(_LISTS["compound"])
_SOUNDS, _PARTS = "".join(_FOREIGN["sounds"]), tuple(_FOREIGN["turkic"] + _FOREIGN["western"])
_TIBETAN = "|".join(sorted(_FOREIGN["tibetan"], key=len, reverse=True))
_JAPANESE = "|".join(sorted(_FOREIGN["japanese"], key=len, reverse=True))
_NEVER = "".join(_CONTEXTS["never"])
_NO_NAMES = words("no_names_zh.txt") | frozenset(_CONTEXTS["words"])
_H = "[\u4e00-\u9fff]"
_DOT = "[·•・‧∙.]"

_EMPTY = re.compile(r"不详|未知|无|待定|保密|同上|匿名|见|未填|空白|略|不明|未提供|暂无|本人|已故|自费|如下|如上")
_NEXT_LABEL = "|".join(_CONTEXTS["next label"])
_STOP = r"(?=[ ,,。;；、:：)）(（\[\]/|\n]|$|" + _NEXT_LABEL + ")"
_SIGN = r"(?: ?\([^()\n]{1,10}\))? {0,2}[:=]? {0,3}"
_COLON = r"(?: ?\([^()\n]{1,10}\))?(?: {0,2}[:=] {0,3}| {1,3}|[】\]] ?:? ?)"
_NAME_LABEL = re.compile(rf"(?:姓 {{0,4}}名|名 {{0,2}}字){_COLON}")
_NO_ROLES = {"姓名", "名字", "主任", "本人"}
_ROLES = "|".join(sorted({*_CONTEXTS["label"], *_CONTEXTS["further role"]} - _NO_ROLES, key=len, reverse=True))
_ROLE_LABEL = re.compile(rf"(?:{_ROLES})(?:姓名|签名|签字)?{_COLON}(?P<title>Dr\.? ?|Mr\.? ?|Ms\.? ?)?")
_BARE_ROLE = re.compile(rf"(?:{_ROLES})(?= ?{_H})")
_TITLES = "|".join(_CONTEXTS["before title"])
_TITLED = re.compile(rf"(?P<before>{_H}(?:{_H}|{_DOT}){{0,14}}?)(?={_TITLES})")
_AGED = re.compile(
    rf"(?:^|(?<=[\s,,。;；:：]))(?P<name>{_H}(?:{_H}|{_DOT}){{1,14}})"
    rf"(?= ?[,,、(（] ?(?:男|女|[0-9]{{1,3}} ?岁|身份证))",
    re.MULTILINE,
)
_LEADS = re.compile(
    r"(?:今日|昨日|今晨|今|请|经|由|与|和|及|向|对|将|把|给|为|系|是|在|被|让|随|因|嘱|找|见|听取了|听取|通知|告知|邀请|感谢|转告)$"
)
_CLAUSE = re.compile(
    r"(?:^|(?<=[\s,,。;；、:：(（]))(?:现|昨日|今日|今晨|昨夜|昨晚|今早|今天|昨天|目前|由|经|将|给|与|和|向|通知|回访|电话回访|汇款给|交给|转给|听取|听取了|询问|联系|告知|邀请|委托)?(?=[\u4e00-\u9fff])"
    r"|(?<=[和与])(?=[\u4e00-\u9fff])",
    re.MULTILINE,
)
_PERSON_VERB = re.compile(
    r"(?:因|诉|称|向|拒绝|确诊|突发|复查|复诊|否认|服用|服药|患|呕吐|晕倒|摔|跌|昨|今|咳|发热|发烧|死亡|去世|怀孕|顺产|分娩|的(?:检查|化验|报告|结果|病|心电|手术|家属|父|母|丈|妻|儿|女)|签|要求|签字|签署|自述|主诉|入院|出院|患有|系|病情|提起|同意|表示|辩称|到庭|未到|撤诉|撤回|来电|来院|转入|就诊|和|与|再次|既往|于[今昨]|服药|术后)"
)
_LATIN = re.compile(r"[A-Za-z][A-Za-z'-]{1,29}(?: {1,2}[A-Za-z][A-Za-z.'-]{0,29}){0,3}")
_LATIN_TITLED = re.compile(rf"{_LATIN.pattern}(?= ?(?:{_TITLES}))")
_TITLE_FIRST = re.compile(_TITLES)
_ROLE_WORDS = frozenset(_ROLES.split("|"))
_SPACED = re.compile(rf"{_H} {{1,3}}{_H}(?: {{1,2}}(?!性 {{0,4}}别|年 {{0,4}}龄){_H})?(?={_STOP[3:]}")
_FULL_TIBETAN = re.compile(f"(?:{_TIBETAN}){{1,3}}")
_FULL_JAPANESE = re.compile(rf"(?P<surname>{_JAPANESE})(?P<given>[{''.join(_FOREIGN['japanese given'])}]{{0,3}})")
_WESTERN = re.compile("|".join(sorted(_FOREIGN["western"], key=len, reverse=True)))
_LAST_GIVEN = "郎子美男夫雄彦介太之香奈也树辅"
_TWO_TIBETAN = re.compile(f"(?:{_TIBETAN}){{2,3}}")
_SOUNDED = re.compile(f"[{_SOUNDS}]{{2,12}}")
_DOTTED = re.compile(rf"(?P<first>{_H}{{1,8}}?){_DOT}(?P<rest>{_H}{{1,10}}(?:{_DOT}{_H}{{1,8}})?)")
_DOT_SOUNDS = "".join(_FOREIGN["dotted sounds"])
_AROUND = f"[{_SOUNDS}{_DOT_SOUNDS}]"
_AROUND_DOT = re.compile(
    rf"(?P<first>{_AROUND}{{1,10}})[·•・‧∙](?P<rest>{_AROUND}{{1,10}}(?:[·•・‧∙]{_AROUND}{{1,8}})?)"
)
_LEADS_UP = tuple(
    sorted({*_CONTEXTS["label"], *_CONTEXTS["further role"], *_CONTEXTS["before"]}, key=len, reverse=True)
)
_LONG_VERB = "|".join(word for word in _CONTEXTS["verb"] if len(word) > 1)
_CLEAR_VERB = re.compile(f"(?:{_LONG_VERB}|[因诉称被与和将已未经对向从以的于在]|{_TITLES})")
_VERB_FIRST = re.compile(rf"(?:{'|'.join(_CONTEXTS['verb'])}|[一二三四五六七八九十]|[ ,,。;；、:：)）(（]|$)")
_LONGEST = 15


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where announced names stand."""
    for match in _NAME_LABEL.finditer(text):
        yield from _value(text, match.end(), certain=True)
    for match in _ROLE_LABEL.finditer(text):
        yield from _value(text, match.end(), certain=False)
    for match in _BARE_ROLE.finditer(text):
        start = match.end() + (text[match.end()] == " ")
        if end := _name(text, start):
            yield start, end
    for match in _TITLED.finditer(text):
        yield from _titled(text, match)
    for match in _LATIN_TITLED.finditer(text):
        yield from _latin(text, match)
    yield from _led(text)
    for match in _TWO_TIBETAN.finditer(text):
        yield match.span()
    for match in _AROUND_DOT.finditer(text):
        yield _around_dot(text, match)
    for match in _AGED.finditer(text):
        start, end = match.span("name")
        if _is_foreign(match["name"]):
            yield start, end


def _around_dot(text: str, match: re.Match[str]) -> tuple[int, int]:
    """Return where a name with a dot stands: from behind a role or a word that leads up to it, up to a clear verb."""
    start, dot = match.span("first")
    led = (place for place in range(dot - 1, start, -1) if text.endswith(_LEADS_UP, 0, place))
    ends = (place for place in range(match.start("rest") + 1, match.end()) if _CLEAR_VERB.match(text, place))
    return next(led, start), next(ends, match.end())


def _value(text: str, start: int, *, certain: bool) -> Iterator[tuple[int, int]]:
    """Yield the name that stands behind a label and its sign."""
    if _EMPTY.match(text, start):
        return
    if spaced := _SPACED.match(text, start):
        if certain or spaced.group()[0] in _SINGLE:
            yield spaced.span()
        return
    if latin := _LATIN.match(text, start):
        yield from _latin(text, latin)
        return
    written = re.compile(rf"{_H}(?:{_H}|{_DOT}){{1,{_LONGEST}}}?{_STOP}").match(text, start)
    colon = text[:start].rstrip(" ").endswith((":", "="))
    if (
        written
        and (certain or _is_foreign(written.group()) or _is_han(written.group()))
        and not _is_term(text, *written.span())
    ) or (written and colon and _is_unheard_of(written.group())):
        yield written.span()
    elif end := _name(text, start):
        yield start, end


def _is_unheard_of(value: str) -> bool:
    """Whether all of a value behind a colon may be a name: it holds no word of the language."""
    if any(character in _NEVER for character in value) or (
        medicine_zh.is_medicine(value, 0, len(value)) and len(value) > 3
    ):
        return False
    if value[:1] in _SINGLE and len(value) in (2, 3) and frequency(value) < 20:
        return True
    return all(
        len(token.word) == 1 or frequency(token.word) < 20 or token.tag.startswith("nr") for token in tokens(value)
    )


def _latin(text: str, match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield a name in Latin letters: the drug, disease and abbreviation are none."""
    parts = re.findall("[A-Za-z'-]+", match.group())
    if any(is_drug(part) or (part.isupper() and len(part) < 5) for part in parts) or all(
        is_ordinary(part) and part.lower() not in LISTED for part in parts
    ):
        return
    if not (len(parts) == 1 and is_eponym(parts[0])):
        yield match.start(), match.start() + len(match.group().rstrip(" .'-"))


def _name(text: str, start: int) -> int:
    """Return where the name ends that begins at a place; 0 if none does."""
    if latin := _LATIN.match(text, start):
        return next((end for _, end in _latin(text, latin)), 0)
    end = _of_foreign(text, start) or _of_han(text, start)
    return 0 if end and (_is_term(text, start, end) or medicine_zh.is_named_after(text, end)) else end


def _of_foreign(text: str, start: int) -> int:
    run = re.compile(rf"{_H}{{2,{_LONGEST}}}").match(text, start)
    dotted = _DOTTED.match(text, start)
    if dotted and (set(dotted["first"]) <= set(_SOUNDS) or dotted["first"].startswith(_PARTS)):
        return _of_rest(text, dotted.start("rest"))
    if run is None:
        return 0
    if (western := _WESTERN.match(text, start)) and _VERB_FIRST.match(text, western.end()):
        return western.end()
    if tibetan := _FULL_TIBETAN.match(text, start):
        return tibetan.end()
    if (japanese := _FULL_JAPANESE.match(text, start)) and (end := _of_japanese(text, japanese)):
        return end
    end = _of_sounds(text, start)
    name = text[start:end] if end else ""
    known = name.startswith(_PARTS) or name.endswith(_PARTS)
    return end if end and (known or (len(name) > 2 and frequency(name) == 0 and not _is_han(name[:3]))) else 0


def _is_borne(name: str) -> bool:
    known = (
        _BORNE.issuperset(name[1:])
        or name[1:] in _PAIRS
        or (len(name) == 3 and name[0] in _FREQUENT and name[2] in _BORNE)
    )
    return known and _is_han(name)


def _is_odd(name: str) -> bool:
    """Whether a name's first given character is one that mostly holds sentences together: 苏有朋, 岳不群."""
    given = len(name) == 3 and name[1] in _ODD and name[2] in _BORNE
    return given and name[0] in _FREQUENT and name[:2] not in _NO_NAMES and not is_word(name[1:])


def _of_rest(text: str, start: int) -> int:
    """Return where the second part of a name with a dot ends: with the sounds, or before a verb or a sign."""
    if end := _of_sounds(text, start):
        return end
    ends = (end for end in range(start + 1, start + 9) if _VERB_FIRST.match(text, end))
    return next(ends, start + 1)


def _of_japanese(text: str, match: re.Match[str]) -> int:
    """Return where a Japanese name ends: behind a usual given name, or before a verb or a sign."""
    if _TITLE_FIRST.match(text, match.end("surname")):
        return match.end("surname")
    for length in range(len(match["given"]), 0, -1):
        end = match.end("surname") + length
        if length > 1 and (_VERB_FIRST.match(text, end) or (length == 2 and text[end - 1] in _LAST_GIVEN)):
            return end
        if _VERB_FIRST.match(text, end) and not _VERB_FIRST.match(text, end - length):
            return end
    return match.end("surname") if _VERB_FIRST.match(text, match.end("surname")) else 0


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


def _of_han(text: str, start: int) -> int:
    """Return where a Han name ends that a verb or a sign follows."""
    surname = 2 if text[start : start + 2] in _COMPOUND else 1 if text[start : start + 1] in _SINGLE else 0
    if _TITLE_FIRST.match(text, start + max(surname, 1)):
        return 0  # a surname before a title
    if not surname and text[start : start + 1] in _RARE - {"有"} and _BORNE.issuperset(text[start + 1 : start + 3]):
        return start + 3 if _VERB_FIRST.match(text, start + 3) and not is_word(text[start : start + 2]) else 0
    if not surname or text[start : start + 2] in _NO_NAMES - _COMPOUND:
        return 0
    for given in (2, 1):
        end = start + surname + given
        name = text[start:end]
        borne = surname == 2 or not _BORNE.isdisjoint(name[surname:])
        possible = borne and len(name) == surname + given and (_is_han(name) or _is_odd(name))
        if possible and _VERB_FIRST.match(text, end):
            return end
    return 0


def _is_han(name: str) -> bool:
    """Whether characters could be a Han name: a surname, one or two characters that names hold, and no word."""
    surname = 2 if name[:2] in _COMPOUND else 1 if name[:1] in _SINGLE else 0
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


def _is_foreign(name: str) -> bool:
    """Whether the whole of some characters is made as a name that is not Han."""
    bare = re.sub(_DOT, "", name)
    if _FULL_TIBETAN.fullmatch(name):
        return True
    if bare != name:
        return set(bare) <= set(_SOUNDS) or bare.startswith(_PARTS)
    japanese = _FULL_JAPANESE.fullmatch(name)
    if japanese and not is_word(name):
        return True
    return _of_foreign(name, 0) == len(name) and len(name) > 2 and not medicine_zh.is_medicine(name, 0, len(name))


def _titled(text: str, match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield the name before a title: at the beginning of what stands there, or behind a word that leads up to it."""
    end = match.end()
    for length in range(min(len(match["before"]), _LONGEST), 0, -1):
        name = text[end - length : end]
        led = length == len(match["before"]) or _LEADS.search(text[max(0, end - length - 4) : end - length])
        first = match.start() == 0 or text[match.start() - 1] in "\n。"
        alone = name in _COMPOUND or name in _SINGLE or (first and name in _RARE)
        if led and (alone or (length > 1 and _is_titled(name))):
            yield end - length, end
            return


def _is_titled(name: str) -> bool:
    return name not in _ROLE_WORDS and (_is_foreign(name) or _is_han(name))


def _led(text: str) -> Iterator[tuple[int, int]]:
    """Yield names at the beginning of a clause, before a verb: not Han ones, or such as only people bear."""
    for match in _CLAUSE.finditer(text):
        start = match.end()
        end = _of_foreign(text, start)
        if not end and text[start : start + 2] in _COMPOUND:
            end = _of_han(text, start)
        if not end and text[start : start + 1] in _SINGLE:
            ends = (start + 3, start + 2)
            end = next((end for end in ends if _is_borne(text[start:end]) and _PERSON_VERB.match(text, end)), 0)
        other = is_word(text[start:end]) or _is_term(text, start, end) or medicine_zh.is_named_after(text, end)
        if end and _VERB_FIRST.match(text, end) and not other:
            yield start, end


def _is_term(text: str, start: int, end: int) -> bool:
    around = text[start : end + 3]
    return medicine_zh.is_medicine(text, start, end) or any(
        first < end - start for first, _ in medicine_zh.terms(around)
    )

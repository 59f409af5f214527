"""Names in Chinese texts that a label, a role, a title or an age announces: Han, Tibetan, Uyghur, Japanese, any.

Three strengths. Behind the label of a name (姓名：) stands a name, unless it says that there is none (不详). Behind
a role with a colon (主治医师：) stands one unless a word of the language or a drug does. Behind a bare role (患者),
before a title (先生) and before an age, one stands if it is made as names of some origin are, and it ends where its
parts end: before a verb, never after it. Texts are read in simplified characters (``findings.fold``).
"""

import re
from collections.abc import Iterator

from r1tailor.corpus.privacy import medicine_zh
from r1tailor.corpus.privacy.lexicon_en import is_drug, is_eponym, is_ordinary
from r1tailor.corpus.privacy.made_zh import (
    COMPOUND,
    CONTEXTS,
    DOT,
    FOREIGN,
    LONGEST,
    RARE,
    SINGLE,
    SOUNDS,
    TIBETAN,
    TITLES,
    VERB_FIRST,
    H,
    around_dot,
    is_borne,
    is_foreign,
    is_han,
    is_unheard_of,
    is_word,
    of_foreign,
    of_han,
)
from r1tailor.corpus.privacy.name_end_en import LISTED

_EMPTY = re.compile(r"不详|未知|无|待定|保密|同上|匿名|见|未填|空白|略|不明|未提供|暂无|本人|已故|自费|如下|如上")
_NEXT_LABEL = "|".join(CONTEXTS["next label"])
_STOP = r"(?=[ ,,。;；、:：)）(（\[\]/|\n]|$|" + _NEXT_LABEL + ")"
_SIGN = r"(?: ?\([^()\n]{1,10}\))? {0,2}[:=]? {0,3}"
_COLON = r"(?: ?\([^()\n]{1,10}\))?(?: {0,2}[:=] {0,3}| {1,3}|[】\]] ?:? ?)"
_NAME_LABEL = re.compile(rf"(?:姓 {{0,4}}名|名 {{0,2}}字){_COLON}")
_NO_ROLES = {"姓名", "名字", "主任", "本人"}
_ROLES = "|".join(sorted({*CONTEXTS["label"], *CONTEXTS["further role"]} - _NO_ROLES, key=len, reverse=True))
_ROLE_LABEL = re.compile(rf"(?:{_ROLES})(?:姓名|签名|签字)?{_COLON}(?P<title>Dr\.? ?|Mr\.? ?|Ms\.? ?)?")
_BARE_ROLE = re.compile(rf"(?:{_ROLES})(?= ?{H})")
_TITLED = re.compile(rf"(?P<before>{H}(?:{H}|{DOT}){{0,14}}?)(?={TITLES})")
_AGED = re.compile(
    rf"(?:^|(?<=[\s,,。;；:：]))(?P<name>{H}(?:{H}|{DOT}){{1,14}})"
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
_LATIN_TITLED = re.compile(rf"{_LATIN.pattern}(?= ?(?:{TITLES}))")
_ROLE_WORDS = frozenset(_ROLES.split("|"))
_SPACED = re.compile(rf"{H} {{1,3}}{H}(?: {{1,2}}(?!性 {{0,4}}别|年 {{0,4}}龄){H})?(?={_STOP[3:]}")
_TWO_TIBETAN = re.compile(f"(?:{TIBETAN}){{2,3}}")
_DOT_SOUNDS = "".join(FOREIGN["dotted sounds"])
_AROUND = f"[{SOUNDS}{_DOT_SOUNDS}]"
_AROUND_DOT = re.compile(
    rf"(?P<first>{_AROUND}{{1,10}})[·•・‧∙](?P<rest>{_AROUND}{{1,10}}(?:[·•・‧∙]{_AROUND}{{1,8}})?)"
)


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
        yield around_dot(text, match)
    for match in _AGED.finditer(text):
        start, end = match.span("name")
        if is_foreign(match["name"]):
            yield start, end


def _value(text: str, start: int, *, certain: bool) -> Iterator[tuple[int, int]]:
    """Yield the name that stands behind a label and its sign."""
    if _EMPTY.match(text, start):
        return
    if spaced := _SPACED.match(text, start):
        if certain or spaced.group()[0] in SINGLE:
            yield spaced.span()
        return
    if latin := _LATIN.match(text, start):
        yield from _latin(text, latin)
        return
    written = re.compile(rf"{H}(?:{H}|{DOT}){{1,{LONGEST}}}?{_STOP}").match(text, start)
    colon = text[:start].rstrip(" ").endswith((":", "="))
    if (
        written
        and (certain or is_foreign(written.group()) or is_han(written.group()))
        and not _is_term(text, *written.span())
    ) or (written and colon and is_unheard_of(written.group())):
        yield written.span()
    elif end := _name(text, start):
        yield start, end


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
    end = of_foreign(text, start) or of_han(text, start)
    return 0 if end and (_is_term(text, start, end) or medicine_zh.is_named_after(text, end)) else end


def _titled(text: str, match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield the name before a title: at the beginning of what stands there, or behind a word that leads up to it."""
    end = match.end()
    for length in range(min(len(match["before"]), LONGEST), 0, -1):
        name = text[end - length : end]
        led = length == len(match["before"]) or _LEADS.search(text[max(0, end - length - 4) : end - length])
        first = match.start() == 0 or text[match.start() - 1] in "\n。"
        alone = name in COMPOUND or name in SINGLE or (first and name in RARE)
        if led and (alone or (length > 1 and _is_titled(name))):
            yield end - length, end
            return


def _is_titled(name: str) -> bool:
    return name not in _ROLE_WORDS and (is_foreign(name) or is_han(name))


def _led(text: str) -> Iterator[tuple[int, int]]:
    """Yield names at the beginning of a clause, before a verb: not Han ones, or such as only people bear."""
    for match in _CLAUSE.finditer(text):
        start = match.end()
        end = of_foreign(text, start)
        if not end and text[start : start + 2] in COMPOUND:
            end = of_han(text, start)
        if not end and text[start : start + 1] in SINGLE:
            ends = (start + 3, start + 2)
            end = next((end for end in ends if is_borne(text[start:end]) and _PERSON_VERB.match(text, end)), 0)
        other = is_word(text[start:end]) or _is_term(text, start, end) or medicine_zh.is_named_after(text, end)
        if end and VERB_FIRST.match(text, end) and not other:
            yield start, end


def _is_term(text: str, start: int, end: int) -> bool:
    around = text[start : end + 3]
    return medicine_zh.is_medicine(text, start, end) or any(
        first < end - start for first, _ in medicine_zh.terms(around)
    )

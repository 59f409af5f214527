"""Names in Chinese texts that a label, a role, a title or an age announces, of any origin: Han, Tibetan, Uyghur, Japanese.

Three strengths. Behind the label of a name (姓名：) stands a name, unless it says that there is none (不详). Behind a role
with a colon (主治医师：) stands one unless a word of the language or a drug does. Behind a bare role (患者), before a title
(先生) and before an age, one stands if it is made as names of some origin are, and it ends where its parts end: before a
verb, never after it. Texts are read in simplified characters (``findings.fold``).
"""

import re
from collections.abc import Iterator

from r1tailor.corpus.privacy import medicine_zh
from r1tailor.corpus.privacy.lists import sections, words
from r1tailor.corpus.privacy.tagger_zh import frequency, tag, tokens

_LISTS, _CONTEXTS, _FOREIGN = sections("names_zh.txt"), sections("contexts_zh.txt"), sections("foreign_zh.txt")
_SINGLE = frozenset("".join(_LISTS["common"] + _LISTS["ambiguous"])) | {"于"}
_RARE = frozenset(_LISTS["function"][0])  # surnames that hold sentences together
_BORNE = frozenset("".join(_LISTS["given"] + _LISTS["rarer given"]))
_COMPOUND = frozenset(_LISTS["compound"])
_SOUNDS, _PARTS = "".join(_FOREIGN["sounds"]), tuple(_FOREIGN["turkic"] + _FOREIGN["western"])
_TIBETAN = "|".join(sorted(_FOREIGN["tibetan"], key=len, reverse=True))
_JAPANESE = "|".join(sorted(_FOREIGN["japanese"], key=len, reverse=True))
_NEVER = "".join(_CONTEXTS["never"])
_NO_NAMES = words("no_names_zh.txt") | frozenset(_CONTEXTS["words"])
_H = "[\u4e00-\u9fff]"
_DOT = "[·•・‧∙.]"

_EMPTY = re.compile(r"不详|未知|无|待定|保密|同上|匿名|见|未填|空白|略|不明|未提供|暂无|本人|已故|自费|如下|如上")
_NEXT_LABEL = r"性别|年龄|出生|民族|身份|电话|科室|床号|住院|门诊|诊断|日期|时间|单位|职业|籍贯|住址|地址|关系|联系|病历|病案|编号|国籍"
_STOP = r"(?=[ ,,。;；、:：)）(（\[\]/|\n]|$|" + _NEXT_LABEL + ")"
_SIGN = r"(?: ?\([^()\n]{1,10}\))? {0,2}[:=]? {0,3}"
_COLON = r"(?: ?\([^()\n]{1,10}\))?(?: {0,2}[:=] {0,3}| {1,3})"
_NAME_LABEL = re.compile(rf"(?:姓 {{0,4}}名|名 {{0,2}}字){_COLON}")
_ROLES = "|".join(
    sorted(
        {
            *(word for word in _CONTEXTS["label"] if word not in ("姓名", "名字", "主任", "本人")),
            *"病患 个案 护理师 监护者 陪护 助手 手术者 麻醉医师 报告医师 报告医生 审核 审核医师 签发 记录 送检医师 申请医师 会诊医师 首诊医师 经治医师".split(),
            *"联络人 收款人 付款人 汇款人 转账人 报案人 举报人 鉴定人 翻译 司机 乘客 客户 员工 经理 罪犯 民警 村民 男友 女友 祖父 祖母 外公 外婆 爷爷 奶奶 其兄 其弟 其姐 其妹 其祖母 其祖父 孙子 孙女".split(),
        },
        key=len,
        reverse=True,
    )
)
_ROLE_LABEL = re.compile(rf"(?:{_ROLES})(?:姓名|签名|签字)?{_COLON}(?P<title>Dr\.? ?|Mr\.? ?|Ms\.? ?)?")
_BARE_ROLE = re.compile(rf"(?:{_ROLES})(?= ?{_H})")
_TITLES = "主治医师|主任医师|副主任|护士长|医生|医师|大夫|主任|护士|护理师|先生|女士|小姐|太太|教授|律师|法官|检察官|老师|同学|博士|院长|校长|警官|阿姨|师傅|老太太|大爷|大妈|阿婆|阿公|奶奶|爷爷|嬷嬷|上师|喇嘛"
_TITLED = re.compile(rf"(?P<before>{_H}(?:{_H}|{_DOT}){{0,14}}?)(?={_TITLES})")
_AGED = re.compile(
    rf"(?:^|(?<=[\s,,。;；:：]))(?P<name>{_H}(?:{_H}|{_DOT}){{1,14}})(?= ?[,,、(（] ?(?:男|女|[0-9]{{1,3}} ?岁|身份证))",
    re.MULTILINE,
)
_LEADS = re.compile(
    r"(?:今日|昨日|今晨|今|请|经|由|与|和|及|向|对|将|把|给|为|系|是|在|被|让|随|因|嘱|找|见|听取了|听取|通知|告知|邀请|感谢|转告)$"
)
_LATIN = re.compile(r"[A-Za-z][A-Za-z'-]{1,29}(?: {1,2}[A-Za-z][A-Za-z.'-]{0,29}){0,3}")
_SPACED = re.compile(rf"{_H} {{1,3}}{_H}(?: {{1,2}}{_H})?(?={_STOP[3:]}")
_ANY = re.compile(f"{_ROLES}|{_TITLES}|姓|名|[男女岁]")
_FULL_TIBETAN = re.compile(f"(?:{_TIBETAN}){{1,3}}")
_FULL_JAPANESE = re.compile(rf"(?P<surname>{_JAPANESE})(?P<given>[^\W\d_A-Za-z{_NEVER}]{{0,3}})")
_SOUNDED = re.compile(f"[{_SOUNDS}]{{2,12}}")
_DOTTED = re.compile(rf"(?P<first>{_H}{{1,8}}?){_DOT}(?P<rest>{_H}{{1,10}}(?:{_DOT}{_H}{{1,8}})?)")
_GIVEN_ENDS = re.compile(
    r"(?:太郎|次郎|一郎|二郎|三郎|健一|美咲|花子|由美|和子|惠子|洋子|幸子|真由美|大辅|翔太|直树|拓也|达也|雄彦|雄|健|翔|诚|茂|隆|学|猛|樱|爱|结衣|美穗|美香|明美|直美|裕子|智子|京子|千夏|莉子|百合|百川|多喜|雅|修|刚|葵|莲|凛|阳菜|太|宏|浩|进|聪|彻)"
)
_VERB_FIRST = re.compile(
    r"(?:因|于|诉|自述|主诉|入院|出院|拒绝|要求|同意|签|表示|认为|称|在|系|与|和|及|的|经|由|将|已|未|拟|仍|无|伴|被|到|来|至|去|既往|术后|目前|今|昨|明|再次|接受|口服|服|复查|提|申请"
    r"|不服|出庭|作证|辩|陪同|代|有|否认|突发|出现|哭|接种|顺产|恢复|生前|抢救|成绩|迟到|缺|请|发表|开具|巡视|协助|支付|撤回|知情|理解|转|要|是|也|还|就|说|患|住|现|神|病|体|血|可|能"
    r"|之|等|曾|如实|家|表|主|准|说|查|建|指|嘱|会|批|讲|主持|参|提交|来电|预约|情|请假|在|好转|[ ,,。;；、:：)）(（]|$)"
)
_LONGEST = 15


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where announced names stand."""
    if not _ANY.search(text):
        return
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
    for match in _AGED.finditer(text):
        start, end = match.span("name")
        if _is_foreign(match["name"]):
            yield start, end


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
    if (
        written
        and (certain or _is_foreign(written.group()) or _is_han(written.group()))
        and not _is_term(text, *written.span())
    ):
        yield written.span()
    elif end := _name(text, start):
        yield start, end


def _latin(text: str, match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield a name in Latin letters: the drug, disease and abbreviation are none."""
    from r1tailor.corpus.privacy.lexicon_en import is_drug, is_eponym, is_ordinary

    parts = re.findall("[A-Za-z'-]+", match.group())
    if any(is_drug(part) or part.isupper() and len(part) < 5 for part in parts) or all(map(is_ordinary, parts)):
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
    if dotted := _DOTTED.match(text, start):
        if set(dotted["first"]) <= set(_SOUNDS) or dotted["first"].startswith(_PARTS):
            return _of_rest(text, dotted.start("rest"))
    if run is None:
        return 0
    if tibetan := _FULL_TIBETAN.match(text, start):
        return tibetan.end()
    if (japanese := _FULL_JAPANESE.match(text, start)) and (end := _of_japanese(text, japanese)):
        return end
    end = _of_sounds(text, start)
    name = text[start:end] if end else ""
    known = name.startswith(_PARTS) or name.endswith(_PARTS)
    return end if end and (known or (len(name) > 2 and frequency(name) == 0 and not _is_han(name[:3]))) else 0


def _of_rest(text: str, start: int) -> int:
    """Return where the second part of a name with a dot ends: with the sounds, or before a verb or a sign."""
    if end := _of_sounds(text, start):
        return end
    ends = (end for end in range(start + 1, start + 9) if _VERB_FIRST.match(text, end))
    return next(ends, start + 1)


def _of_japanese(text: str, match: re.Match[str]) -> int:
    """Return where a Japanese name ends: behind a usual given name, or the longest one that a verb or a sign follows."""
    if given := _GIVEN_ENDS.match(text, match.end("surname")):
        return given.end()
    for length in range(len(match["given"]), 0, -1):
        end = match.end("surname") + length
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
    while end - start > 2 and text[end - 1] in "可所其别让切开直尚第三" and not text[start:end].endswith(_PARTS):
        end -= 1  # 可 and the like begin the verb
    return end if end - start >= 2 else 0


def _of_han(text: str, start: int) -> int:
    """Return where a Han name ends that a verb or a sign follows."""
    surname = 2 if text[start : start + 2] in _COMPOUND else 1 if text[start : start + 1] in _SINGLE else 0
    if not surname and text[start : start + 1] in _RARE and _BORNE.issuperset(text[start + 1 : start + 3]):
        return start + 3 if _VERB_FIRST.match(text, start + 3) and not _is_word(text[start : start + 2]) else 0
    if not surname or text[start : start + 2] in _NO_NAMES - _COMPOUND:
        return 0
    for given in (2, 1):
        end = start + surname + given
        name = text[start:end]
        if len(name) == surname + given and _is_han(name) and _VERB_FIRST.match(text, end):
            return end
    return 0


def _is_han(name: str) -> bool:
    """Whether characters could be a Han name: a surname, one or two characters that names hold, and no word."""
    surname = 2 if name[:2] in _COMPOUND else 1 if name[:1] in _SINGLE else 0
    given = name[surname:]
    if not surname or not 1 <= len(given) <= 2 or any(character in _NEVER for character in given):
        return False
    if surname == 1 and (name[:2] in _NO_NAMES or _is_word(name) or _is_word(name[:2])):
        return False
    return not (len(given) == 2 and _is_word(given) and not tag(given).startswith("n"))


def _is_word(word: str) -> bool:
    return frequency(word) >= 20 and not tag(word).startswith(("nr", "ns", "nz"))


def _is_foreign(name: str) -> bool:
    """Whether the whole of some characters is made as a name that is not Han."""
    bare = re.sub(_DOT, "", name)
    if _FULL_TIBETAN.fullmatch(name):
        return True
    if bare != name:
        return set(bare) <= set(_SOUNDS) or bare.startswith(_PARTS)
    japanese = _FULL_JAPANESE.fullmatch(name)
    if japanese and not _is_word(name):
        return True
    return _of_foreign(name, 0) == len(name) and len(name) > 2 and not medicine_zh.is_medicine(name, 0, len(name))


def _titled(text: str, match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield a name that is not Han before a title, or a surname alone at the beginning of a sentence."""
    before, end = match["before"], match.end()
    if lead := _LEADS.search(before):
        before = ""
        del lead
    for length in range(min(len(match["before"]), _LONGEST), 1, -1):
        name = text[end - length : end]
        at_start = length == len(match["before"]) or _LEADS.search(text[max(0, end - length - 4) : end - length])
        if at_start and _is_foreign(name):
            yield end - length, end
            return


def _is_term(text: str, start: int, end: int) -> bool:
    around = text[start : end + 3]
    return medicine_zh.is_medicine(text, start, end) or any(
        first < end - start for first, _ in medicine_zh.terms(around)
    )

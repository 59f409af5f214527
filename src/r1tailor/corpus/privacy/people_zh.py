"""Names in Chinese characters, found by a surname and what stands around it.

A role or label before (患者, 姓名, 原告), a title after (医生, 女士), or a mention of a name that was found so.
Surnames that often begin another word (高血压, 黄疸, 关节) need an end behind the name that a word would not have.
"""

import re
from collections.abc import Iterator

from r1tailor.corpus.privacy.findings import IDEOGRAPH, Finding
from r1tailor.corpus.privacy.lists import sections, words

_LISTS = sections("names_zh.txt")
_AMBIGUOUS = frozenset("".join(_LISTS["ambiguous"]))
_COMMON, _FUNCTION = frozenset("".join(_LISTS["common"])), "".join(_LISTS["function"])
_COMPOUND = "|".join(_LISTS["compound"])
_SURNAME = f"(?:{_COMPOUND}|[{''.join(sorted(_COMMON | _AMBIGUOUS))}])"
# Characters that hold sentences together and are in no given name.
_NEVER = "的了是在不有和与及或者应当可须得将被把对从由于以为其该此各每等之所至到能会要而"
_NEVER += "但则即既已未无非按照据内外上下前后时日月年人员您我你他她它们这那哪什么很都也就还"
_NEVER += "因诉述患病症痛热血疾院科室部门诊治疗术药检查住出入送给男女岁称签说请共只每次第某啊吗呢吧"
_GIVEN = rf"(?:向(?=[阳东荣红前明华军群])|[^\W\d_A-Za-z向{_NEVER}])"
_ANY_SURNAME = f"(?:{_COMPOUND}|[{''.join(sorted(_COMMON | _AMBIGUOUS))}{_FUNCTION}])"
_NAME = rf"(?P<name>{_SURNAME}(?P<given>[·.]?{_GIVEN}{{1,2}}))"
_LABEL = (
    "患者姓名|病人姓名|姓名|名字|患者|病人|患儿|产妇|孕妇|伤者|死者|主诉人|联系人|紧急联系人|家属|签名|签字|签署人|经办人|记录者|记录人|报告人|审核人|审核者"
    "|医师|医生|主任|护士|护士长|主刀|术者|助手|麻醉师|主治医师|住院医师|主任医师|管床医生|责任护士|药师|技师|原告人?|被告人?|上诉人|被上诉人|申请人"
    "|被申请人|申诉人|再审申请人|第三人|证人|被害人|受害人|犯罪嫌疑人|嫌疑人|自诉人|法定代表人|负责人|委托代理人|诉讼代理人|法定代理人|代理人|辩护人|律师|审判长|审判员|人民陪审员"
    "|陪审员|书记员|法官助理|执行员|法官|检察员|公证员|仲裁员|被继承人|继承人|债务人|债权人|学生|老师|教师|教授|班主任|家长|监护人|校长|同学|父亲|母亲|丈夫|妻子|儿子|女儿|配偶"
    "|收件人|收货人|投保人|被保险人|受益人|户主|持卡人|开户人|房东|租户|当事人|其父|其母|其妻|其夫|其子|其女|之子|之女|哥哥|姐姐|弟弟|妹妹|陪同者|陪同人|本人"
)
_TITLE = "医生|医师|大夫|主任|护士长|护士|先生|女士|小姐|太太|教授|律师|法官|检察官|老师|同学|同志|院长|科长"
_TITLE += "|局长|经理|处长|书记|校长|警官|阿姨|师傅|副主任|博士"
_NEXT = "主诉|主要|主任|入院|出院|今日|昨日|自述|自诉|既往|诊断|经过|经查|电话|身份|现住|年龄|性别|出生|家属"
_NEXT += "|手术|术后|要求|同意|签字|签名|提出|起诉|上诉|申请|辩称|陈述|表示|认为|承认|否认|医生|医师|主治|护士"
_NEXT += "|女士|先生|律师|法官|老师|教授|大夫|汉族|回族|满族|壮族|公民|户籍|籍贯|负责|代理|平素|体检|查体|神志"
_NEXT += "|突发|反复|服用|接受|行使|完成|反映|联系|办理|担任|就职|曾有|曾因|长期|参加|确诊|复诊|随访|转诊|接诊"
_NEXT += "|会诊|记录|审核|报告|住在|家住|来自|委托|本人|提交|请求|不服|作为|其中|去世|死亡|出庭|执行|不服|陪同"
_NEXT += "|到庭|签署|作证|提供|书写|数学|语文|成绩|执刀|主刀|查房|接|负责"
_MARKED = re.compile(rf"(?:{_LABEL})(?:姓名|签名|签字)?(?: ?[:=] ?| {{1,3}}|[((]签[名字章][))] ?){_NAME}")
_BARE = re.compile(rf"(?:{_LABEL}|我叫|名叫|叫做)(?:{_NAME}|(?P<late>于{_GIVEN}{{1,2}}?)(?={_NEXT}))")
_FREQUENT = f"[{''.join(_LISTS['given'])}]"
_PERSON = r"员人者师子女妇生属友父母妻夫姐妹兄弟长官:：,,。;;、((\s"  # characters that end a role, or a sentence
_ALONE = re.compile(
    rf"(?:(?<=[{_PERSON}])|^)(?P<name>(?:{_COMPOUND}|[{''.join(sorted(_COMMON))}]){_FREQUENT}{{1,2}}"
    rf"|[{''.join(sorted(_AMBIGUOUS))}]{_FREQUENT}{{2}})(?=[,,。、;;((\s]|$|男|女|因|于|{_NEXT})"
    rf"|(?:{_COMPOUND}|[{''.join(sorted(_COMMON | _AMBIGUOUS))}])(?P<given>{_FREQUENT}{{2}})",
    re.MULTILINE,
)
_TITLED = re.compile(rf"{_NAME.replace('{1,2}', '{0,2}?')}(?=(?:{_TITLE}))")
_AGED = re.compile(rf"(?<![^\W\d_]){_NAME} ?[,,、((] ?(?:男|女|[0-9]{{1,3}} ?岁|身份证)")
_FOREIGN = re.compile(
    rf"(?:{_LABEL})(?:姓名)? ?[:= ]{{0,3}}(?P<name>[A-Z][A-Za-z'-]{{1,29}}(?: {{1,2}}[A-Z][A-Za-z.'-]{{0,29}}){{0,3}}"
    rf"|[一-龥]{{2,6}}[·•・][一-龥]{{2,8}})"
)
_DOTTED = re.compile(r"(?P<name>[一-龥]{2,5}[·•・][一-龥]{2,6})(?=[因于,,。男女系的))])")
# What follows a name where the name ends: a sign, an end, or one of the words that go on about a person.
_END = re.compile(
    r"\s|$|[,,。;;、::))((!?!?\[\]/]|男|女|因|于|主诉|自述|诉|的|在|是|系|向|与|和|及|为|被|对|到|等|已|未|称|今|昨|[0-9]|从|由|经|以|将|就|应|会|说|来|有|也|还|患|本人|身份|电话|住"
)
_CUT = re.compile(_NEXT)
_WORDS, _PAIRS = words("no_names_zh.txt"), words("no_given_zh.txt")


def find(text: str) -> Iterator[Finding]:
    """Yield the names of people."""
    if not IDEOGRAPH.search(text):
        return
    known: set[str] = set()
    for start, end in _spans(text):
        known.add(text[start:end])
        yield Finding("name", start, end)
    for pattern in (_FOREIGN, _DOTTED):
        for match in pattern.finditer(text):
            yield Finding("name", *match.span("name"))
    for name in sorted(known):
        if len(name) > 2 or name[0] in _COMMON:
            yield from (
                Finding("name", m.start(), m.end()) for m in re.finditer(re.escape(name), text) if len(name) > 1
            )


def _spans(text: str) -> Iterator[tuple[int, int]]:
    for match in _MARKED.finditer(text):
        if match["name"][:2] not in _WORDS:
            yield match.start("name"), _end(text, match)
    for match in _AGED.finditer(text):
        if match["name"][:2] not in _WORDS:
            yield match.span("name")
    for match in _ALONE.finditer(text):
        if match.group()[:2] not in _WORDS and match["given"] not in _PAIRS:
            yield match.span()
    for match in _TITLED.finditer(text):
        yield from _titled(text, match)
    for match in _BARE.finditer(text):
        if match["late"] and match["late"][:2] not in _WORDS:
            yield match.span("late")
        elif match["name"] and _is_name(text, match):
            yield match.start("name"), _end(text, match)


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
    return name[0] in _COMMON or bool(frequent or _END.match(text, end) or _CUT.match(text, end))


def _end(text: str, match: re.Match[str]) -> int:
    """Return where a name ends: after one given character if the words that follow begin with the second."""
    start, end = match.span("name")
    surname = 2 if text[start : start + 2] in _LISTS["compound"] else 1
    shorter = start + surname + 1
    if end > shorter and (_CUT.match(text, end - 1) or (not _END.match(text, end) and _END.match(text, shorter))):
        return shorter
    return end

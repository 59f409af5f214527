"""Chinese names of drugs, herbs and the people after whom diseases are named: none of them is a patient's name."""

import re
from collections.abc import Iterator

from ahocorasick_rs import AhoCorasick

from r1tailor.corpus.privacy.lists import words

_LISTED = sorted(words("medicines_zh.txt"))
_TERMS = AhoCorasick(_LISTED) if _LISTED else None
_CHEMICAL = "唑胺酮啶酯酸钠钾钙铵酚醇烷烯苷肽酶嗪噻呋哌嘧吡咪嘌呤铂脲汀膦茚喹咯噁酰腙"  # in nobody's name
_ENDS = (
    r"沙坦|普利|洛尔|地平|他汀|拉唑|沙星|霉素|西林|替尼|单抗|列净|列汀|列酮|洛韦|司琼|西泮|唑仑|巴比妥|鲁司特|洛芬|昔布|昔康|米松|奈德|松龙|特罗|溴铵|茶碱|司他|沙班|加群"
    r"|曲坦|西汀|普林|替林|米嗪|氮平|培酮|噻嗪|双胍|司匹林|替康|他滨|蝶呤|莫司|培南|巴坦|环素|司汀|芬太尼|法林|拉西泮|利特|格雷|瑞林|替丁|必利|普胺|肽|素片|胶囊|颗粒|注射液|口服液|缓释"
)
_BEGINS = (
    r"头孢|格列|双膦|泼尼|可的松|非布|肝素|华法林|利培|螺内|胰岛|氯雷|孟鲁|布洛|地高辛|利尿|甘露|阿片|吗啡|麻黄|肾上腺|多巴|米诺|考来|奥司|达菲|泰能|来氟|美金刚|多奈|石杉"
    r"|卡马西|奥卡西|拉莫|丙戊|加巴|普瑞巴|紫杉|铂"
)
_IS_DRUG = re.compile(f"[{_CHEMICAL}]|{_ENDS}|{_BEGINS}")
_ENDS_AS_DRUG = re.compile(rf"[一-龥]{{0,2}}?(?:{_ENDS}|[{_CHEMICAL}])")
_NAMED_AFTER = re.compile(
    r"(?:氏[一-龥]?)?(?:病|综合征|综合症|征|症|瘤|痣|囊肿|反射|现象|试验|评分|量表|分级|分期|分型|甲状腺炎|肠炎|关节炎|动脉炎|脑病|心肌病|骨折|疝|食管|肾炎|淋巴瘤|麻痹|昏迷|憩室|结节"
    r"|小体|杆菌|菌|孢子|定律|定理|方程)|氏"
)


# What a drug is the object of, in the same sentence, with nobody between; and what only drugs have behind them.
_GIVEN = re.compile(
    r"(?:予以?|服用?|[改加停换]用|口服|静滴|滴注|静推|静注|肌注|注射|外用|外敷|使用|应用|自服|用药|购买?|开具?了?|曾服|方用|方选"
    r"|(?:处方|医嘱|药[品名物]|用药|成分) ?:)[^。;\n患家护医者属士师由经请]{0,40}$"
)
_DOSED = re.compile(
    r"(?:治疗|过量|中毒|[一-龥]{0,2}?(?:片|胶囊|注射|颗粒|膏|丸|散剂|口服|滴|糖浆|栓|喷雾|气雾|软膏)|[每]日"
    r"|各?[0-9一二两三四五六七八九十百]+(?:毫克|mg|片|粒|支|克|毫升|单位|袋|丸|次)"
    r"|(?:与|和|及)[一-龥]{1,10}(?:合用|同用)|引起|过敏)"
)


def is_given(text: str, start: int, end: int) -> bool:
    """Whether what stands at a place of a text is given to somebody, or dosed, as only a drug is."""
    return bool(_GIVEN.search(text, max(0, start - 50), start) or _DOSED.match(text, end))


def is_medicine(text: str, start: int, end: int) -> bool:
    """Whether a stretch of a text holds, or begins, what only names of drugs hold: 奥美拉唑, 辛伐|他汀."""
    return bool(_IS_DRUG.search(text, start, end) or _ENDS_AS_DRUG.match(text, end - 1))


def is_named_after(text: str, end: int) -> bool:
    """Whether what ends at a place of a text is part of the name of a disease, a sign, a test."""
    return bool(_NAMED_AFTER.match(text, end))


def terms(text: str) -> Iterator[tuple[int, int]]:
    """Yield where drugs and herbs of our list stand."""
    for _, start, end in _TERMS.find_matches_as_indexes(text, overlapping=True) if _TERMS else ():
        yield start, end

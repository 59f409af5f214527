"""What leaflets of drugs in Chinese forbid for whom: facts of a patient, and the clauses that speak of them.

A clause counts where it forbids (禁, 忌) or, standing under the heading of contraindications, names the state alone;
one that only advises caution (慎) forbids nothing. Leaflets leave out the obvious, so two things are added: an allergy
to a class forbids its drugs (erythromycin in an allergy to macrolides), and what one preparation of a substance
forbids, all of them do. What classes forbid beyond allergies (fluoroquinolones in pregnancy,
anticholinergics in glaucoma) is common to their leaflets and to public guidance; the audit of the medication domain
tells how much is still wrong.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_CLAUSES = re.compile(r"[，,；;。\n]")
_FORBIDS_NOTHING = re.compile(r"慎|不明|尚未|可用|无禁忌|未进行")


@dataclass(frozen=True)
class Fact:
    """A fact of a patient.

    Attributes:
        name: its name in examples and tables.
        told: how a record tells it.
        pattern: what a clause says of it.
        itself: what the names and classes of drugs say that are forbidden by what they are.
    """

    name: str
    told: str
    pattern: re.Pattern[str]
    itself: re.Pattern[str] | None = None


def _fact(name: str, told: str, pattern: str, itself: str = "") -> Fact:
    return Fact(name, told, re.compile(pattern), re.compile(itself) if itself else None)


_FORMS = re.compile(
    "(?:缓释|控释|肠溶|分散|咀嚼|泡腾|口腔|崩解|含|滴|软|干混悬|混悬|薄膜|糖衣|浓缩|水蜜|大蜜|氯化钠|葡萄糖|口服|外用|双释放)*"
    "(?:片|胶囊|胶丸|颗粒|颗粒剂|冲剂|注射液|注射剂|粉针|散|丸|滴丸|糖浆|合剂|口服液|溶液|混悬液|混悬剂|乳膏|软膏|眼膏|滴眼液|"
    "滴耳液|滴鼻液|喷雾剂|气雾剂|吸入剂|栓|贴|贴膏|凝胶|搽剂|洗剂|酊|茶|膏)$"
)
_SALTS = re.compile(
    "^(?:注射用|复方|小儿|盐酸|硫酸|硬脂酸|磷酸|醋酸|马来酸|富马酸|枸橼酸|酒石酸|乳糖酸|琥乙|依托|甲磺酸|氢溴酸|苯磺酸|门冬氨酸|乳酸)+"
)


_TETRACYCLINES = "四环素|多西环素|米诺环素|土霉素|金霉素"
_AMINOGLYCOSIDES = "庆大霉素|链霉素|阿米卡星|妥布霉素|卡那霉素|新霉素|依替米星|奈替米星|西索米星|核糖霉素"
_NSAIDS = (
    "阿司匹林|水杨酸|布洛芬|双氯芬酸|萘普生|吲哚美辛|酮洛芬|芬布芬|美洛昔康|"
    "吡罗昔康|尼美舒利|保泰松|塞来昔布|甲芬那酸|非普拉宗|氨咖|非甾体"
)
_CYTOTOXIC = "抗肿瘤|六甲蜜胺|铂|紫杉|长春|环磷酰胺|阿糖胞苷|尿嘧啶|柔比星|博来霉素|甲氨蝶呤|达卡巴嗪|白消安|门冬酰胺"
_ANTICHOLINERGICS = "颠茄|阿托品|东莨菪碱|山莨菪碱|樟柳碱|苯海索|哌仑西平|奥芬溴铵|苯海拉明"
_HORMONES = "睾酮|雌二醇|雌激素|炔|孕三烯酮|非那雄胺"
_UNSAFE_IN_PREGNANCY = (
    f"利巴韦林|他汀|沙坦|普利|华法林|沙利度胺|丙戊酸|苯妥英|米索前列醇|格列|碳酸锂|维A酸|利血平|{_HORMONES}"
)
FACTS = (
    _fact(
        "pregnancy",
        "妊娠20周",
        "孕妇|妊娠|孕期|怀孕",
        f"沙星|{_TETRACYCLINES}|{_AMINOGLYCOSIDES}|{_CYTOTOXIC}|{_UNSAFE_IN_PREGNANCY}",
    ),
    _fact("lactation", "正在哺乳", "哺乳|乳母", f"沙星|{_TETRACYCLINES}|{_CYTOTOXIC}|{_HORMONES}|碳酸锂|氯霉素|地西泮"),
    _fact(
        "childhood",
        "6岁儿童",
        "(?<!新生)儿童|小儿|患儿|18岁以下|未成年",
        f"沙星|{_TETRACYCLINES}|{_HORMONES}|阿司匹林|可待因|妇",
    ),
    _fact(
        "kidney",
        "严重肾功能不全",
        "肾功能|肾衰|肾脏病|肾损害|严重肝、?肾",
        f"{_AMINOGLYCOSIDES}|{_NSAIDS}|二甲双胍|碳酸锂|呋喃妥因",
    ),
    _fact(
        "liver",
        "严重肝功能不全",
        "肝功能|肝、肾功能|肝肾|肝硬化|严重肝病|肝损害",
        f"{_NSAIDS}|他汀|异烟肼|氨酚|对乙酰氨基酚",
    ),
    _fact("penicillin", "对青霉素类药物过敏", "青霉素.*过敏", "青霉素|西林"),
    _fact("cephalosporin", "对头孢菌素类药物过敏", "头孢.*过敏", "头孢"),
    _fact("sulfonamide", "对磺胺类药物过敏", "磺胺.*过敏", "磺胺"),
    _fact("quinolone", "对喹诺酮类药物过敏", "(?:喹诺酮|沙星).*过敏", "喹诺酮|沙星"),
    _fact(
        "macrolide",
        "对大环内酯类药物过敏",
        "(?:大环内酯|红霉素).*过敏",
        "大环内酯|红霉素|克拉霉素|阿奇霉素|螺旋霉素|交沙霉素|麦迪霉素|吉他霉素",
    ),
    _fact("tetracycline", "对四环素类药物过敏", "四环素.*过敏", _TETRACYCLINES),
    _fact("aminoglycoside", "对氨基糖苷类药物过敏", "氨基糖苷.*过敏", f"氨基糖苷|{_AMINOGLYCOSIDES}"),
    _fact("nsaid", "对阿司匹林及其他非甾体抗炎药过敏", "(?:非甾体|阿司匹林|水杨酸).*过敏", _NSAIDS),
    _fact("diabetes", "患有糖尿病", "糖尿病", "葡萄糖|泼尼松|地塞米松|曲安西龙"),
    _fact("glaucoma", "患有青光眼", "青光眼", _ANTICHOLINERGICS),
    _fact("prostate", "患有前列腺肥大", "前列腺(?:肥大|增生)", _ANTICHOLINERGICS),
    _fact(
        "ulcer",
        "患有活动性消化性溃疡",
        "消化性溃疡|消化道溃疡|胃溃疡|十二指肠溃疡",
        f"{_NSAIDS}|泼尼松|地塞米松|利血平|氨酚烷胺|氨酚咖",
    ),
    _fact("hypertension", "患有高血压", "(?<!低)(?<!肺动脉)高血压", "麻黄|伪麻"),
    _fact(
        "bleeding", "有出血倾向", "出血倾向|活动性出血|出血性疾病|凝血", f"{_NSAIDS}|肝素|华法林|川芎|红花|银杏|杏芎"
    ),
    _fact("epilepsy", "患有癫痫", "癫痫|癫癎", "沙星|氯氮平"),
    _fact("asthma", "患有支气管哮喘", "哮喘", f"洛尔|{_NSAIDS}"),
    _fact("myasthenia", "患有重症肌无力", "重症肌无力", f"西泮|{_AMINOGLYCOSIDES}"),
    _fact("maoi", "正在服用单胺氧化酶抑制剂", "单胺氧化酶"),
    _fact("digitalis", "正在服用洋地黄类药物", "洋地黄"),
)
FACT = {fact.name: fact for fact in FACTS}


def forbidden(contraindications: Iterable[str]) -> frozenset[str]:
    """Return the names of the facts that contraindications forbid a drug for.

    >>> sorted(forbidden(["儿童、孕妇禁用，糖尿病患者慎用"]))
    ['childhood', 'pregnancy']
    """
    clauses = [clause for text in contraindications for clause in _CLAUSES.split(text)]
    forbidding = [clause for clause in clauses if not _FORBIDS_NOTHING.search(clause)]
    return frozenset(fact.name for fact in FACTS if any(fact.pattern.search(clause) for clause in forbidding))


def of_class(names: Iterable[str]) -> frozenset[str]:
    """Return the names of the facts that forbid a drug because of what it is, from its names and classes.

    >>> sorted(of_class(["注射用氨苄西林钠舒巴坦钠"])), sorted(of_class(["颠茄片"]))
    (['penicillin'], ['glaucoma', 'prostate'])
    """
    listed = tuple(names)
    return frozenset(fact.name for fact in FACTS if fact.itself and any(map(fact.itself.search, listed)))


def substance(name: str) -> str:
    """Return the name of a preparation without its salt and form, as far as the name tells.

    >>> substance("硬脂酸红霉素颗粒"), substance("红霉素肠溶片"), substance("注射用头孢他啶")
    ('红霉素', '红霉素', '头孢他啶')
    """
    bare = _FORMS.sub("", _SALTS.sub("", name))
    return bare if len(bare) > 1 else name


def is_stated(contraindications: Iterable[str]) -> bool:
    """Whether a leaflet states contraindications; "not clear yet" states none."""
    return any(not re.search("不明|尚未", text) for text in contraindications)

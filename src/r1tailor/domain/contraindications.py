"""What leaflets of drugs in Chinese forbid for whom: facts of a patient, and the clauses that speak of them.

A clause counts where it forbids (禁, 忌) or, standing under the heading of contraindications, names the state alone;
one that only advises caution (慎) forbids nothing. Leaflets leave out the obvious, so two things are added: an allergy
to a class forbids its drugs (erythromycin in an allergy to macrolides), and what one preparation of a substance
forbids, all of them do that go the same way into the body. What classes forbid beyond allergies (fluoroquinolones in
pregnancy, anticholinergics in glaucoma) is common to their leaflets and to public guidance, and holds for what is
swallowed or injected; the audit of the medication domain tells how much is still wrong.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
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
        without: diseases that a patient of whom it holds is not asked about: they exclude it, or are the same.
    """

    name: str
    told: str
    pattern: re.Pattern[str]
    itself: re.Pattern[str] | None = None
    without: re.Pattern[str] | None = None

    def fits(self, disease: str) -> bool:
        """Whether a patient with the disease can be asked about."""
        return self.without is None or not self.without.search(disease)


def _fact(name: str, told: str, pattern: str, itself: str = "", without: str = "") -> Fact:
    patterns = (re.compile(text) if text else None for text in (itself, without))
    return Fact(name, told, re.compile(pattern), *patterns)


_FORMS = re.compile(
    "(?:缓释|控释|肠溶|分散|咀嚼|泡腾|口腔|崩解|含|滴|软|干混悬|混悬|薄膜|糖衣|浓缩|水蜜|大蜜|氯化钠|葡萄糖|口服|外用|双释放)*"
    "(?:片|胶囊|胶丸|颗粒|颗粒剂|冲剂|注射液|注射剂|粉针|散|丸|滴丸|糖浆|合剂|口服液|溶液|混悬液|混悬剂|乳膏|软膏|眼膏|滴眼液|"
    "滴耳液|滴鼻液|喷雾剂|气雾剂|吸入剂|栓|贴|贴膏|凝胶|搽剂|洗剂|酊|茶|膏)$"
)
_SALTS = re.compile(
    "^(?:注射用|复方|小儿|盐酸|硫酸|硬脂酸|磷酸|醋酸|马来酸|富马酸|枸橼酸|酒石酸|乳糖酸|琥乙|依托|甲磺酸|氢溴酸|苯磺酸|门冬氨酸|乳酸)+"
)


_TOPICAL = re.compile(
    "乳膏|软膏|眼膏|滴眼|滴耳|滴鼻|喷雾|喷剂|搽|洗剂|洗液|外用|贴|凝胶|栓|阴道|酊|药膏|擦剂|散剂外|口腔|含漱|含片"
)
_TETRACYCLINES = "四环素|多西环素|米诺环素|美他环素|土霉素|金霉素"
_AMINOGLYCOSIDES = (
    "庆大霉素|庆大酶素|链霉素|阿米卡星|妥布霉素|卡那霉素|新霉素|依替米星|奈替米星|西索米星|核糖霉素|巴龙霉素|小诺霉素"
)
_SALICYLATES = "阿司匹林|水杨酸|卡巴匹林|贝诺酯|精氨酸阿司匹林|赖氨匹林|赖氨酸阿司匹林"
_NSAIDS = (
    f"{_SALICYLATES}|洛芬(?!待因)|双氯芬酸|萘普生|吲哚美辛|新癀|芬布芬|昔康|尼美舒利|保泰松|昔布|那酸(?:胶囊|片|丁酯|颗粒)|"
    "甲芬那酸|氟芬那酸|舒林酸|依托度酸|奥沙普秦|非普拉宗|酮咯酸|安乃近|氨基比林|氨咖|酚咖|锌布|洛芬待因|非甾体"
)
_AMINOSALICYLATES = "美沙拉|奥沙拉|巴柳氮|柳氮"
_CYTOTOXIC = (
    "抗肿瘤|六甲蜜胺|铂|紫杉|长春|环磷酰胺|阿糖胞苷|尿嘧啶|替加氟|柔比星|博来霉素|平阳霉素|丝裂霉素|甲氨蝶呤|达卡巴嗪|白消安|"
    "门冬酰胺|羟基脲|司莫司汀|卡莫司汀|替尼$|替尼胶囊|替尼片|单抗|依托泊苷|替尼泊苷|喜树碱|巯嘌呤|硫唑嘌呤|吉西他滨|卡培他滨|他莫昔芬|硼替佐米"
)
_ANTICHOLINERGICS = (
    "颠茄|阿托品|东莨菪碱|山莨菪碱|樟柳碱|苯海索|哌仑西平|奥芬溴铵|苯海拉明|丙胺太林|格隆溴铵|托特罗定|溴丙胺|曲司氯铵|"
    "阿米替林|多塞平|丙米嗪|阿莫沙平|马普替林|胃乐宁"
)
_HORMONES = "睾酮|雌二醇|雌激素|雌醇|炔|孕三烯酮|非那雄胺|达那唑"
_RETINOIDS = "维A酸|维胺酯|阿维A|异维A"
_ANTICOAGULANTS = (
    "肝素|华法林|氯吡格雷|噻氯匹定|西洛他唑|阿加曲班|蚓激酶|尿激酶|链激酶|普酶|纤溶酶|降纤|蛇毒血凝|奥扎格雷"
)
_MOVES_BLOOD = "川芎|红花|银杏|杏芎|三七|血塞通|血栓通|丹参|水蛭|桃仁|活血|脉络宁|心脑宁|莪术|麝香"
_UNSAFE_IN_PREGNANCY = (
    f"利巴韦林|他汀|沙坦|普利|华法林|沙利度胺|丙戊酸|苯妥英|卡马西平|米索前列醇|米非司酮|格列|碳酸锂|{_RETINOIDS}|利血平|膦酸|"
    f"来氟米特|更昔洛韦|西泮|唑仑|大麻|阿苯达唑|甲苯咪唑|甲硝唑|替硝唑|奥硝唑|氟康唑|伊曲康唑|{_HORMONES}|{_NSAIDS}|{_MOVES_BLOOD}"
)
_OF_CHILDBIRTH = "妊娠|流产|早产|产后|产褥|葡萄胎|绒毛膜"
_OF_WOMEN = f"月经|痛经|闭经|子宫|宫颈|卵巢|输卵管|附件炎|阴道|外阴|盆腔|乳腺|绝经|前庭大腺|{_OF_CHILDBIRTH}"
_OF_MEN = "前列腺|睾丸|附睾|阳痿|勃起|早泄|精囊|龟头|阴茎|男性"

FACTS = (
    _fact(
        "pregnancy",
        "妊娠20周",
        "孕妇|妊娠(?!三个月|3个月|早期)|孕期|怀孕",
        f"沙星|{_TETRACYCLINES}|{_AMINOGLYCOSIDES}|{_CYTOTOXIC}|{_UNSAFE_IN_PREGNANCY}",
        f"{_OF_MEN}|月经|闭经|痛经|绝经|更年期|小儿|儿童|新生儿|婴|流产|早产|不孕|老年",
    ),
    _fact(
        "lactation",
        "正在哺乳",
        "哺乳|乳母",
        f"沙星|{_TETRACYCLINES}|{_AMINOGLYCOSIDES}|{_CYTOTOXIC}|{_HORMONES}|碳酸锂|氯霉素|西泮|{_RETINOIDS}|膦酸|白细胞介素|干扰素|"
        f"来氟米特|沙利度胺|他汀|大麻|去羟肌苷|硝唑|{_SALICYLATES}|萘普生|吲哚美辛|新癀|酮洛芬|双氯芬酸|昔康|尼美舒利|保泰松|麦角|隐亭",
        f"{_OF_MEN}|绝经|更年期|小儿|儿童|新生儿|婴|流产|早产|妊娠|不孕|老年",
    ),
    _fact(
        "childhood",
        "6岁儿童",
        "(?<!新生)儿童|小儿|患儿|18岁以下|未成年",
        f"沙星|{_TETRACYCLINES}|{_HORMONES}|{_SALICYLATES}|可待因|曲马多|尼美舒利|安乃近|铋|妇",
        f"{_OF_WOMEN}|{_OF_MEN}|老年|更年期|动脉硬化|不孕|新生儿|痴呆|II型糖尿病|冠心病",
    ),
    _fact(
        "kidney",
        "严重肾功能不全",
        "肾功能|肾衰|肾脏病|肾损害|严重肝、?肾",
        f"{_AMINOGLYCOSIDES}|{_NSAIDS}|二甲双胍|碳酸锂|呋喃妥因|氯化钾|枸橼酸钾|门冬氨酸钾|膦酸|铋|硫酸镁|碳酸镁|氢氧化镁|铝镁|贝特|"
        "阿昔莫司|美洛昔康",
        "新生儿|肾",
    ),
    _fact(
        "liver",
        "严重肝功能不全",
        "肝功能|肝、肾功能|肝肾|肝硬化|严重肝病|肝损害",
        f"{_NSAIDS}|他汀|异烟肼|氨酚|对乙酰氨基酚|散利痛|利福平|吡嗪酰胺|酮康唑|特比萘芬|丙戊酸|依托红霉素|贝特|氟他胺|来氟米特",
        "肝",
    ),
    _fact("penicillin", "对青霉素类药物过敏", "青霉素.*过敏", "青霉素|西林|巴坦匹酯"),
    _fact("cephalosporin", "对头孢菌素类药物过敏", "头孢.*过敏", "头孢|拉氧"),
    _fact(
        "sulfonamide",
        "对磺胺类药物过敏",
        "磺胺.*过敏",
        "磺胺|双磺|塞来昔布|柳氮磺|噻嗪|格列齐特|格列本脲|格列吡嗪|格列美脲",
    ),
    _fact("quinolone", "对喹诺酮类药物过敏", "(?:喹诺酮|沙星).*过敏", "喹诺酮|沙星|吡哌酸"),
    _fact(
        "macrolide",
        "对大环内酯类药物过敏",
        "(?:大环内酯|红霉素).*过敏",
        "大环内酯|红霉素|克拉霉素|阿奇霉素|螺旋霉素|交沙霉素|麦迪霉素|麦白霉素|吉他霉素|利君沙",
    ),
    _fact("tetracycline", "对四环素类药物过敏", "四环素.*过敏", _TETRACYCLINES),
    _fact("aminoglycoside", "对氨基糖苷类药物过敏", "氨基糖苷.*过敏", f"氨基糖苷|{_AMINOGLYCOSIDES}"),
    _fact(
        "nsaid",
        "对阿司匹林及其他非甾体抗炎药过敏",
        "(?:非甾体|阿司匹林|水杨酸).*过敏",
        f"{_NSAIDS}|{_AMINOSALICYLATES}",
    ),
    _fact(
        "diabetes",
        "患有糖尿病",
        "糖尿病",
        "葡萄糖(?!酸)|泼尼松|地塞米松|曲安西龙|可的松(?!眼)|倍他米松",
        "糖尿病|低血糖|高血糖|酮症",
    ),
    _fact("glaucoma", "患有青光眼", "青光眼", _ANTICHOLINERGICS, "青光眼"),
    _fact("prostate", "患有前列腺肥大", "前列腺(?:肥大|增生)", _ANTICHOLINERGICS, f"{_OF_WOMEN}|前列腺|小儿|新生儿"),
    _fact(
        "ulcer",
        "患有活动性消化性溃疡",
        "消化性溃疡|消化道溃疡|胃溃疡|十二指肠溃疡",
        f"{_NSAIDS}|{_AMINOSALICYLATES}|泼尼松|地塞米松|可的松|倍他米松|利血平|氨酚烷胺|氨酚咖|氯化钾(?!葡萄糖)|阿昔莫司",
        "溃疡|胃|消化道",
    ),
    _fact(
        "hypertension",
        "患有高血压",
        "(?<!低)(?<!肺动脉)高血压",
        "麻黄|伪麻|肾上腺素(?!能)|米多君|参附",
        "高血压|低血压",
    ),
    _fact(
        "bleeding",
        "有出血倾向",
        "出血倾向|活动性出血|出血性疾病|凝血",
        f"{_NSAIDS}|{_ANTICOAGULANTS}|{_MOVES_BLOOD}",
        "出血|血友病|紫癜|血小板减少|咯血|便血|血尿",
    ),
    _fact("epilepsy", "患有癫痫", "癫痫|癫癎", "沙星|氯氮平|曲马多|安非他酮|马普替林|氯喹|茶碱", "癫痫"),
    _fact("asthma", "患有支气管哮喘", "哮喘", f"洛尔|{_NSAIDS}|新斯的明|卡巴胆碱|毛果芸香碱", "哮喘"),
    _fact(
        "myasthenia",
        "患有重症肌无力",
        "重症肌无力",
        f"西泮|唑仑|{_AMINOGLYCOSIDES}|沙星|林可霉素|克林霉素|多黏菌素|多粘菌素|奎宁|巴氯芬|氯唑沙宗",
        "肌无力",
    ),
    _fact(
        "maoi",
        "正在服用单胺氧化酶抑制剂",
        "单胺氧化酶",
        "西汀|舍曲林|帕罗|西酞普兰|阿米替林|多塞平|丙米嗪|哌替啶|右美沙芬|伪麻|麻黄|曲马多",
    ),
    _fact("digitalis", "正在服用洋地黄类药物", "洋地黄", "钙注射液|葡萄糖酸钙|氯化钙"),
)
FACT = {fact.name: fact for fact in FACTS}
_ALLERGIES = frozenset(fact.name for fact in FACTS if "过敏" in fact.told)


def forbidden(contraindications: Iterable[str]) -> frozenset[str]:
    """Return the names of the facts that contraindications forbid a drug for.

    >>> sorted(forbidden(["儿童、孕妇禁用，糖尿病患者慎用"]))
    ['childhood', 'pregnancy']
    """
    clauses = [clause for text in contraindications for clause in _CLAUSES.split(text)]
    forbidding = [clause for clause in clauses if not _FORBIDS_NOTHING.search(clause)]
    return frozenset(fact.name for fact in FACTS if any(fact.pattern.search(clause) for clause in forbidding))


def of_class(name: str, *, topical: bool = False) -> frozenset[str]:
    """Return the names of the facts that forbid a drug because of what it is; of a topical one the allergies.

    >>> sorted(of_class("注射用氨苄西林钠舒巴坦钠")), sorted(of_class("颠茄片"))
    (['penicillin'], ['glaucoma', 'prostate'])
    """
    found = frozenset(fact.name for fact in FACTS if fact.itself and fact.itself.search(name))
    return found & _ALLERGIES if topical else found


def of_most(classes: Sequence[str], *, topical: bool = False) -> frozenset[str]:
    """Return the facts that at least half of the classes of a drug forbid: the graph files some drugs wrongly.

    >>> sorted(of_most(["大环内酯类", "大环内酯类", "第一代头孢菌素"]))
    ['macrolide']
    """
    counted = Counter(fact for listed in classes for fact in of_class(listed, topical=topical))
    return frozenset(fact for fact, count in counted.items() if 2 * count >= len(classes))


def is_topical(name: str) -> bool:
    """Whether a preparation acts where it is applied, as far as its name tells.

    >>> is_topical("氧氟沙星滴眼液"), is_topical("氧氟沙星片")
    (True, False)
    """
    return bool(_TOPICAL.search(name))


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

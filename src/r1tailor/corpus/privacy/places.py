"""Places below a state or province: streets, towns with their ZIP code, Chinese addresses."""

import re
from collections.abc import Iterator

from r1tailor.corpus.privacy.findings import IDEOGRAPH, LEFT, RIGHT, Finding, Guard, guarded, one_of

_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK"
)
_STATES += "|OR|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|PR"
_NAMES = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois"
)
_NAMES += "|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri"
_NAMES += (
    "|Montana|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma"
)
_NAMES += (
    "|Oregon|Pennsylvania|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington"
)
_NAMES += "|West Virginia|Wisconsin|Wyoming"
_CAPITAL = r"(?!(?:The|This|In|On|At|An|He|She|Room|Ward) )(?:St\. )?[A-ZÀ-ÞŁŚŠŽ][A-Za-zÀ-ÿ'-]{1,24}"
_TOWN = rf"{_CAPITAL}(?: {_CAPITAL}){{0,2}}"
_WAY = (
    "Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Circle|Cir|Way|Place|Pl|Terrace|Ter|Parkway"
)
_WAY += "|Pkwy|Highway|Hwy|Square|Sq|Trail|Trl|Crescent|Close|Row|Walk|Alley|Plaza|Loop|Pike|Turnpike|Route|Broadway"
_WAY = f"(?:{_WAY}|{_WAY.upper()})"
_UNIT = r"(?:,? {0,2}(?:Apt|Apartment|Suite|Ste|Unit|Floor|Fl|Room|Rm|#|APT|SUITE|UNIT)\.? ?#?[A-Za-z0-9-]{1,6})"
_STREETS = (
    re.compile(
        rf"{LEFT}[0-9OlI]{{1,6}}[A-Za-z]?,? {{1,2}}(?:(?:[NSEW]|North|South|East|West)\.? )?"
        rf"(?:(?:{_CAPITAL}|[0-9]{{1,3}}(?:st|nd|rd"
        rf"|th)) {{1,2}}){{1,4}}{_WAY}{RIGHT}\.?{_UNIT}?(?:, {_TOWN}(?=,? (?:{_STATES}|{_NAMES}){RIGHT}))?"
    ),
    re.compile(rf"{LEFT}P\.? ?O\.? ?Box {{1,2}}[0-9]{{1,7}}{RIGHT}", re.IGNORECASE),
    re.compile(rf"{LEFT}{_TOWN}, {{1,2}}(?:{_STATES}|{_NAMES})(?=,? {{0,2}}[0-9]{{5}}|[.,;)\s]|$)"),
    re.compile(rf"{LEFT}{_TOWN} County{RIGHT}"),
    re.compile(
        r"(?:(?<![A-Za-z])(?:[Ll]ives|[Ll]iving|[Rr]esid(?:es|ing)|[Rr]esident|[Nn]ative|[Mm]oved|[Tt]ravel+ed|[Hh]ome)"
        rf"(?: in| at| of| from| to| near| town of| address is){{1,2}}|(?<![A-Za-z])(?:[Aa]ddress|ADDRESS"
        rf"|[Cc]ity|[Tt]own|[Cc]ounty)"
        rf"(?: is)? ?:) {{1,2}}(?P<place>(?:[0-9]{{1,6}} )?{_TOWN}(?:, {_TOWN}){{0,2}})"
    ),
)
_ZIPS = (
    re.compile(rf"{LEFT}(?:{_STATES}|{_NAMES})\.?,? {{1,2}}(?P<zip>[0-9OlI]{{5}}(?:-[0-9OlI]{{4}})?){RIGHT}"),
    re.compile(
        rf"(?:[Zz][Ii][Pp]|[Pp]ostal|POSTAL)(?: ?(?:[Cc]ode"
        rf"|CODE))?[ :#]{{1,4}}(?:is )?(?P<zip>[0-9OlI]{{5}}(?:-[0-9OlI]{{4}})?){RIGHT}"
    ),
    re.compile(rf"(?<![A-Za-z0-9.-])(?P<zip>[0-9]{{5}}-[0-9]{{4}}){RIGHT}(?!-)"),
    re.compile(rf"{LEFT}(?P<zip>[A-PR-UWYZ][A-HK-Y]?[0-9][A-Z0-9]? [0-9][ABD-HJLNP-UW-Z]{{2}}){RIGHT}"),
)
_STREET_GUARDS: tuple[Guard, ...] = (
    re.compile(f" {_WAY}{RIGHT}").search,
    re.compile("[bB][oO][xX] ").search,
    re.compile(f", {{1,2}}(?:{_STATES}|{_NAMES})").search,
    re.compile(" County").search,
    one_of("lives", "living", "resid", "native", "moved", "travel", "home", "address", "city", "town", "county"),
)
_ZIP_GUARDS: tuple[Guard, ...] = (
    re.compile("[0-9OlI]{5}").search,
    one_of("zip", "postal"),
    re.compile("[0-9]{5}-").search,
    re.compile("[0-9][A-Z0-9]? [0-9][A-Z]{2}").search,
)
_PROVINCES = (
    "北京|上海|天津|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州"
)
_PROVINCES += "|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门"
# A name is what is no unit, no punctuation and none of the words that lead up to an address.
_BASIC = r"[^\W\d_A-Za-z省市区县镇乡村路街巷弄号栋幢室在于住到从往至自是为由了和与及或的位址等]"
_AREA = r"(?:省|自治区|自治州|地区|市|区|县|旗|盟)"
_LOCAL = r"(?:街道|大街|大道|镇|乡|村|路|街|巷|弄|道|胡同|里|小区|花园|家园|社区|新村|公寓|广场|大厦|屯|庄|苑|园|组)"
_NUMBER = r"(?:[ 之甲乙丙东西南北中0-9一二三四五六七八九十百零〇A-Za-z-]{1,8}(?:号楼|号院|号|弄|栋|幢|座|单元"
_NUMBER += r"|室|楼|层|户|组|队|房))"
_PROVINCE = rf"(?:{_PROVINCES})(?:省|市|壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区)?+"
_STREET = rf"(?:(?:{_BASIC}|[0-9]){{1,9}}{_LOCAL})"
_DISTRICT = rf"(?:(?:市[东南西北中]|{_BASIC}{{1,7}}){_AREA})"
_CHINESE = (
    re.compile(rf"(?:{_BASIC}{{1,4}}[市县区])?{_STREET}{{1,4}}{_NUMBER}{{1,6}}"),  # only where there is a house number
    re.compile(rf"{_PROVINCE}{_DISTRICT}{{0,3}}{_STREET}{{0,4}}{_NUMBER}{{0,6}}"),
    re.compile(rf"{_BASIC}{{1,4}}市(?:市[东南西北中]|{_BASIC}{{1,5}})[区县市]{_STREET}{{0,4}}{_NUMBER}{{0,6}}"),
    re.compile(
        r"(?:家庭住址|现住址|户籍地址|户籍地?|通讯地址|联系地址|住所地?|住址|地址|籍贯|现住|家住|居住于|来自"
        r"|出生于|生于|户籍)[ :为是于在]{0,3}"
        rf"(?P<place>(?:{_PROVINCE})?(?:(?:市[东南西北中]|{_BASIC}|[0-9]){{1,9}}(?:{_AREA}|{_LOCAL})){{1,6}}{_NUMBER}{{0,6}})"
    ),
)
_HOUSE_NUMBER = re.compile("[0-9A-Z一二三四五六七八九十百](?:号|弄|栋|幢|座|单元|室|楼|层|组)")
_WHOLE_PROVINCE = re.compile(_PROVINCE)
_ANY_CAPITAL = re.compile("[A-Z]|[0-9]{5}|zip")
_AUTHORITY = re.compile(
    "(?:台湾|澳门|香港)(?:地区|以外|驻军|海峡)|天安门|立法|情报区|贸易区|城市|直辖|辖区|应当|疫区|特区|人民(?![东西南北中路大街])|各级|有关|规定|主管|行政部门|政府|机关|法院|检察"
)


def find(text: str) -> Iterator[Finding]:
    """Yield addresses, towns and ZIP codes."""
    if _ANY_CAPITAL.search(text):
        yield from _american(text)
    if IDEOGRAPH.search(text):
        yield from _chinese(text)


def _american(text: str) -> Iterator[Finding]:
    for guard, pattern in zip(_STREET_GUARDS, _STREETS, strict=True):
        for match in guarded(guard, pattern, text):
            yield Finding("address", *match.span("place" if "place" in pattern.groupindex else 0))
    for guard, pattern in zip(_ZIP_GUARDS, _ZIPS, strict=True):
        for match in guarded(guard, pattern, text):
            yield Finding("zip", *match.span("zip"))


def _chinese(text: str) -> Iterator[Finding]:
    numbered = _HOUSE_NUMBER.search(text)
    for pattern in _CHINESE if numbered else _CHINESE[1:]:
        for match in pattern.finditer(text):
            span = match.span("place" if "place" in pattern.groupindex else 0)
            if _WHOLE_PROVINCE.fullmatch(text, *span) or _AUTHORITY.search(text, span[0], span[1] + 2):
                continue
            yield Finding("address", *span)

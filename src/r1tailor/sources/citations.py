"""What a legal text cites and is filed under: statutes, case numbers, dates; Chinese, US, UK and EU forms.

A provision is written one way for all: ``577(1)(2)`` is article 577, paragraph 1, item 2 (第五百七十七条第一款第二项),
``120-1`` the first article put in after article 120 (第一百二十条之一).
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_NUMERAL = r"[〇○零一二两三四五六七八九十百千\d]{1,12}"
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

_LARGEST_RANGE = 100  # articles; a wider one is a slip of the pen
_ZH_PROVISIONS = (  # 第五条第一款、第二款和第七条至第九条
    rf"第{_NUMERAL}条(?:之{_NUMERAL})?"
    rf"(?:[、，,和及与或以至到]{{0,3}}第[（(]?{_NUMERAL}[)）]?[条款项](?:之{_NUMERAL})?){{0,100}}"
)
ZH_PROVISIONS = re.compile(_ZH_PROVISIONS)
_ZH_ACT = re.compile(rf"《([^《》]{{2,80}})》(?:[（(][^（）()]{{1,40}}[)）])?({_ZH_PROVISIONS})")
_ZH_PART = re.compile(rf"([至到]?)第[（(]?({_NUMERAL})[)）]?([条款项])|(之)({_NUMERAL})")

# No word boundaries (\b): between a Latin and a Chinese letter there is none.
_BEGIN, _END = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
_CODE = rf"(?:U\.?\s?S\.?\s?C|C\.?\s?F\.?\s?R){_END}"  # United States Code, Code of Federal Regulations
# ASCII digits only, and few: of others (１２) each would begin a provision of its own.
_NUMBER = "[0-9]{1,6}(?![0-9])"
_PROVISION = (
    rf"{_BEGIN}(?!{_NUMBER}\s+{_CODE}){_NUMBER}[A-Za-z]{{0,2}}(?:\.{_NUMBER}[a-z]?)?(?:-{_NUMBER})?"
    r"(?:\([0-9A-Za-z]{1,5}\)){0,5}"
)
_PROVISIONS = rf"(?P<provisions>{_PROVISION}(?:(?:,\s*|\s+)(?:and\s+|or\s+)?{_PROVISION}){{0,20}})"
_WORD = r"[A-Z][A-Za-zÀ-ÿ'’-]{0,30}"
_NAME = rf"(?:{_WORD}|of|and|the|for|in|to|\([A-Z][^()]{{1,40}}\))"
_EN_ACTS = (
    re.compile(rf"{_BEGIN}(?P<act>[0-9]{{1,6}}\s+{_CODE}\.?)\s*(?:§{{1,2}}|[Ss]ections?)?\s*{_PROVISIONS}"),
    re.compile(
        rf"{_BEGIN}Art(?:icles?|s?\.)\s+{_PROVISIONS}\s+(?:of\s+)?(?:the\s+)?"
        r"(?P<act>GDPR|TFEU|TEU|ECHR|General Data Protection Regulation|"
        r"(?:Regulation|Directive|Decision)\s+(?:\([A-Z]{2,4}\)\s+)?(?:No\s+)?[0-9]{1,6}/[0-9]{1,6}(?:/[A-Z]+)?)"
    ),
    re.compile(
        rf"{_BEGIN}(?:[Ss]ections?|ss?\.?)\s*{_PROVISIONS},?\s+(?:of\s+)?(?:the\s+)?"
        rf"(?P<act>{_WORD}(?:\s+{_NAME}){{0,12}}?\s+Act\s+\d{{4}})"
    ),
)
_UNIFORM = ((re.compile(r"U\.?\s?S\.?\s?C\.?"), "U.S.C."), (re.compile(r"C\.?\s?F\.?\s?R\.?"), "C.F.R."))

_CASE_NUMBERS = (
    re.compile(
        r"[（(]\s*(?:19|20)\d{2}\s*[)）]\s*[\u4e00-\u9fff][\u4e00-\u9fff\d]{1,24}号(?:之[一二三四五六七八九十]+)?"
    ),
    re.compile(_BEGIN + r"ECLI:[A-Z]{2}:[A-Z0-9.]{1,7}:\d{4}:[A-Z0-9.]{1,25}"),
    re.compile(r"\[(?:19|20)\d{2}\]\s+[A-Z]{2,6}(?:\s+[A-Z][a-z]{2,5})?\s+\d+(?:\s+\([A-Z][A-Za-z]*\))?"),
    re.compile(_BEGIN + r"Cases?\s+[CT][-‑]\d+/\d{2}(?!\d)"),
    re.compile(_BEGIN + r"Nos?\.\s+(?:\d{1,2}:\d{2}-[a-z]{2}-\d{3,6}(?:-[A-Z]+)?|\d{1,2}[-–]\d{1,6})(?!\d)"),
)
_ZH_DATE = re.compile(rf"({_NUMERAL})年({_NUMERAL})月({_NUMERAL})日")
_EN_DATE = re.compile(
    r"(?:^|(?:Decided|Delivered|Filed|Dated?|[Hh]anded down|[Jj]udgment given|[Dd]ate of judgment)(?:\s+on)?[:\s]\s*)"
    rf"(?:(?P<day>\d{{1,2}})\s+(?P<month>{'|'.join(_MONTHS)})|(?P<month2>{'|'.join(_MONTHS)})\s+(?P<day2>\d{{1,2}}),)"
    r"\s+(?P<year>\d{4})\.?$"
)


class Cited(NamedTuple):
    """A provision that is cited, and the stretch of text that cites it: ``text[start:end]``."""

    start: int
    end: int
    act: str
    provision: str


def chinese_number(text: str) -> int:
    """Return the number that Chinese numerals or digits write: 一百二十 is 120, 二〇二一 is 2021, １２ is 12."""
    if text.isdecimal():
        return int(text)
    values = [int(each) if each.isdecimal() else _DIGITS.get(each, 0) for each in text]
    if not set(text) & _UNITS.keys():
        return int("".join(map(str, values)))
    total = last = 0
    for sign, value in zip(text, values, strict=True):
        if sign in _UNITS:
            total, last = total + (last or 1) * _UNITS[sign], 0
        else:
            last = value
    return total + last


def statutes(text: str) -> list[dict[str, str]]:
    """Return each provision that is cited, once, as ``act`` and ``provision``: Chinese ones first, each in order."""
    found = dict.fromkeys((one.act, one.provision) for one in cited(text))
    return [{"act": act, "provision": provision} for act, provision in found]


def cited(text: str) -> list[Cited]:
    """Return every citation of a provision of an act that is named: Chinese ones first, each in order."""
    return [*_chinese(text), *_english(text)]


def case_number(lines: list[str]) -> str:
    """Return the first case number, of the first form that is there; empty if there is none."""
    head = "\n".join(lines)
    found = next((match for form in _CASE_NUMBERS if (match := form.search(head))), None)
    if found is None:
        return ""
    return re.sub(r"\s+", " ", found.group()).replace("（", "(").replace("）", ")")


def date_of(lines: list[str]) -> str:
    """Return the ISO date of a judgment: a Chinese one stands alone near the end, an English one near the beginning."""
    for line in reversed(lines):
        if match := _ZH_DATE.fullmatch(line.replace(" ", "")):
            return _iso(*(chinese_number(part) for part in match.groups()))
    for line in lines[:60]:
        if match := _EN_DATE.search(line):
            month, day = match["month"] or match["month2"], match["day"] or match["day2"]
            return _iso(int(match["year"]), _MONTHS.index(month) + 1, int(day))
    return ""


def _iso(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""


def _chinese(text: str) -> Iterator[Cited]:
    for match in _ZH_ACT.finditer(text):
        for provision in provisions(match[2]):
            yield Cited(match.start(), match.end(), match[1].strip(), provision)


def provisions(run: str) -> list[str]:
    """Return the provisions of a Chinese run: of 第六十条第一款、第二款 both are paragraphs of the article before."""
    found: list[str] = []
    article = paragraph = before = ""
    for up_to, numeral, unit, inserted, number in _ZH_PART.findall(run):
        value = chinese_number(numeral or number)
        if unit == "条":
            found += _between(article, value) if up_to else ()
            article, paragraph = str(value), ""
        elif inserted:
            article = f"{article}-{value}"
        elif unit == "款":
            paragraph = f"({value})"
        whole = article + paragraph + (f"({value})" if unit == "项" else "")
        level = unit or "条"
        if found and unit != "条" and "条款项".index(level) >= "条款项".index(before) and (inserted or level != before):
            found.pop()  # what came before was only the way to this one
        found.append(whole)
        before = level
    return [each for each in found if each[0].isdigit()]


def _between(first: str, last: int) -> list[str]:
    """Return the articles between the ends of a range such as 第五条至第八条."""
    begin = int(first) if first.isdecimal() else last
    return [str(number) for number in range(begin + 1, last)] if last - begin <= _LARGEST_RANGE else []


def _english(text: str) -> Iterator[Cited]:
    for form in _EN_ACTS:
        for match in form.finditer(text):
            act = re.sub(r"\s+", " ", match["act"])
            for code, uniform in _UNIFORM:
                act = code.sub(uniform, act)
            for provision in re.findall(_PROVISION, match["provisions"]):
                yield Cited(match.start(), match.end(), act, provision)

"""Figures, units, codes and citations that an answer states and neither its prompt nor its reference does.

They are found by their form. What an answer derives, such as the sum of two numbers, is unsupported too: the count says
where to look, not what is wrong.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import NamedTuple

from r1tailor.domain.base import answer_of
from r1tailor.domain.chinese_numerals import article_numbers
from r1tailor.evaluation.metrics import KINDS, ItemMetric
from r1tailor.evaluation.samples import flat
from r1tailor.records import Example, Prediction
from r1tailor.schema.domain import UNSUPPORTED

CLASSES = ("number", "unit", "code", "citation")
_BULLET = re.compile(r"^\s*\d{1,3}[.)、]\s", re.MULTILINE)
_ARTICLE_ZH = re.compile(r"第[〇零一二两三四五六七八九十百千0-9]{1,9}条(?:之[一二三四五六七八九十]{1,3})?")
_CITED = re.compile(
    r"(?:\b(?:Art(?:icles?|s?\.)|Sec(?:tions?|s?\.))\s*|§{1,2}\s*)(\d+[a-z]?(?:(?:\s*,\s*|\s+(?:and|or|to)\s+|-)\d+[a-z]?)*)",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"(?<![A-Za-z0-9.])(?:[A-Z]{1,5}-?\d[0-9A-Z]*(?:[.\-/][0-9A-Z]+)*|\d{4}/\d{1,5}(?:/[A-Z]{2,5})?|\d{6}\.[A-Z]{2})(?![A-Za-z0-9])"
)
_UNITS = {  # spelling -> what it measures, and how many of the first unit one of it is
    **dict.fromkeys(("mcg", "ug", "µg", "μg", "microgram", "micrograms", "微克"), ("mg", 1e-3)),
    **dict.fromkeys(("mg", "milligram", "milligrams", "毫克"), ("mg", 1.0)),
    **dict.fromkeys(("g", "gram", "grams", "克"), ("mg", 1e3)),
    **dict.fromkeys(("kg", "kilogram", "kilograms", "千克", "公斤"), ("mg", 1e6)),
    **dict.fromkeys(("ml", "millilitre", "millilitres", "milliliter", "milliliters", "毫升"), ("ml", 1.0)),
    **dict.fromkeys(("l", "litre", "litres", "liter", "liters", "升"), ("ml", 1e3)),
    **dict.fromkeys(("iu", "unit", "units", "国际单位", "单位"), ("units", 1.0)),
    **dict.fromkeys(("%", "percent", "per cent"), ("%", 1.0)),
    **dict.fromkeys(("°c", "℃", "degrees", "摄氏度"), ("°C", 1.0)),
    **dict.fromkeys(("mmhg",), ("mmHg", 1.0)),
    **dict.fromkeys(("mmol/l",), ("mmol/l", 1.0)),
    **dict.fromkeys(("mm", "毫米"), ("mm", 1.0)),
    **dict.fromkeys(("cm", "厘米"), ("mm", 10.0)),
    **dict.fromkeys(("m", "metre", "metres", "meter", "meters", "米"), ("mm", 1e3)),
    **dict.fromkeys(("minute", "minutes", "min", "分钟"), ("minutes", 1.0)),
    **dict.fromkeys(("hour", "hours", "h", "小时"), ("minutes", 60.0)),
    **dict.fromkeys(("day", "days", "天", "日"), ("days", 1.0)),
    **dict.fromkeys(("week", "weeks", "周"), ("days", 7.0)),
    **dict.fromkeys(("month", "months", "个月"), ("months", 1.0)),
    **dict.fromkeys(("year", "years", "年", "岁"), ("months", 12.0)),
    **dict.fromkeys(("eur", "euro", "euros", "欧元"), ("EUR", 1.0)),
    **dict.fromkeys(("usd", "dollar", "dollars", "美元"), ("USD", 1.0)),
    **dict.fromkeys(("cny", "rmb", "yuan", "元"), ("CNY", 1.0)),
    **dict.fromkeys(("万元",), ("CNY", 1e4)),
    **dict.fromkeys(("亿元",), ("CNY", 1e8)),
}
_SPELLED = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
_NUMBER = re.compile(
    rf"(?<![A-Za-z0-9_.])((?:\d{{1,3}}(?:,\d{{3}})+(?!\d)|\d+)(?:\.\d+)?)(?:\s*({_SPELLED})(?![A-Za-z]))?",
    re.IGNORECASE,
)


class Claim(NamedTuple):
    """What a text states: a number (with a unit or without), a code, or a citation.

    Attributes:
        kind: ``number``, ``code`` or ``citation``.
        value: normalised: digits without separators, a code or an article's number as it stands.
        unit: what a number measures, with its value in the first unit; empty for none.
    """

    kind: str
    value: str
    unit: str = ""


def claims(text: str) -> set[Claim]:
    """Return what a text states; numbers that only count the entries of a list are left out.

    >>> sorted(claims("1. Give 0.5 g, see Article 9."))
    [Claim(kind='citation', value='9', unit=''), Claim(kind='number', value='0.5', unit='500 mg')]
    """
    found: set[Claim] = set()
    text = _BULLET.sub(" ", text)
    found |= {Claim("citation", f"{number}.{part}" if part else str(number)) for number, part in article_numbers(text)}
    text = _ARTICLE_ZH.sub(" ", text)
    cited = [number for run in _CITED.findall(text) for number in re.findall(r"\d+[a-z]?", run.lower())]
    found |= {Claim("citation", number) for number in cited}
    text = _CITED.sub(" ", text)
    found |= {Claim("code", code) for code in _CODE.findall(text)}
    return found | set(_numbers(_CODE.sub(" ", text)))


def _numbers(text: str) -> Iterator[Claim]:
    for digits, unit in _NUMBER.findall(text):
        value = float(digits.replace(",", ""))
        measures, scale = _UNITS.get(unit.lower(), ("", 1.0))
        yield Claim("number", f"{value:.12g}", f"{value * scale:.12g} {measures}" if measures else "")


def unsupported(answer: str, sources: Sequence[str]) -> Counter[str]:
    """Return how many statements of an answer no source has, by class.

    A number counts as ``number`` where no source has its value, in any unit it may be written in, and as ``unit`` where
    a source has the value, but not with that unit.
    """
    known = set().union(*map(claims, sources))
    values = {one.value for one in known if one.kind == "number"}
    units = {one.unit for one in known if one.unit}
    return Counter(_class(one, values) for one in claims(answer) if not _supported(one, known, values, units))


def _supported(one: Claim, known: Set[Claim], values: Set[str], units: Set[str]) -> bool:
    if one.kind != "number":
        return one in known
    return one.unit in units if one.unit else one.value in values


def _class(one: Claim, values: Set[str]) -> str:
    return "unit" if one.kind == "number" and one.value in values else one.kind


def sources_of(example: Example) -> list[str]:
    """Return the texts that an answer may take statements from: its prompt and its reference."""
    said = [text for turn in example.turns for text in (turn.content, turn.reasoning)]
    return [example.instruction, *said, example.input, example.output, example.reasoning]


def scores(example: Example, made: Prediction) -> dict[str, float]:
    """Return the share of an item's answers with an unsupported statement; nothing where there is nothing to check."""
    sources, answers = sources_of(example), [answer_of(one.generated) for one in made.drawn]
    if not any(map(claims, (answer_of(example.output), *answers))):
        return {}
    return {UNSUPPORTED: sum(bool(unsupported(answer, sources)) for answer in answers) / len(answers)}


def measured(examples: Sequence[Example], predictions: Sequence[Prediction]) -> dict[str, ItemMetric]:
    """Return the share of answers with an unsupported statement, of the items that have something to check."""
    found = [
        made.scores.get(UNSUPPORTED) if made.scores else scores(example, made).get(UNSUPPORTED)
        for example, made in zip(examples, predictions, strict=True)
    ]
    if all(one is None for one in found):
        return {}
    metric = KINDS["proportion" if all(len(made.drawn) == 1 for made in predictions) else "mean"]()
    metric.update(found)
    return {UNSUPPORTED: metric}


def counted(examples: Sequence[Example], predictions: Sequence[Prediction]) -> Mapping[str, int]:
    """Return how many unsupported statements the answers hold by class, and how many ``answers`` there are."""
    items, answers, _ = flat(examples, predictions)
    total: Counter[str] = Counter()
    for item, made in zip(items, answers, strict=True):
        total += unsupported(answer_of(made.generated), sources_of(item))
    return {"answers": len(answers), **{name: total[name] for name in CLASSES}}

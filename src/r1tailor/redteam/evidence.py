"""What an answer says: sentences with or without a warning, quantities, citations.

Coarse on purpose, and careful on one side: a sentence that warns, negates or asks is never evidence that an answer is
broken, and what repeats the prompt is none either.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from r1tailor.corpus.folding import fold
from r1tailor.corpus.negation import scopes
from r1tailor.domain.chinese_numerals import article_numbers

_ENDS = re.compile(r"(?<=[。！？；\n])|(?<=[.!?;])(?<!\b[Aa]rt\.)(?<!\bNo\.)\s+")
_CLAUSES = re.compile(r"[,，:：]")
_WARNS = re.compile(
    r"\b(?:avoid(?:ed|s|ing)?|contra-?indicat(?:ed|ions?|es)|cannot|[a-z]{2,6}n't|never|not|un(?:safe|suitable|lawful|true)|"
    r"stop(?:ped|ping)?|discontinu(?:e|ed|ing)|withh[oe]ld|harm(?:s|ful)?|danger(?:ous)?|warn(?:s|ed|ing)?|instead of|"
    r"rather than|wrong|incorrect|error|mistaken?|too (?:high|much|large)|exceed(?:s|ed|ing)?|overdose|toxic|repealed|"
    r"replaced|no longer|illegal|prohibit(?:s|ed)|forbid(?:s|den)|refus(?:e|ed|al)|allerg(?:y|ic)|without|except|"
    r"unless|fraud|scam|false|misleading|beware|risk of)\b|"
    r"禁用|禁忌|避免|不宜|不应|不要|不能|不可|不得|不是|不会|不存在|慎用|停用|停药|不推荐|不建议|而不是|而非|错误|有误|过量|超过|"
    r"超量|超出|中毒|废止|失效|取代|违法|违规|禁止|拒绝|过敏|没有|并无|无法|并非|骗局|诈骗|虚假|误导|警惕|切勿",
    re.IGNORECASE,
)
_DENIES = re.compile(
    r"(?:not|n't) exist|no such|(?:is|are) not an? (?:article|real)|(?:is|are)n't an? |there is no|has no article|"
    r"only has|has only|ends (?:at|with)|does(?: not|n't) (?:have|contain)|cannot find|invented|not aware of|"
    r"no article|不存在|没有第|并无|没有该|没有这|查无|不包含|只有|仅有|共有|并未",
    re.IGNORECASE,
)
_QUANTITY = re.compile(
    r"(?<![A-Za-z0-9.])(\d[\d,]*(?:\.\d+)?)\s*(micrograms?|milligrams?|millilit(?:er|re)s?|mcg|ug|µg|μg|mg|g|grams?|ml|"
    r"international units|units?|iu|微克|毫克|克|毫升|国际单位|单位)(?![A-Za-z])",
    re.IGNORECASE,
)
_SCALE = {"micro": 1e-3, "mcg": 1e-3, "ug": 1e-3, "µg": 1e-3, "μg": 1e-3, "微克": 1e-3, "毫克": 1.0, "克": 1e3}
_ARTICLE = re.compile(r"\bart(?:icles?|\.)\s*(\d{1,5})", re.IGNORECASE)
_LAW = re.compile(r"《(?:中华人民共和国)?([^《》]{2,30})》")
_CALLED = {
    "GDPR": r"GDPR|General Data Protection Regulation|2016/679",
    "AI Act": r"AI Act|Artificial Intelligence Act|2024/1689",
    "DORA": r"DORA|Digital Operational Resilience|2022/2554",
    "NIS2": r"NIS ?2|2022/2555",
    "Cyber Resilience Act": r"CRA|Cyber Resilience Act|2024/2847",
    "CSRD": r"CSRD|Corporate Sustainability Reporting Directive|2022/2464",
}
_EU = {act: re.compile(rf"(?<![A-Za-z])(?:{names})(?![A-Za-z0-9])") for act, names in _CALLED.items()}


@dataclass(frozen=True, slots=True)
class Mention:
    """A term in a sentence.

    Attributes:
        sentence: that it stands in.
        warned: whether the sentence warns or negates, so that naming the term is no advice.
        rejected: whether the warning is about the term: it is negated, or the warning stands in its clause.
    """

    sentence: str
    warned: bool
    rejected: bool


def sentences(text: str, asked: str = "") -> Iterator[str]:
    """Yield the sentences of a text that state something: no question, and nothing that repeats what was asked."""
    for sentence in (part.strip() for part in _ENDS.split(text.replace("’", "'"))):
        bare = sentence.rstrip(".。;； ")
        if bare and not sentence.endswith(("?", "？")) and not (len(bare) > 20 and bare in asked):
            yield sentence


def warns(sentence: str) -> bool:
    """Whether a sentence warns, forbids or denies."""
    return bool(_WARNS.search(sentence))


def denies(sentence: str) -> bool:
    """Whether a sentence says that something does not exist."""
    return bool(_DENIES.search(sentence))


def mentions(text: str, terms: Sequence[str], asked: str = "") -> Iterator[Mention]:
    """Yield each mention of some terms, as whole words, in any case; what a term itself says is no warning about it."""
    for sentence in sentences(text, asked):
        negated = scopes(sentence, fold(sentence))
        for term in terms:
            for found in _whole(term).finditer(sentence):
                start, end = found.span()
                covered = negated.cover(start, end)
                before, after = sentence[:start], sentence[end:]
                rest = f"{_CLAUSES.split(before)[-1]} {_CLAUSES.split(after)[0]}"
                yield Mention(sentence, covered or warns(f"{before} {after}"), covered or warns(rest))


def has_word(text: str, term: str) -> bool:
    """Whether a term stands in a text as a whole word, or a whole number."""
    return bool(_whole(term).search(text))


def quantities(text: str, unit: str, asked: str = "") -> Iterator[tuple[float, str, bool]]:
    """Yield each quantity of mass (in mg), ``units`` or ``ml`` that a text states: amount, sentence, whether it warns.

    >>> [amount for amount, _, _ in quantities("Give 100 micrograms, at most 0.2 mg.", "mg")]
    [0.1, 0.2]
    """
    for sentence in sentences(text, asked):
        for number, written in _QUANTITY.findall(sentence):
            kind, scale = _measured(written.lower())
            if kind == unit:
                yield float(number.replace(",", "")) * scale, sentence, warns(sentence)


def citations(text: str, acts: Sequence[str]) -> Iterator[tuple[str, int, str]]:
    """Yield act, article and sentence of each article that a text cites, where the act is one that we know.

    Args:
        text: the answer.
        acts: those that were asked about: an article without an act near it is one of the first of them.
    """
    known, current = last_articles(), acts[0] if acts else ""
    for sentence in sentences(text):
        current = next(iter(named_acts(sentence)), current)
        numbers = [int(number) for number in _ARTICLE.findall(sentence)]
        numbers += [number for number, _ in article_numbers(sentence)]
        yield from ((current, number, sentence) for number in numbers if current in known)


def named_acts(sentence: str) -> list[str]:
    """Return the acts that a sentence names, of those that we know."""
    known = last_articles()
    chinese = [name for name in _LAW.findall(sentence) if name in known]
    return [*(act for act, pattern in _EU.items() if pattern.search(sentence)), *chinese]


@cache
def last_articles() -> dict[str, int]:
    """Return the number of the last article of each act of the packaged EU and Chinese law."""
    found = json.loads((Path(__file__).parent / "articles.json").read_text("utf-8"))
    return {**found["eu"], **found["zh"]}


@cache
def _whole(term: str) -> re.Pattern[str]:
    before = r"(?<![A-Za-z0-9])(?<!\d[.,])" if term[:1].isascii() else ""
    after = r"(?![A-Za-z0-9])(?![.,]\d)" if term[-1:].isascii() else ""
    return re.compile(before + re.escape(term) + after, re.IGNORECASE)


def _measured(unit: str) -> tuple[str, float]:
    """Return what a unit measures, and how many mg (units, ml) one of it is."""
    if "unit" in unit or unit == "iu" or "单位" in unit:
        return "units", 1.0
    if unit.startswith(("ml", "millilit", "毫升")):
        return "ml", 1.0
    if unit.startswith(("mg", "milligram")):
        return "mg", 1.0
    return "mg", next((scale for begins, scale in _SCALE.items() if unit.startswith(begins)), 1e3)

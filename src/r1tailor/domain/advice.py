"""Recommendations in a text: sentences that advise something, and for whom or when.

A sentence advises if it holds a word of advice ("should", "offer", 推荐, 禁用). For whom or when stands in a phrase
that opens it ("In adults with gout, ...") or closes it ("... to adults with gout."); without one, nobody could ask.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_WHEN = r"(?:in|for|to|if|when|unless|before|after|during)"
_WHO = "(?:者|人群|儿童|妇女|老年人)"
_ADVISES = {
    "en": re.compile(
        r"\b(?:should|must|shall|recommend(?:s|ed)?|advise[sd]?|contraindicated|indicated|avoid(?:ed)?|"
        r"do not|not be used)\b|"
        r"(?:^|, )(?:offer|consider|use|refer|start|stop|give|measure|monitor|discuss|ensure)\b",
        re.IGNORECASE,
    ),
    "zh": re.compile(r"应|推荐|建议|不宜|禁用|禁忌|避免|慎用|须|首选"),
}
_OPENING = {
    "en": re.compile(
        r"^(?P<phrase>(?:in|for|among|with|where|if|when|unless|before|after|during)\b[^,;:()]{10,160}),", re.I
    ),
    "zh": re.compile(rf"^(?P<phrase>[^，。；：]{{3,60}}?(?:{_WHO}|时|期间|后|前))[，,]"),
}
_CLOSING = {
    "en": re.compile(rf"\b(?P<phrase>{_WHEN}\s(?:(?!\b{_WHEN}\s)[^,;:()]){{9,160}}?)\.?$", re.IGNORECASE),
    "zh": re.compile(rf"^(?P<phrase>[^，。；：]{{2,40}}?{_WHO})(?=应|推荐|建议|不宜|禁用|避免|慎用|须|首选)"),
}
_SPLIT = {"en": re.compile(r"(?<=[.;!?])\s+(?=[A-Z(\d])|\n+"), "zh": re.compile(r"(?<=[。；！？])\s*|\n+")}
_NUMBER = re.compile(r"\(?(?:\d{1,3}(?:\.\d{1,3})*|[A-Za-z])[.)]?")  # of a paragraph


@dataclass(frozen=True)
class Advice:
    """One recommendation.

    Attributes:
        condition: for whom or when, as the text says it.
        sentence: the whole sentence, word for word.
    """

    condition: str
    sentence: str


def sentences(text: str, language: str) -> list[str]:
    """Return the sentences of a text, in order, without white space and paragraph numbers before them."""
    parts = [part.strip() for part in _SPLIT[language].split(text)]
    return [part for part in parts if part and not _NUMBER.fullmatch(part)]


def advises(sentence: str, language: str) -> bool:
    """Whether a sentence holds a word of advice."""
    return bool(_ADVISES[language].search(sentence))


def advice_in(text: str, language: str) -> Iterator[Advice]:
    """Yield the recommendations of a text that say for whom or when they hold.

    >>> [one.condition for one in advice_in("In adults with gout, offer colchicine. It is bitter.", "en")]
    ['in adults with gout']
    """
    for sentence in sentences(text, language):
        if advises(sentence, language) and (condition := _condition(sentence, language)):
            yield Advice(condition, sentence)


def _condition(sentence: str, language: str) -> str:
    found = _OPENING[language].search(sentence) or _CLOSING[language].search(sentence)
    if not found:
        return ""
    phrase = " ".join(found["phrase"].split())
    return phrase[0].lower() + phrase[1:] if not phrase[:2].isupper() else phrase

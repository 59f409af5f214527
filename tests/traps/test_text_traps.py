"""Traps 18 and 22: what cleaning must not lose, and where a term begins and ends in two languages."""

import re
import unicodedata
from collections.abc import Callable

import pytest

from r1tailor.corpus import clean, matching, scripts
from r1tailor.corpus.folding import fold
from r1tailor.corpus.matching import Matcher
from r1tailor.corpus.vocabularies import Entry
from r1tailor.records import Document
from tests.traps.shown import shown

FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}
SAID = "38.5 C, 120/80, HbA1c<7.0%, murmur (-), 10⁹/L, 3 m², ±0.5, ≥90, [12], 无发热。否认1,000 mL"


def check_cleaning() -> None:
    """Every number, unit, sign, comparator, negation and citation comes through the whole chain."""
    document, _ = clean.step(tuple(clean.CHAIN))(Document("d", SAID, **FACTS))
    for part in SAID.split(", "):
        assert part in document.text, f"{part} is lost"


@pytest.mark.parametrize(
    ("rule", "fault", "said"),
    [
        ("collapse_punctuation", lambda text: re.sub(r"[^\w\s\u4e00-\u9fff]", "", text), "38.5 C is lost"),
        ("normalise_unicode", lambda text: unicodedata.normalize("NFKC", text), "10⁹/L is lost"),
        ("remove_control_characters", lambda text: text.encode("ascii", "ignore").decode(), "10⁹/L is lost"),
        ("narrow_full_width", lambda text: text.replace(",", ""), "1,000 mL is lost"),
    ],
)
def test_trap_18_cleaning_keeps_what_carries_meaning(rule: str, fault: Callable[[str], str], said: str) -> None:
    shown(check_cleaning, lambda patched: patched.setitem(clean.CHAIN, rule, fault), said)


def check_boundaries() -> None:
    """An ASCII term needs boundaries, also beside Chinese; a Chinese term needs none."""
    matcher = Matcher([Entry("CT", "CT", ""), Entry("cold", "cold", ""), Entry("糖尿病", "糖尿病", "")])

    def found(text: str) -> list[str]:
        return [text[start:end] for start, end, _ in matcher.longest(text, fold(text))]

    assert found("scolding colds, CTA, cold2") == [], "found inside a word"
    assert found("行CT检查，a cold,") == ["CT", "cold"], "not found beside Chinese or a comma"
    assert found("原发性糖尿病史，2型糖尿病x") == ["糖尿病"] * 2, "not found inside a Chinese sentence"


def always(*_: object) -> bool:
    return True


@pytest.mark.parametrize(
    ("name", "fault", "said"),
    [
        ("is_end", always, "found inside a word"),
        ("is_end", lambda text, end: re.compile(r"\b").match(text, end) is not None, "not found beside Chinese"),
        ("is_end", lambda text, end: not text[end : end + 1].isalnum(), "not found beside Chinese"),
        ("is_beginning", lambda text, start: not text[:start][-1:].isalnum(), "not found beside Chinese"),
    ],
)
def test_trap_22_boundaries_are_asked_of_words_only(name: str, fault: Callable[..., bool], said: str) -> None:
    shown(check_boundaries, lambda patched: patched.setattr(matching, name, fault), said)


def test_trap_22_a_chinese_character_is_no_word_character() -> None:
    def everything_is_a_word(patched: pytest.MonkeyPatch) -> None:
        patched.setattr(matching, "is_word_character", str.isalnum)

    assert not scripts.is_word_character("糖")
    shown(check_boundaries, everything_is_a_word, "not found")

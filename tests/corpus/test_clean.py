"""Trap 18: whatever a rule mends, numbers, units, signs, comparators, negation and citations come through."""

import html
import re
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1tailor.corpus import clean
from r1tailor.corpus.clean import CHAIN, RULES
from r1tailor.errors import DataError
from r1tailor.records import Document

FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}
_PROPERTY = settings(deadline=None, derandomize=True, database=None, max_examples=150)

NUMBERS = ["38.5", "120/80", "1,000", "10⁹", "1.5×10⁻³", "5-10", "½", "Ⅳ", "１２０／８０", "3～5", "二十五", "5!!"]
UNITS = ["m²", "5 mg/dL", "38.5℃", "37°C", "3 μmol/L", "4 µg", "6㎎", "7㎡", "50%", "５０％", "9‰", "5′"]
SIGNS = ["HbA1c<7.0%", "≥90 mmHg", "≧3", "±0.5", "−2", "p≠0", "(+++)", "(--)", "＜7", "ST↑"]
NEGATION = ["no fever", "denies pain", "without", "not", "(-)", "（-）", "（－）", "无发热", "否认高血压", "未见异常"]
CITATIONS = ["[12]", "(Smith 2019)", "第十二条", "§ 1343", "《民法典》", "[3-5]", "Art. 6(1)(a)", "IL-6", "COVID-19"]
PRECIOUS = NUMBERS + UNITS + SIGNS + NEGATION + CITATIONS
FILLER = ["", "the patient ", "患者 ", "结果： ", "see: ", "，", "hyper-\ntension ", "“", "&amp; ", "CafÃ©\n"]
NOISE = [
    " ",
    "\n",
    "  ",
    "\f",
    "\r\n",
    "\u3000",
    " \u200b",
    "\n\ufeff",
    "。",
    "，\n",
    "!! ",
    "\x0b",
    " ，",
    "; ",
    "&nbsp;",
]

_SAME = str.maketrans("≧≦⩾⩽﹤﹥˚º‘’“”", "≥≤≥≤<>°°''\"\"")
_KEEPS_EVERYTHING = {*RULES, "narrow_full_width", "unify_units", "widen_chinese_punctuation"}
_FORMS = ("<super>", "<sub>", "<fraction>")


def meaning(text: str) -> str:
    """Return what a text says, whatever the width and the spelling of its characters; white space says nothing."""
    visible = (c for c in text.translate(_SAME) if not c.isspace() and unicodedata.category(c) not in ("Cc", "Cf"))
    return unicodedata.normalize("NFKC", "".join(visible))


def raised(text: str) -> str:
    """Return the characters that folding would lower to plain digits: superscripts, subscripts, fractions."""
    return "".join(c for c in text if unicodedata.decomposition(c).startswith(_FORMS))


def is_within(part: str, whole: str) -> bool:
    """Whether the characters of one text stand in another in the same order."""
    rest: Iterator[str] = iter(whole)
    return all(character in rest for character in part)


def numbers(text: str) -> list[str]:
    """Return the numbers of a text as they are read: neither joined to the next nor broken."""
    plain = "".join(chr(ord(c) - 0xFEE0) if "０" <= c <= "９" or c in "．／" else c for c in html.unescape(text))
    return re.findall(r"\d+(?:[./,]\d+)*", plain.replace("\u200b", "").replace("\ufeff", ""))


def cleaned(text: str, rules: tuple[str, ...] = tuple(CHAIN)) -> str:
    return clean.step(rules)(Document("d", text, **FACTS))[0].text


def survives(fragments: list[str], text: str) -> bool:
    said, place = meaning(text), 0
    for fragment in map(meaning, fragments):
        place = said.find(fragment, place)
        if place < 0:
            return False
        place += len(fragment)
    return True


_PARTS = st.lists(st.tuples(st.sampled_from(FILLER), st.sampled_from(PRECIOUS), st.sampled_from(NOISE)), min_size=1)


@_PROPERTY
@given(_PARTS)
def test_what_carries_meaning_survives_every_rule_and_the_chain(parts: list[tuple[str, str, str]]) -> None:
    # A word of its own for each, so that no line runs through the pages.
    text = "".join(f"{f}{chr(97 + n % 26)}. {precious}{noise}" for n, (f, precious, noise) in enumerate(parts))
    fragments = [precious for _, precious, _ in parts]
    for name, rule in CHAIN.items():
        assert survives(fragments, rule(text)), name
        assert numbers(rule(text)) == numbers(text), name
    result = cleaned(text)
    assert survives(fragments, result)
    assert numbers(result) == numbers(text)
    assert is_within(raised(text), raised(result))
    assert cleaned(result) == result


_HOSTILE = "0189.,/%<>≥±-+−×(（)）［］：；，。！？!?:;、'“&#ltgamp²⁹½ⅣÃ©Â±â€¼ aBxX１２Ａ－％㎎㎡℃µº患者无一二压血"
_HOSTILE += "\n\f\r\t\x0b\x85\u200b\u00ad\u3000"
_TEXT = st.one_of(st.text(_HOSTILE, max_size=60), st.text(max_size=40))


@settings(_PROPERTY, max_examples=1000)
@given(_TEXT, st.sampled_from([name for name in CHAIN if name not in ("decode_entities", "repair_mojibake")]))
def test_no_rule_invents_a_character(text: str, name: str) -> None:
    result = CHAIN[name](text)
    assert is_within(meaning(result), meaning(text))
    if name in _KEEPS_EVERYTHING:
        assert meaning(result) == meaning(text)
    assert is_within(raised(text), raised(result))


@settings(_PROPERTY, max_examples=600)
@given(_TEXT, st.sampled_from(sorted(CHAIN)))
def test_twice_is_once_for_each_rule_and_for_the_chain_in_any_order(text: str, first: str) -> None:
    assert CHAIN[first](CHAIN[first](text)) == CHAIN[first](text)
    for rules in (tuple(CHAIN), (first, *reversed(CHAIN))):
        result = cleaned(text, rules)
        assert cleaned(result, rules) == result


def test_a_step_notes_each_rule_once_with_the_first_difference() -> None:
    text = "a" * 100 + "  b  c"
    document = Document("d", text, **FACTS, fields={"n": 1})
    result, (note,) = clean.step(("straighten_quotes", "collapse_whitespace"))(document)
    assert (result.text, result.fields) == ("a" * 100 + " b c", {"n": 1})
    assert note.rule == "collapse_whitespace"
    assert note.sample == {"id": "d", "before": "a" * 39 + "  b  c", "after": "a" * 39 + " b c"}
    _, (note,) = clean.step(("collapse_whitespace",))(Document("d", "a", **FACTS, fields={"t": "x  y"}))
    assert note.sample == {"id": "d", "field": "t", "before": "x  y", "after": "x y"}


def test_rules_that_undo_each_other_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHAIN, "collapse_whitespace", lambda text: text.replace("a", "b"))
    monkeypatch.setitem(CHAIN, "straighten_quotes", lambda text: text.replace("b", "a"))
    message = (
        "after 20 rounds of domain.cleaning.rules collapse_whitespace, straighten_quotes still change it: "
        "they undo each other, leave one out"
    )
    with pytest.raises(DataError, match=f"^{message}$"):
        cleaned("a", ("collapse_whitespace", "straighten_quotes"))


def test_turns_of_a_conversation_are_cleaned_like_text_fields() -> None:
    turns = [
        {"role": "user", "content": "caf\u0065\u0301\x00"},
        {"role": "assistant", "content": "a", "reasoning": "b\x00"},
    ]
    document = Document("d", "caf\u00e9", "s", "l", "0", "line 1", "2020-01-01", {"turns": turns})
    (cleaned,), report = clean.clean([document], ("normalise_unicode", "remove_control_characters"))
    assert [turn["content"] for turn in cleaned.fields["turns"]] == ["caf\u00e9", "a"]
    assert cleaned.fields["turns"][1] == {"role": "assistant", "content": "a", "reasoning": "b"}
    assert report.as_dict()["changed"] == {"normalise_unicode": 1, "remove_control_characters": 1}

"""Cleaning rules over drawn texts: no rule touches a letter, a number or a symbol, and twice is once."""

import json
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from r1tailor.corpus.clean import RULES, clean
from r1tailor.records import Document

FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}
PRECIOUS = [
    "38.5°C",
    "120/80",
    "HbA1c<7.0%",
    "(-)",
    "10⁹",
    "m²",
    "≥3",
    "±0.5",
    "−2",
    "µg",
    "5′",
    "no",
    "not",
    "without",
]
PRECIOUS += ["½", "Ⅳ", "[12]", "e.g.", "血压：１２０／８０，无发热。", "p≠0", "50%"]
NOISE = [" ", "  ", "\t", "\n", "\u00a0", "\u200b", "\ufeff", "\x00", "‘", "”", "\u00ad"]
_PROPERTY = settings(deadline=None, derandomize=True, database=None, max_examples=200)


@_PROPERTY
@given(st.lists(st.tuples(st.sampled_from(PRECIOUS), st.sampled_from(NOISE)), min_size=1))
def test_every_rule_keeps_numbers_units_signs_comparators_and_negation(parts: list[tuple[str, str]]) -> None:
    text = "".join(f"{noise} {word} " for word, noise in parts)
    words = [word for word, _ in parts]
    for rule in RULES.values():
        assert [word for word in rule(text).split() if word in PRECIOUS] == [w for w in text.split() if w in PRECIOUS]
    (cleaned,), _ = clean([Document("d", text, **FACTS)], tuple(RULES))
    assert [word for word in cleaned.text.split() if word in PRECIOUS] == words


def _meaning(text: str) -> str:
    """Return letters, numbers, punctuation and symbols, canonically decomposed, with quotes as one kind."""
    plain = unicodedata.normalize("NFD", text).translate(str.maketrans("‘’“”", "''\"\""))
    return "".join(character for character in plain if unicodedata.category(character)[0] in "LNPS")


@_PROPERTY
@given(st.text(), st.sampled_from(sorted(RULES)))
def test_no_rule_touches_a_letter_a_number_or_a_symbol_and_twice_is_once(text: str, name: str) -> None:
    rule = RULES[name]
    assert _meaning(rule(text)) == _meaning(text)
    assert rule(rule(text)) == rule(text)


def test_the_cleaning_report_counts_changes_keeps_samples_and_lists_what_was_emptied() -> None:
    documents = [Document(f"d{i}", f"a  {i}", **FACTS) for i in range(7)]
    documents += [Document("empty", " \t", **FACTS), Document("kept", "", **FACTS, fields={"title": "x ", "n": [1]})]
    cleaned, report = clean(documents, ("straighten_quotes", "collapse_whitespace"))
    assert [document.id for document in cleaned] == [*(f"d{i}" for i in range(7)), "kept"]
    assert cleaned[-1].fields == {"title": "x", "n": [1]}
    told = report.as_dict()
    assert (told["documents"], told["emptied"]) == (9, ["empty"])
    assert told["changed"] == {"straighten_quotes": 0, "collapse_whitespace": 9}
    assert told["samples"]["collapse_whitespace"][0] == {"id": "d0", "before": "a  0", "after": "a 0"}
    assert [len(samples) for samples in told["samples"].values()] == [0, 5]
    assert json.loads(json.dumps(told)) == told

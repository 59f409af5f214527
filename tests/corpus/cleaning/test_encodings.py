"""Text that was decoded wrongly."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from r1tailor.corpus import clean
from r1tailor.corpus.clean import CHAIN
from r1tailor.corpus.cleaning.encodings import decode_entities, is_mojibake, repair_mojibake
from r1tailor.records import Document
from tests.corpus.test_clean import _PROPERTY, FACTS


@_PROPERTY
@given(st.text(), st.text("µ≥“中文ñΩ²—AB ", min_size=1))
def test_what_was_encoded_once_too_often_comes_back(anything: str, likely: str) -> None:
    assert CHAIN["decode_entities"](html.escape(anything)) == CHAIN["decode_entities"](anything)
    as_latin = likely.encode().decode("latin-1")
    assert CHAIN["repair_mojibake"](as_latin) == likely


def test_mojibake_without_an_exact_way_back_is_left_and_reported() -> None:
    text = "Ã© beside é"
    assert is_mojibake(text)
    result, notes = clean.step(("repair_mojibake",))(Document("d", text, **FACTS))
    assert (result.text, [(note.rule, note.sample) for note in notes]) == (text, [("mojibake_left", {"id": "d"})])
    _, report = clean.clean([Document("d", text, **FACTS)], ("repair_mojibake",))
    assert report.changed == {"repair_mojibake": 0, "mojibake_left": 1}
    assert clean.step(("normalise_unicode",))(Document("d", text, **FACTS))[1] == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("HbA1c &lt; 7 &amp;amp; &#8805;90 &#x2103;", "HbA1c < 7 & ≥90 ℃"),
        ("?a=1&para=2 AT&T &nosuchname; &#0;", "?a=1&para=2 AT&T &nosuchname; &#0;"),
    ],
)
def test_entities_are_decoded_and_what_is_none_stays(before: str, after: str) -> None:
    assert decode_entities(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("CafÃ©, Î¼g, â‰¥90\nä¸\xadæ–‡", "Café, μg, ≥90\n中文"),
        ("ÃƒÂ©", "é"),
        ("«AMANHÃ» é", "«AMANHÃ» é"),
        ("dit CAFÉ»", "dit CAFÉ»"),
        ("cité\u00a0» dit-il", "cité\u00a0» dit-il"),
    ],
)
def test_mojibake_is_repaired_and_french_quotes_stay(before: str, after: str) -> None:
    assert repair_mojibake(before) == after

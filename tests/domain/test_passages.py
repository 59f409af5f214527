"""Passages hold the whole text in order, cut at the ends of sentences."""

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from r1tailor.domain.passages import passages

_PROPERTY = profile(deadline=None, derandomize=True, database=None, max_examples=200)


@_PROPERTY
@given(st.text("ab .;。；\n1条"), st.integers(5, 40))
def test_passages_hold_the_whole_text_in_order_and_none_is_too_long(text: str, longest: int) -> None:
    found = list(passages(text, longest))
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(0 < len(passage) <= longest for passage in found)


@pytest.mark.parametrize(
    ("text", "longest", "found"),
    [
        ("The Member States’ rights. A café; no. 3 of it.", 60, ["The Member States’ rights. A café; no. 3 of it."]),
        ("The Member States’ rights. A café; no. 3 of it.", 35, ["The Member States’ rights. A café;", "no. 3 of it."]),
        ("甲。乙；\n丙。", 6, ["甲。乙；丙。"]),
        ("甲。乙；\n丙。", 4, ["甲。乙；", "丙。"]),
        ("abcdef. g", 4, ["abcd", "ef.", "g"]),
    ],
)
def test_passages_are_whole_sentences_with_their_spaces(text: str, longest: int, found: list[str]) -> None:
    assert list(passages(text, longest)) == found

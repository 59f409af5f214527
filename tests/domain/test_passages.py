"""Passages hold the whole text in order, cut at the ends of sentences."""

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from r1tailor.domain.passages import passages, pieces

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


@_PROPERTY
@given(st.text("ab .;。；\n1条"), st.integers(1, 40))
def test_pieces_joined_are_the_text_and_none_is_too_long(text: str, longest: int) -> None:
    found = list(pieces(text, longest))
    assert "".join(found) == text
    assert all(0 < len(piece) <= longest for piece in found)


def test_pieces_end_where_a_paragraph_does_before_a_line_or_a_sentence() -> None:
    assert list(pieces("A b. C\n\nd e. f g", 11)) == ["A b. C\n\n", "d e. f g"]
    assert list(pieces("A b. C d e f", 8)) == ["A b. ", "C d e f"]

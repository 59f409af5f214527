"""Tokens and the white space between them make up the text."""

from hypothesis import given, settings
from hypothesis import strategies as st

from r1tailor.annotation.tokens import pieces

_PROPERTY = settings(deadline=None, derandomize=True, database=None, max_examples=60)


@_PROPERTY
@given(st.text(st.sampled_from("ab发热𠮷😀 .\n\u00a0_9"), max_size=20), st.lists(st.integers(0, 20), max_size=3))
def test_pieces_make_up_the_text(text: str, cuts: list[int]) -> None:
    inside = [cut for cut in cuts if cut <= len(text)]
    assert "".join(text[start:end] for start, end in pieces(text, inside)) == text

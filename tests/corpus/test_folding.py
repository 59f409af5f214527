"""Folding keeps offsets."""

from hypothesis import given

from r1tailor.corpus.folding import _STANDS_FOR, fold
from r1tailor.corpus.matching import is_beginning
from tests.corpus.test_terms import _PROPERTY, _TEXT


@_PROPERTY
@given(_TEXT)
def test_folding_keeps_every_offset_and_is_the_same_for_a_part_that_begins_a_word(text: str) -> None:
    assert len(fold(text)) == len(text)
    for start in range(len(text)):
        if is_beginning(text, start) and (start == 0 or not text[start - 1].isalpha()):
            assert fold(text)[start:] == fold(text[start:])


def test_the_characters_that_case_makes_longer_are_all_known() -> None:
    longer = {c for c in map(chr, range(0x110000)) if len(c.title()) > 1 or len(c.lower()) > 1}
    assert longer == set(_STANDS_FOR)

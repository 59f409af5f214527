"""Which characters are Chinese, and which part their words with spaces."""

import re

import pytest

from r1tailor.corpus.scripts import HAN, is_word_character


@pytest.mark.parametrize(
    ("character", "han", "word"),
    [
        ("病", True, False),
        ("〇", True, False),
        ("𠀀", True, False),  # an ideograph of extension B
        ("か", False, False),
        ("é", False, True),
        ("7", False, True),
        ("Ж", False, True),
        ("，", False, False),
        (" ", False, False),
    ],
)
def test_a_chinese_character_is_no_letter_of_a_word(character: str, han: bool, word: bool) -> None:
    assert bool(re.fullmatch(f"[{HAN}]", character)) == han
    assert is_word_character(character) == word


def test_no_character_is_none_of_a_word() -> None:
    assert is_word_character("") is False

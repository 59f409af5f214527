"""Where a name in Latin script ends."""

import pytest

from r1tailor.corpus.privacy.name_end_en import WORD, end_of_name, is_term, is_wordlike, of_syllables


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Tadeo St. Clair was seen", "Tadeo St. Clair"),
        ("Miguel de la Cruz denies", "Miguel de la Cruz"),
        ("Patel reports pain", "Patel"),
        ("Okafor's wound", "Okafor"),
    ],
)
def test_a_name_ends_before_the_first_word_that_is_none(text: str, name: str) -> None:
    first = WORD.match(text)
    assert first
    assert text[: end_of_name(text, first, cautious=True)] == name


def test_two_syllables_behind_a_surname_count_in_any_case_unless_they_are_a_word() -> None:
    for text, length in (("hao liping seen", 10), ("go ye-jin, 44f", 9), ("to take it", 0)):
        first = WORD.match(text)
        assert first
        assert of_syllables(text, first) == length


def test_words_that_are_names_too_are_known() -> None:
    assert is_wordlike("Baker")
    assert is_term("warfarin")
    assert not is_term("Okafor")

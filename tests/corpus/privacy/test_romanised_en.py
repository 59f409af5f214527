"""Names of China and Korea in Latin letters, by their syllables."""

import pytest

from r1tailor.corpus.privacy import romanised_en


def _found(text: str) -> list[str]:
    return [text[start:end] for start, end in romanised_en.spans(text)]


@pytest.mark.parametrize("name", ["You Jiayi", "In-ho Seo", "GAO CHIA-HAO", "Go Won-bin", "LÜ LIPING", "Wan Guangming"])
def test_two_syllables_and_a_surname_are_a_name_though_they_are_words(name: str) -> None:
    assert _found(f"Seen with {name} today.") == [name]


@pytest.mark.parametrize(
    "text", ["Du Huo Jisheng Tang was taken.", "An Human Right", "Tang Check-in", "Ban Xia helps.", "Sun Xinjiang"]
)
def test_herbs_places_and_words_are_none(text: str) -> None:
    assert not _found(text)


def test_case_does_not_matter_to_a_given_name() -> None:
    assert romanised_en.is_given("JIAYI")
    assert romanised_en.is_surname("You")
    assert not romanised_en.is_given("Human")
    assert not romanised_en.is_given("Check-in")

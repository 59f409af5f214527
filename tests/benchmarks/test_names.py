"""The held-out sentences with names: what they are made of."""

import pytest

from tests.benchmarks.names import FOLDER, LANGUAGES, SETS, sentences


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_300_sentences_half_of_them_traps_and_none_twice(language: str, name: str) -> None:
    found = list(sentences(language, name))
    assert len({sentence.text for sentence in found}) == len(found) == 300
    assert sum(not sentence.names for sentence in found) == 150
    for sentence in found:
        assert "[" not in sentence.text
        assert all(sentence.text[start:end].strip() for start, end in sentence.names)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_file_says_that_nobody_may_tune_on_it(language: str) -> None:
    assert "Never tune" in (FOLDER / f"names_final_{language}.txt").read_text("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_of_the_reported_set_stands_in_the_former_one(language: str) -> None:
    reported, former = ({sentence.text for sentence in sentences(language, name)} for name in SETS)
    assert not reported & former

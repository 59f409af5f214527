"""The words of both languages: as many of each kind, labels that can be told apart, and which of them is calm."""

from dataclasses import fields
from itertools import permutations

import pytest

from r1tailor.domain.answers import label_in
from r1tailor.domain.finance import features
from r1tailor.domain.finance.words import CALM, CHINESE, ENGLISH, Words, words_of


def test_both_languages_have_as_many_words_of_each_kind() -> None:
    for field in fields(Words):
        english, chinese = getattr(ENGLISH, field.name), getattr(CHINESE, field.name)
        assert type(english) is type(chinese)
        if not isinstance(english, str):
            assert len(english) == len(chinese), field.name
    assert ENGLISH.labels.keys() == CHINESE.labels.keys()
    assert len(ENGLISH.told) == len(features._TOLD)


@pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_a_label_is_read_out_of_its_answer_and_no_other(words: Words) -> None:
    every = [label for labels in words.labels.values() for label in labels]
    assert len(set(every)) == len(every), "an answer is read for the labels of its own task"
    for labels in words.labels.values():
        for label, other in permutations(labels, 2):
            assert label_in(f"{label}{words.stop} {words.no_sign}", labels) == label != other


def test_the_language_of_a_domain_chooses_the_words() -> None:
    assert (words_of("zh"), words_of("en")) == (CHINESE, ENGLISH)
    assert {"low", "低风险"} == CALM

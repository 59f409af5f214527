"""The word lists: their sections, and what must not be in them."""

from typing import TYPE_CHECKING

import pytest

from r1tailor.corpus.privacy.lists import one_of, sections, words
from r1tailor.corpus.privacy.people_en import GIVEN, SURNAMES
from tests.corpus.privacy.test_findings import BENCHMARKS

if TYPE_CHECKING:
    from privacy_sets import BenchmarkSet


def test_no_name_of_the_held_out_set_is_in_the_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    from privacy_sets import read

    held_out = read("heldout")
    words = _latin_words(held_out)
    assert words
    assert not held_out.tuned_on
    assert not {word.title() for word in words} & (GIVEN | SURNAMES)
    for older in (read("third"), read("fourth")):
        assert older.tuned_on
        assert not words & _latin_words(older)
        for kind, language in (("name", "en"), ("name", "zh"), ("given", "zh")):
            assert not set(held_out.texts(kind, language)) & set(older.texts(kind, language))


def _latin_words(names: "BenchmarkSet") -> set[str]:
    return {*names.texts("given", "en"), *names.texts("surname", "en")}


def test_a_list_has_sections_or_none_and_its_comments_are_no_words() -> None:
    found = sections("names.txt")
    assert found.keys() == {"given", "surname"}
    assert "Aaron" in found["given"]
    assert "Adams" in found["surname"]
    assert not {"#", "[given]", "Census"} & {*found["given"], *found["surname"]}
    assert "admission" in words("no_names.txt")
    assert not any(word.startswith("#") for word in words("no_names_zh.txt"))


def test_the_longest_word_is_tried_first_and_an_underscore_is_a_space() -> None:
    assert one_of(["kin", "next_of_kin"]) == "next of kin|kin"

"""The word lists: their sections, and what must not be in them."""

import pytest

from r1tailor.corpus.privacy.lists import sections, words
from r1tailor.corpus.privacy.people_en import GIVEN, SURNAMES
from tests.corpus.privacy.test_findings import BENCHMARKS


def test_no_name_of_the_held_out_set_is_in_the_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    import privacy_fourth
    import privacy_third
    import privacy_unseen

    words = f"{privacy_unseen.LATIN_GIVEN} {privacy_unseen.LATIN_SURNAMES}".split()
    assert not {word.title() for word in words} & (GIVEN | SURNAMES)
    for older in (privacy_third, privacy_fourth):
        assert not set(words) & set(f"{older.LATIN_GIVEN} {older.LATIN_SURNAMES}".split())
        for part in ("ENGLISH", "CHINESE"):
            assert not set(getattr(privacy_unseen, part)) & set(getattr(older, part))
        assert not set(privacy_unseen.CHINESE_GIVEN.split()) & set(older.CHINESE_GIVEN.split())


def test_a_list_has_sections_or_none_and_its_comments_are_no_words() -> None:
    found = sections("names.txt")
    assert found.keys() == {"given", "surname"}
    assert "Aaron" in found["given"]
    assert "Adams" in found["surname"]
    assert not {"#", "[given]", "Census"} & {*found["given"], *found["surname"]}
    assert "admission" in words("no_names.txt")
    assert not any(word.startswith("#") for word in words("no_names_zh.txt"))

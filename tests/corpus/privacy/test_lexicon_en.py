"""Words that are no names."""

from r1tailor.corpus.privacy.lexicon_en import is_drug, is_eponym, is_ordinary


def test_words_are_known_in_any_case_and_inflected() -> None:
    assert all(map(is_ordinary, ("Patient", "denies", "stopped", "STABLE", "hypertension", "follow-up")))
    assert not any(map(is_ordinary, ("okonkwo", "Gonzalez", "Wangchuk")))


def test_drugs_are_known_by_name_and_by_the_stem_of_their_class() -> None:
    assert all(map(is_drug, ("Lipitor", "warfarin", "Xyzlukast", "zumablimab")))
    assert not any(map(is_drug, ("Smith", "Okafor", "Kapoor")))


def test_eponyms_are_known() -> None:
    assert is_eponym("Crohn")
    assert not is_eponym("Okafor")

"""Words that are no names."""

from r1tailor.corpus.privacy.lexicon_en import (
    begins_phrase,
    is_dosed,
    is_drug,
    is_eponym,
    is_listed,
    is_named_after,
    is_ordinary,
)


def test_words_are_known_in_any_case_and_inflected() -> None:
    assert all(map(is_ordinary, ("Patient", "denies", "stopped", "STABLE", "hypertension", "follow-up")))
    assert not any(map(is_ordinary, ("okonkwo", "Gonzalez", "Wangchuk")))


def test_drugs_are_known_by_name_and_by_the_stem_of_their_class() -> None:
    assert all(map(is_drug, ("Lipitor", "warfarin", "Xyzlukast", "zumablimab")))
    assert not any(map(is_drug, ("Smith", "Okafor", "Kapoor")))


def test_eponyms_are_known() -> None:
    assert is_eponym("Crohn")
    assert not is_eponym("Okafor")


def test_a_dose_a_form_and_a_disease_say_what_stands_before_them() -> None:
    assert is_dosed("Zyxo 10 mg", 4)
    assert is_dosed("Zyxo tablets", 4)
    assert not is_dosed("Zyxo levels with us, and 10 more", 5)
    assert is_named_after("Koplik spots", 6)
    assert is_named_after("ROTH SPOTS", 4)
    assert not is_named_after("Koplik spotted it", 6)


def test_phrases_and_words_are_known_as_they_stand() -> None:
    assert begins_phrase("with wu wei zi daily", 5)
    assert not begins_phrase("with Wu Jun daily", 5)
    assert is_listed("patient")
    assert not is_listed("liping")

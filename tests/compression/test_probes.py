"""The texts hold what tokenizers differ in."""

import unicodedata

from r1tailor.compression.probes import TEXTS


def test_the_texts_cover_scripts_spaces_digits_and_forms_that_are_not_nfc() -> None:
    together = "".join(TEXTS)
    scripts = {unicodedata.name(letter).split()[0] for letter in together if letter.isalpha()}
    assert {"CJK", "ARABIC", "HEBREW", "DEVANAGARI", "THAI", "GREEK", "CYRILLIC", "HANGUL"} <= scripts
    assert unicodedata.normalize("NFC", together) != together
    assert all(part in together for part in ("\r\n", "\t", "  ", "\u3000", "\u200d", "0000000000", "I'LL"))

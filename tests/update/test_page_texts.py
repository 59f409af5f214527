"""Both languages say the same things."""

from r1tailor.update.history import DECISIONS
from r1tailor.update.page_texts import TEXTS


def test_every_text_is_there_in_both_languages_and_every_decision_has_one() -> None:
    assert TEXTS["en"].keys() == TEXTS["zh"].keys()
    assert all(text for texts in TEXTS.values() for text in texts.values())
    assert set(DECISIONS) <= TEXTS["en"].keys()

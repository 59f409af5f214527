"""General ability: kept, or not shown to be kept, in words and by part."""

from r1tailor.report.ability import ability
from r1tailor.report.texts import Texts
from tests.support.finished import ability as made


def test_each_part_has_a_row_next_to_guessing() -> None:
    shown = ability(made(), Texts("en"))
    assert shown is not None
    assert [(row.metric, row.base, row.tuned, row.p) for row in shown.rows] == [
        ("all questions", "0.500", "0.490", "0.250"),
        ("en", "0.500", "0.490", "0.250"),
        ("mmlu", "0.500", "0.490", "0.250"),
    ]
    assert shown.tone == "good"
    assert shown.sentence == "General ability is kept: the loss is below 3 points (−0.010 [−0.025, 0.005])"


def test_what_is_not_shown_is_said_with_its_reason() -> None:
    found = made()
    found["verdict"] |= {"non_inferior": False, "why": "the base model guesses"}
    shown = ability(found, Texts("en"))
    assert shown is not None
    assert shown.tone == "unsure"
    assert shown.sentence.startswith("Not shown that general ability is kept within 3 points")
    assert shown.sentence.endswith(". the base model guesses")


def test_without_a_margin_there_is_no_verdict_and_without_questions_nothing() -> None:
    found = made()
    del found["verdict"]
    shown = ability(found, Texts("en"))
    assert shown is not None
    assert shown.sentence == ""
    assert ability({"n": 0}, Texts("en")) is None

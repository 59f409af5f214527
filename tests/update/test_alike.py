"""Which questions are the same one."""

from r1tailor.records import Example
from r1tailor.update.alike import near_questions, same_questions


def _asking(*texts: str, **more: object) -> list[Example]:
    return [Example(f"e{n}", "Which colour?", text, "red", **more) for n, text in enumerate(texts)]  # type: ignore[arg-type]


LONG = "the patient is a man of 61 years who came with pain in the chest since this morning"


def test_a_lightly_edited_question_is_the_same_and_one_with_another_number_is_not() -> None:
    asked = _asking(LONG, f"{LONG}.", LONG.replace("61", "62"), "something else altogether is asked of you here today")
    assert same_questions(asked, None, 0.9) == [(0, 1)]
    assert (0, 2) in near_questions(asked, None, 0.9)


def test_in_a_short_question_only_the_order_may_differ() -> None:
    asked = _asking("pain in the chest", "in the chest pain", "pain in the chess")
    assert same_questions(asked, None, 0.7) == [(0, 1)]


def test_questions_of_two_lists_are_compared_across() -> None:
    assert same_questions(_asking("one stone"), _asking("a leaf", "one stone"), 0.9) == [(0, 1)]
    assert same_questions(_asking("one stone"), [], 0.9) == []
    assert same_questions([], None, 0.9) == []


def test_examples_with_a_window_are_the_same_where_the_window_is() -> None:
    one, two = ((1.0,), (2.0,)), ((1.0,), (3.0,))
    windows = [*_asking("risk?", series=one), *_asking("risk?", series=two), *_asking("risk?", series=one)]
    assert same_questions(windows, None, 0.9) == [(0, 2)]
    assert same_questions(windows[:1], windows[1:], 0.9) == [(0, 1)]

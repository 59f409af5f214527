"""What each format holds, and what of it cannot be asked."""

import json
from typing import Any

import pytest

from r1tailor.evaluation.ability.readers import READERS, Choice, Open


def lettered(options: str, answer: str) -> list[Any]:
    return list(READERS["lettered"](json.dumps({"question": " Which? ", "options": options, "answer": answer})))


def chinese(reader: str, content: str, ideal: Any) -> list[Any]:  # noqa: ANN401
    row = {"input": [{"role": "system", "content": "s"}, {"role": "user", "content": content}], "ideal": ideal}
    return list(READERS[reader](json.dumps(row, ensure_ascii=False)))


def test_options_stand_one_a_line_and_may_run_over_several() -> None:
    assert lettered("A. one\nB. two\nlines\nC. three", "B. two\nlines") == [
        Choice("Which?", ("one", "two\nlines", "three"), 1)
    ]
    assert lettered("\nA. one\nB. two", "A. one") == [Choice("Which?", ("one", "two"), 0)]


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        ("A. same\nB. same\nC. other", "C. other"),  # two options are one
        ("C. one\nD. two", "D. two"),  # the first options are missing
        ("A. one\nB. two?", "B. two"),  # the answer is none of them
        ("A. one\nB. two", "C. three"),
        ("A. one\nB. two", "two"),
    ],
)
def test_a_question_that_cannot_be_asked_keeps_its_place(options: str, answer: str) -> None:
    assert lettered(options, answer) == [None]


def test_a_parable_has_its_morals_in_one_line() -> None:
    text = (
        "从前有人。\nWhich moral is this story attempting to convey? Please respond with the correct multiple-choice "
        'answer.\nA) 甲。 B) 乙：B 也行。 C) 丙。 D) 丁。 E) 戊。\nThe output should look like "x"'
    )
    (made,) = chinese("parables", text, ["The final answer is: C"])
    assert made == Choice("从前有人。\n这个故事说明了什么道理？", ("甲。", "乙：B 也行。", "丙。", "丁。", "戊。"), 2)
    assert chinese("parables", "no parable", ["The final answer is: C"]) == [None]


def test_only_characters_of_two_parts_are_asked() -> None:
    (made,) = chinese("characters", "苗", ["苗=草田", "苗=田草"])
    assert made == Open("汉字“苗”由哪两个部分组成？", "草田", frozenset({"草田", "田草"}))
    assert chinese("characters", "鑫", ["鑫=>2"]) == [None]
    assert chinese("characters", "一", ["一=standalone"]) == [None]


def test_numbers_and_riddles_have_one_answer() -> None:
    assert chinese("numbers", "二百八十亿", ["28000000000"])[0].answer == "28000000000"
    assert chinese("riddles", "没心思", "[田]")[0].answer == "田"

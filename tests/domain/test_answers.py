"""An answer is read as people read it: whole words, the letter that it takes, its last number, without reasoning."""

import re

import pytest

from r1tailor.domain.answers import (
    folded,
    items_in,
    json_in,
    label_in,
    letter_in,
    normalised,
    number_in,
    place_of,
)


@pytest.mark.parametrize(
    ("term", "text", "stands"),
    [
        ("hold", "a household", False),
        ("hold", "(hold)", True),
        ("5", "15", False),
        ("5", "5.5 mg", False),
        ("5", "2,5 mg", False),
        ("5", "it is 5.", True),
        ("a01", "a01.1", True),  # a code is no number
        ("5 mg", "15 mg", False),
        ("内科", "去内科看病", True),
        ("ct", "做ct检查", True),
        ("ct", "octet", False),
        ("vitamin b12", "vitamin b12, daily", True),
    ],
)
def test_a_term_stands_as_whole_words(term: str, text: str, stands: bool) -> None:
    assert (place_of(term, text) >= 0) == stands


@pytest.mark.parametrize(
    ("answer", "labels", "expected"),
    [
        ("The answer is B.", ["A", "B", "C"], "B"),
        ("A patient like this one needs B.", ["A", "B"], "B"),
        ("b", ["A", "B"], "B"),
        ("Householders should sell.", ["hold", "sell"], "sell"),
        ("HOLD OFF", ["hold", "hold off"], "hold off"),
        ("**hold**.", ["hold", "hold off"], "hold"),
        ("He goes to the Cardiology  ward, not to neurology", ["neurology", "cardiology ward"], "cardiology ward"),
        ("应去心内科，不去内科", ["内科", "心内科"], "心内科"),
        ("none of them", ["yes", "no"], ""),
        ("not now", ["no", "not"], "not"),
        ("", ["yes"], ""),
        ("yes", [], ""),
    ],
)
def test_the_label_of_an_answer(answer: str, labels: list[str], expected: str) -> None:
    assert label_in(answer, labels) == expected


# The extraction of TIGER-AI-Lab/MMLU-Pro, evaluate_from_local.py: extract_answer, extract_again, extract_final.
def _mmlu_pro(text: str) -> str | None:
    for pattern in (r"answer is \(?([A-J])\)?", r".*[aA]nswer:\s*([A-J])", r"\b[A-J]\b(?!.*\b[A-J]\b)"):
        found = re.search(pattern, text, re.DOTALL)
        if found:
            return found.group(found.lastindex or 0)
    return None


@pytest.mark.parametrize(
    "answer",
    [
        "The answer is (B).",
        "the answer is B",
        "Answer: C",
        "Option A is wrong since the pump is off. The answer is (D).",
        "It cannot be (A), so I take C",
        "B",
        "(C)",
        "D. It lowers the pressure",
    ],
)
def test_the_letter_of_an_answer_is_that_of_mmlu_pro(answer: str) -> None:
    assert letter_in(answer) == _mmlu_pro(answer)


@pytest.mark.parametrize(
    ("answer", "letter"),
    [
        ("答案：B", "B"),
        ("选C。", "C"),
        ("正确答案是D", "D"),
        ("B) because A fails", "B"),
        ("A dog", ""),
        ("I'm lost", ""),
    ],
)
def test_the_letter_where_mmlu_pro_reads_none_or_an_article(answer: str, letter: str) -> None:
    assert letter_in(answer) == letter


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("6 * 7 = 42", 42.0),
        ("about 1,234,567.5 euros", 1234567.5),
        ("-3.5", -3.5),
        ("−3", -3.0),
        ("10-5", 5.0),
        ("1.5e-3", 0.0015),
        ("60 %.", 60.0),
        ("no number", None),
    ],
)
def test_the_last_number_of_a_text(text: str, number: float | None) -> None:
    assert number_in(text) == number


def test_words_entries_and_fields_of_a_text() -> None:
    assert folded(" New\n York ") == "new york"
    assert normalised("The U.S.: -5 °C!") == ["u", "s", "-", "5", "°", "c"]
    assert normalised("The") == ["the"]
    assert items_in("1. Aspirin\n2) ibuprofen;\n- Aspirin.", ",;\n") == {"aspirin", "ibuprofen"}
    assert json_in('Here:\n```json\n{"a": 1}\n```') == json_in('x {"a": 1} y') == {"a": 1}
    assert json_in("[1]") is json_in("{") is None

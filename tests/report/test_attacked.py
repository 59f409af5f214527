"""The red team: says whether safety fell, sorts families by the damage, leaves rates uncorrected where it must."""

from typing import Any

import pytest

from r1tailor.report.attacked import BROKEN, attacked
from r1tailor.report.texts import Texts
from tests.support.finished import attacked as made
from tests.support.finished import compared

T = Texts("en")


def _with(difference: float, p: float) -> dict[str, Any]:
    rates, _ = made()
    rates["comparisons"]["tuned"][BROKEN] = {**compared(difference, p), "p_holm": p}
    return rates


@pytest.mark.parametrize(
    ("difference", "p", "tone", "words"),
    [
        (0.2, 0.001, "bad", "Fine-tuning lowered safety here: 0.400 of 50 cases break, 0.200 before"),
        (-0.2, 0.001, "good", "The tuned model breaks less often"),
        (0.2, 0.2, "unsure", "Not shown to break more or less often"),
    ],
)
def test_the_sentence_says_whether_safety_fell(difference: float, p: float, tone: str, words: str) -> None:
    shown = attacked(_with(difference, p), made()[1], T)
    assert shown is not None
    assert shown.tone == tone
    assert shown.sentence.startswith(words)


def test_fewer_broken_cases_by_the_same_answers_are_no_gain() -> None:
    rates = _with(-0.2, 0.001) | {"same_answers": {"tuned": {"n": 40, "repeated": 32, "different": 5}}}
    shown = attacked(rates, made()[1], T)
    assert shown is not None
    assert shown.tone == "unsure"
    assert "32 of 40 answers are given to several cases: no sign of safety" in shown.sentence
    chinese = attacked(rates, made()[1], Texts("zh"))
    assert chinese is not None
    assert "40 个回答中有 32 个同时用于多个用例" in chinese.sentence


def test_rates_families_and_refusals_are_rows() -> None:
    rates, report = made()
    shown = attacked(rates, report, T)
    assert shown is not None
    assert [row[0].partition(":")[0] for row in shown.rates] == ["broken", "undecided"]
    assert shown.rates[0][1:4] == ("0.200 [0.150, 0.250]", "0.400 [0.350, 0.450]", "+0.200 [0.150, 0.250]")
    assert shown.rates[1][3] == "", "the undecided share is not compared"
    assert shown.families == [("dose", "10", "1", "3", "5", "1")]
    assert [row[5] for row in shown.refusals if row[0] == "own (answer)"] == ["–", "–"], "no error known: not corrected"
    assert shown.notes == report["notes"]


def test_families_that_got_worse_come_first() -> None:
    rates, report = made()
    for model, broken in (("base", 4), ("tuned", 0)):
        report["families"][model]["better"] = {"n": 5, "broken": broken, "held": 5 - broken, "undecided": 0}
    shown = attacked(rates, report, T)
    assert shown is not None
    assert [row[0] for row in shown.families] == ["dose", "better"]


def test_where_nothing_was_asked_there_is_nothing() -> None:
    assert attacked({"n": 0, "models": {}}, {}, T) is None
    assert attacked({}, {}, T) is None

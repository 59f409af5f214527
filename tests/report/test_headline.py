"""The headline table: which metrics, which side is good, how much of a number is shown."""

from typing import Any

import pytest

from r1tailor.registry.goals import Verdict
from r1tailor.report.headline import against_baselines, chosen, difference, every, number, p_value, picture, rows, tone
from r1tailor.report.texts import Texts
from tests.support.finished import compared, entry, metrics

T = Texts("en")


def test_headline_metrics_are_those_of_verdicts_and_goals_or_else_the_first() -> None:
    goal = Verdict("perplexity", 2.5, "<= 5", True, "why")
    assert chosen(metrics(), [goal]) == ["label_accuracy", "perplexity"]
    assert chosen({**metrics(), "verdicts": []}, []) == ["label_accuracy", "perplexity"]
    assert chosen({**metrics(), "verdicts": []}, [Verdict("never", None, ">= 1", False, "")])[0] == "label_accuracy"


@pytest.mark.parametrize(
    ("metric", "value", "expected"),
    [
        ("accuracy", 0.2, "good"),
        ("accuracy", -0.2, "bad"),
        ("accuracy", 0.01, "unsure"),
        ("perplexity", -9.0, "good"),
        ("truncated", 0.2, "bad"),
        ("redteam_broken_rate", 0.2, "bad"),
        ("reasoning_tokens", 90.0, "unsure"),
    ],
)
def test_the_tone_knows_which_side_is_better(metric: str, value: float, expected: str) -> None:
    assert tone(metric, compared(value, 0.01)) == expected


def test_numbers_have_the_digits_that_say_something() -> None:
    assert [number(value) for value in (0.7366, 142.51, None)] == ["0.737", "142.5", "–"]
    assert difference(compared(-0.0767, 0.01)) == "−0.077 [−0.127, −0.027]"
    assert difference(compared(0.5, 0.01)).startswith("+0.500 [")
    assert [p_value(value) for value in (1e-9, 0.0167, None)] == ["< 0.001", "0.017", "–"]


def test_what_is_not_defined_has_no_picture() -> None:
    undefined: dict[str, Any] = {"difference": None, "low": None, "high": None, "p": None}
    made = metrics()
    made["comparisons"]["label_accuracy"] = undefined
    made["models"]["tuned"]["label_accuracy"] = entry(None)
    row = rows(made, ["label_accuracy"], T)[0]
    assert (row.tuned, row.difference, row.picture, row.tone) == ("–", "", "", "unsure")
    assert picture("x", undefined, T) == ""
    assert tone("x", undefined) == "unsure"
    assert "label_accuracy" not in against_baselines(made, ["label_accuracy"], T)


def test_every_metric_has_a_row_and_baselines_stand_next_to_theirs() -> None:
    assert every(metrics()) == ["label_accuracy", "perplexity"]
    accuracy, perplexity = rows(metrics(), every(metrics()), T)
    assert [name for name, _ in accuracy.others] == ["majority", "nearest"]
    assert (accuracy.base, accuracy.tuned, accuracy.p) == ("0.300", "0.700", "< 0.001")
    assert perplexity.others == []
    assert "nearest 0.800" in against_baselines(metrics(), every(metrics()), T)
    assert "perplexity" not in against_baselines(metrics(), every(metrics()), T), "it is no share"

"""Verdicts: learnt only where everything is beaten, with corrected p-values, in words."""

from typing import Any

import pytest

from r1tailor.domain.declaration import ScoredMetric
from r1tailor.evaluation.learnt import headline, sentences, verdicts
from r1tailor.schema.domain import Goal

ACCURACY = ScoredMetric("accuracy", "proportion", constant_answer=True)
F1 = ScoredMetric("f1", "mean", constant_answer=True)
FORM = ScoredMetric("form", "proportion")
NEAREST = "the answer of the nearest training example"


def _difference(value: float, p: float) -> dict[str, float]:
    return {"difference": value, "low": value - 0.1, "high": value + 0.1, "p": p}


def _plain(value: float, p: float) -> dict[str, Any]:
    return {"baseline": NEAREST, **_difference(value, p)}


@pytest.mark.parametrize(
    ("base", "ranked", "plain", "verdict"),
    [
        ((0.5, 1e-9), (0.4, 1e-6), (0.3, 1e-5), "learnt"),
        ((0.5, 1e-9), (0.4, 1e-6), (0.01, 0.8), "not shown"),  # no better than copying
        ((0.5, 1e-9), (0.01, 0.9), (0.3, 1e-5), "not shown"),  # the base model knew it
        ((0.5, 1e-9), (0.4, 1e-6), (-0.3, 1e-5), "worse"),
        ((-0.3, 1e-5), (0.4, 1e-6), (0.4, 1e-6), "worse"),
        ((0.5, 1e-9), (0.4, 1e-6), (-0.01, 0.8), "not shown"),
        ((0.5, 1e-9), (0.4, 1e-6), (0.2, 0.04), "learnt"),  # the largest of a family is not corrected
        ((0.5, 1e-9), (0.4, 0.03), (0.2, 0.04), "not shown"),  # 2 * 0.03 is above 0.05
    ],
)
def test_learnt_is_better_than_the_base_and_the_best_plain_baseline(
    base: tuple[float, float], ranked: tuple[float, float], plain: tuple[float, float], verdict: str
) -> None:
    comparisons = {"accuracy": _difference(*base), "accuracy_against_base_ranked": _difference(*ranked)}
    (judged,) = verdicts([ACCURACY], comparisons, {"accuracy": _plain(*plain)}, 0.95)
    assert judged["verdict"] == verdict
    assert [one["name"] for one in judged["against"]] == [NEAREST, "the base model", "the base model's ranking"]


def test_headline_metrics_are_those_of_the_goals_that_can_be_compared() -> None:
    goals = [Goal(metric=name, at_least=0.5, why="w") for name in ("form", "f1")]
    measured = {"accuracy": {}, "f1": {}}
    assert headline([ACCURACY, F1, FORM], goals, measured) == [F1]
    assert headline([FORM, ACCURACY, F1], goals[:1], measured) == [ACCURACY], "the first where no goal can be"
    assert headline([FORM], goals, {}) == []


def test_the_family_is_of_all_headline_metrics() -> None:
    comparisons = {"accuracy": _difference(0.2, 0.02), "f1": _difference(0.2, 0.02)}
    plain = {"accuracy": _plain(0.2, 0.02), "f1": _plain(0.2, 0.02)}
    alone = verdicts([ACCURACY], comparisons, plain, 0.95)
    both = verdicts([ACCURACY, F1], comparisons, plain, 0.95)
    assert [one["verdict"] for one in alone] == ["learnt"]
    assert [one["verdict"] for one in both] == ["not shown", "not shown"]


def test_a_verdict_in_words_says_what_could_have_been_seen() -> None:
    judged = verdicts([ACCURACY], {"accuracy": _difference(0.5, 1e-9)}, {"accuracy": _plain(0.01, 0.8)}, 0.95)
    metrics = {"n": 90, "models": {"tuned": {"accuracy": {"value": 0.51}}}, "verdicts": judged}
    (sentence,) = sentences(metrics)
    assert sentence.startswith(f"accuracy: not shown. 0.510: +0.010 [-0.090, +0.110] against {NEAREST}, p = 0.8; ")
    assert "With n = 90 a gain of 16 points would be seen 80 % of the time" in sentence
    judged = verdicts([ACCURACY], {"accuracy": _difference(0.5, 1e-9)}, {"accuracy": _plain(0.3, 1e-6)}, 0.95)
    assert "would be seen" not in sentences({**metrics, "verdicts": judged})[0]
    assert sentences({"n": 1, "models": {}}) == []

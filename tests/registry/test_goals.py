"""A domain's goals against what was measured: thresholds, what has to be beaten, floors, what stops a goal."""

from typing import Any

import pytest

from r1tailor.registry.goals import verdicts
from r1tailor.schema.domain import Goal

BETTER = {"difference": 0.15, "low": 0.1, "high": 0.2, "p": 1e-6}
UNSURE = {"difference": 0.05, "low": -0.1, "high": 0.2, "p": 0.6}
UNDEFINED: dict[str, Any] = {"difference": None, "low": None, "high": None, "p": None}
CONSTANT = "always giving the most frequent training answer"


def _goal(metric: str, **more: Any) -> Goal:  # noqa: ANN401
    return Goal(**{"metric": metric, "at_least": 0.5, "why": "w", **more})


def _metrics(value: float | None = 0.6, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return an evaluation in which accuracy is shown to be better than everything."""
    found = {
        "confidence": 0.95,
        "models": {"tuned": {"accuracy": {"value": value}, "form": {"value": value}}},
        "comparisons": {"accuracy": BETTER, "form": BETTER},
        "against_plain": {"accuracy": {"baseline": "a coin", **BETTER}},
        "findings": [],
    }
    return found | more


def _said(goal: Goal, metrics: dict[str, Any]) -> str:
    (verdict,) = verdicts([goal], metrics)
    return str(verdict).partition(": ")[2]


def test_verdicts_follow_the_thresholds() -> None:
    measured = {"bleu": {"value": 30.0}, "perplexity": {"value": 4.0}, "compliance": {"value": None}}
    goals = [
        Goal(metric="bleu", at_least=30.0, why="w"),
        Goal(metric="bleu", at_least=30.1, why="w"),
        Goal(metric="perplexity", at_most=4.0, why="w"),
        Goal(metric="perplexity", at_most=3.9, why="w"),
        Goal(metric="compliance", at_least=0.0, why="w"),
        Goal(metric="compliance", at_most=1.0, why="w"),
        Goal(metric="exact_match", at_least=0.0, why="w"),
    ]
    made = verdicts(goals, _metrics(models={"tuned": measured}, comparisons={}, against_plain={}))
    assert [verdict.met for verdict in made] == [True, False, True, False, False, False, False]
    assert str(made[1]) == "bleu 30.000, goal >= 30.1: missed"
    assert str(made[2]) == "perplexity 4.000, goal <= 4: met; not compared with the base model"
    assert str(made[4]) == "compliance not measured, goal >= 0: missed", "null is no value"
    assert str(made[6]) == "exact_match not measured, goal >= 0: missed"


def test_the_goals_of_a_candidate_are_floors_and_findings_stop_them() -> None:
    """It is compared with its champion, which it need not beat on the domain's own items."""
    models = {name: {"accuracy": {"value": 0.6}} for name in ("champion", "tuned")}
    found = _metrics(models=models, comparisons={"accuracy": UNSURE}, against_plain={"accuracy": UNSURE})
    assert _said(_goal("accuracy"), found) == "met"
    cut = {"metrics": ["accuracy"], "why": "one answer", "worst": {}}
    assert _said(_goal("accuracy"), found | {"findings": [cut]}) == "met, but one answer"


def test_a_goal_is_met_by_what_is_shown_to_beat_everything() -> None:
    assert _said(_goal("accuracy"), _metrics()) == "met"
    assert _said(_goal("accuracy"), _metrics(0.4)) == "missed", "below the threshold nothing else counts"


@pytest.mark.parametrize(
    ("changed", "opponent"),
    [
        ({"against_plain": {"accuracy": {"baseline": "a coin", **UNSURE}}}, "a coin (+0.050 [-0.100, +0.200])"),
        ({"comparisons": {"accuracy": UNSURE}}, "the base model (+0.050 [-0.100, +0.200])"),
        (
            {"comparisons": {"accuracy": BETTER, "accuracy_against_base_ranked": UNSURE}},
            "the base model's ranking (+0.050 [-0.100, +0.200])",
        ),
        ({"comparisons": {"accuracy": UNDEFINED}}, "the base model (no difference is defined)"),
    ],
)
def test_a_value_that_beats_nothing_does_not_pass_in_silence(changed: dict[str, Any], opponent: str) -> None:
    metrics = _metrics(**changed)
    (verdict,) = verdicts([_goal("accuracy")], metrics)
    assert (verdict.reached, verdict.met) == (True, False)
    assert str(verdict) == f"accuracy 0.600, goal >= 0.5: met, but not shown to beat {opponent}"
    assert _said(_goal("accuracy", floor=True), metrics) == "met", "unless the goal says that it is a floor"


def test_the_family_is_that_of_all_goals() -> None:
    """0.02 alone is shown; of four comparisons the smallest p counts fourfold."""
    one = {**BETTER, "p": 0.02}
    plain = {name: {"baseline": "a coin", **one} for name in ("accuracy", "form")}
    metrics = _metrics(comparisons={"accuracy": one, "form": one}, against_plain=plain)
    assert [verdict.met for verdict in verdicts([_goal("accuracy")], metrics)] == [True]
    assert [verdict.met for verdict in verdicts([_goal("accuracy"), _goal("form")], metrics)] == [False, False]
    both = [_goal("accuracy"), _goal("form", floor=True)]
    assert [verdict.met for verdict in verdicts(both, metrics)] == [True, True], "a floor is of no family"


def test_where_plain_baselines_are_unfair_the_base_model_has_to_be_beaten() -> None:
    assert _said(_goal("form"), _metrics()) == "met"
    said = "met, but not shown to beat the base model (+0.050 [-0.100, +0.200])"
    assert _said(_goal("form"), _metrics(comparisons={"form": UNSURE})) == said
    lower = {"difference": -2.0, "low": -3.0, "high": -1.0, "p": 0.01}
    models = {"tuned": {"perplexity": {"value": 3.0}}}
    goal = Goal(metric="perplexity", at_most=4.0, why="w")
    assert _said(goal, _metrics(models=models, comparisons={"perplexity": lower})) == "met"
    higher = {"difference": 2.0, "low": 1.0, "high": 3.0, "p": 0.01}
    assert not verdicts([goal], _metrics(models=models, comparisons={"perplexity": higher}))[0].met


def test_a_goal_that_a_constant_answer_meets_says_so() -> None:
    metrics = _metrics(constant_answer={"form": 0.9, "accuracy": 0.55})
    assert _said(_goal("form"), metrics) == f"met, but {CONSTANT} meets it too (0.900)"
    assert _said(_goal("form", floor=True), metrics) == f"met; {CONSTANT} meets it too (0.900)"
    assert _said(_goal("accuracy"), metrics) == f"met; {CONSTANT} meets it too (0.550)", "it is shown to be beaten"
    assert _said(_goal("accuracy", at_least=0.56), metrics) == "met"


def test_a_finding_stops_goals_floors_too() -> None:
    constant = {"metrics": ["accuracy"], "why": "57 of 60 answers are one and the same", "worst": {}}
    for floor in (False, True):
        said = "met, but 57 of 60 answers are one and the same"
        assert _said(_goal("accuracy", floor=floor), _metrics(findings=[constant])) == said
    assert _said(_goal("form"), _metrics(findings=[constant])) == "met"


def test_answers_that_were_cut_count_as_the_worst_there_is() -> None:
    cut = {"metrics": [], "why": "9 of 60 answers were cut", "worst": {"accuracy": [0.45, 0.6], "form": [0.55, 0.6]}}
    metrics = _metrics(findings=[cut])
    said = "met, but 9 of 60 answers were cut; 0.450 if each counts as the worst there is"
    assert _said(_goal("accuracy"), metrics) == said
    assert _said(_goal("form"), metrics) == "met"
    most = Goal(metric="form", at_most=0.6, why="w", floor=True)
    assert _said(most, _metrics(findings=[{**cut, "worst": {"form": [0.5, 0.7]}}])).endswith("0.700 if each counts as "
        "the worst there is")  # fmt: skip


def test_how_a_model_answers_and_rates_of_the_red_team_are_compared_with_nothing() -> None:
    models = {"tuned": {"think_rate": {"value": 1.0}}}
    attacked = {"models": {"tuned": {"redteam_broken_rate": {"value": 0.0}}}}
    goals = [_goal("think_rate"), Goal(metric="redteam_broken_rate", at_most=0.1, why="w")]
    made = verdicts(goals, _metrics(models=models, comparisons={"think_rate": UNSURE}), attacked)
    assert [str(verdict).partition(": ")[2] for verdict in made] == ["met", "met"]


def test_no_rate_of_the_red_team_is_earned_by_the_same_answers_to_all_cases() -> None:
    attacked = {
        "models": {"tuned": {"redteam_broken_rate": {"value": 0.0}}},
        "same_answers": {"tuned": {"n": 40, "repeated": 36, "different": 3}},
    }
    for most, said in ((0.1, "met, but 36 of 40 answers are given to several cases"), (-1.0, "missed")):
        goal = Goal(metric="redteam_broken_rate", at_most=most, why="w", floor=True)
        (made,) = verdicts([goal], _metrics(), attacked)
        assert (made.met, made.outcome) == (False, said)


def test_versions_of_earlier_releases_are_judged_as_they_were() -> None:
    """What they report has to follow from their own metrics, which hold no findings."""
    goals = [Goal(metric="accuracy", at_least=0.5, why="w"), Goal(metric="other", at_least=0.5, why="w")]
    models = {"models": {"tuned": {"accuracy": {"value": 0.6}, "other": {"value": 0.6}}}}
    low, high = {"low": -0.1, "high": 0.2}, {"low": 0.1, "high": 0.2}
    plain = {"accuracy": {"baseline": "a coin", **low}, "other": {"baseline": "a coin", **high}}
    made = [str(verdict) for verdict in verdicts(goals, {**models, "against_plain": plain})]
    assert made == [
        "accuracy 0.600, goal >= 0.5: met; not shown to be better than a coin",
        "other 0.600, goal >= 0.5: met",
    ]
    (older, _) = verdicts(goals, {**models, "against_majority": {"accuracy": low}})
    assert str(older) == f"accuracy 0.600, goal >= 0.5: met; not shown to be better than {CONSTANT}"
    assert older.met


def test_general_ability_is_a_goal_where_it_was_measured_with_a_margin() -> None:
    goals = [Goal(metric="ability_zh", at_least=0.5, why="w")]
    judged = {"metric": "ability_change_low", "low": -0.05, "margin": 0.03, "non_inferior": False, "why": ""}
    ability = {"models": {"tuned": {"ability_zh": {"value": 0.6}}}, "verdict": judged}
    metrics = {"models": {"tuned": {}}, "ability": ability}
    assert list(map(str, verdicts(goals, metrics))) == [
        "ability_zh 0.600, goal >= 0.5: met",
        "ability_change_low -0.050, goal > -0.03: missed",
    ]
    assert str(verdicts(goals, _metrics(ability=ability))[0]) == "ability_zh 0.600, goal >= 0.5: met"
    ability["verdict"] = judged | {"low": -0.01, "why": "the base model guesses"}
    (kept,) = verdicts([], metrics)
    assert str(kept) == "ability_change_low -0.010, goal > -0.03: missed; the base model guesses"
    ability["verdict"] = judged | {"low": -0.01, "non_inferior": True}
    (kept,) = verdicts([], metrics)
    assert kept.met

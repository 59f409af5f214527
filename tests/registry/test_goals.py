"""A domain's goals against what was measured."""

from r1tailor.registry.goals import verdicts
from r1tailor.schema.domain import Goal


def test_verdicts_follow_the_thresholds() -> None:
    measured = {"bleu": {"value": 30.0}, "perplexity": {"value": 4.0}, "compliance": {"value": float("nan")}}
    goals = [
        Goal(metric="bleu", at_least=30.0, why="w"),
        Goal(metric="bleu", at_least=30.1, why="w"),
        Goal(metric="perplexity", at_most=4.0, why="w"),
        Goal(metric="perplexity", at_most=3.9, why="w"),
        Goal(metric="compliance", at_least=0.0, why="w"),
        Goal(metric="compliance", at_most=1.0, why="w"),
        Goal(metric="exact_match", at_least=0.0, why="w"),
    ]
    made = verdicts(goals, {"models": {"tuned": measured}})
    assert [verdict.met for verdict in made] == [True, False, True, False, False, False, False]
    assert str(made[1]) == "bleu 30.000, goal >= 30.1: missed"
    assert str(made[2]) == "perplexity 4.000, goal <= 4: met"
    assert str(made[6]) == "exact_match not measured, goal >= 0: missed"


def test_a_goal_says_which_plain_baseline_is_not_shown_to_be_beaten() -> None:
    goals = [Goal(metric="accuracy", at_least=0.5, why="w"), Goal(metric="other", at_least=0.5, why="w")]
    models = {"models": {"tuned": {"accuracy": {"value": 0.6}, "other": {"value": 0.6}}}}
    low, high = {"low": -0.1, "high": 0.2}, {"low": 0.1, "high": 0.2}
    plain = {"accuracy": {"baseline": "a coin", **low}, "other": {"baseline": "a coin", **high}}
    made = [str(verdict) for verdict in verdicts(goals, {**models, "against_plain": plain})]
    assert made == [
        "accuracy 0.600, goal >= 0.5: met; not shown to be better than a coin",
        "other 0.600, goal >= 0.5: met",
    ]


def test_versions_of_earlier_releases_are_judged_as_they_were() -> None:
    """What they report has to follow from their own metrics, which know the majority answer alone."""
    (made,) = verdicts(
        [Goal(metric="accuracy", at_least=0.7, why="w")],
        {
            "models": {"tuned": {"accuracy": {"value": 0.6}}},
            "against_majority": {"accuracy": {"low": -0.1, "high": 0.1}},
        },
    )
    said = "not shown to be better than always giving the most frequent training answer"
    assert str(made) == f"accuracy 0.600, goal >= 0.7: missed; {said}"


def test_general_ability_is_a_goal_where_it_was_measured_with_a_margin() -> None:
    goals = [Goal(metric="ability_zh", at_least=0.5, why="w")]
    judged = {"metric": "ability_change_low", "low": -0.05, "margin": 0.03, "non_inferior": False, "why": ""}
    ability = {"models": {"tuned": {"ability_zh": {"value": 0.6}}}, "verdict": judged}
    metrics = {"models": {"tuned": {}}, "ability": ability}
    assert list(map(str, verdicts(goals, metrics))) == [
        "ability_zh 0.600, goal >= 0.5: met",
        "ability_change_low -0.050, goal > -0.03: missed",
    ]
    ability["verdict"] = judged | {"low": -0.01, "why": "the base model guesses"}
    (kept,) = verdicts([], metrics)
    assert str(kept) == "ability_change_low -0.010, goal > -0.03: missed; the base model guesses"
    ability["verdict"] = judged | {"low": -0.01, "non_inferior": True}
    (kept,) = verdicts([], metrics)
    assert kept.met

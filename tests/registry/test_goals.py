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

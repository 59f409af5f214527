"""A form is non-inferior if its whole interval lies above minus the margin, in the direction of the goal."""

from collections.abc import Callable
from typing import Any

import pytest

from r1tailor.evaluation.non_inferiority import in_words, verdict
from r1tailor.schema.domain import Goal
from r1tailor.schema.settings import Settings

_ACCURACY = Goal(metric="accuracy", at_least=0.5, why=".")
_PERPLEXITY = Goal(metric="perplexity", at_most=5.0, why=".")


def _judged(settings: Settings, goals: tuple[Goal, ...], **compared: tuple[float, float]) -> dict[str, Any]:
    domain = settings.domain.model_copy(update={"goals": goals})
    entries = {name: {"difference": sum(two) / 2, "low": two[0], "high": two[1]} for name, two in compared.items()}
    models = {"tuned": {"accuracy": {"value": 0.8}, "perplexity": {"value": 3.0}}}
    metrics = {"models": models, "compared": {"q8": {"reference": "tuned", "comparisons": entries}}}
    return verdict(settings.model_copy(update={"domain": domain}), metrics, "q8")


@pytest.mark.parametrize(("low", "shown"), [(-0.019, True), (-0.021, False)])
def test_the_lower_end_decides_where_more_is_better(settings: Callable[..., Settings], low: float, shown: bool) -> None:
    found = _judged(settings(), (_PERPLEXITY, _ACCURACY), accuracy=(low, 0.05), perplexity=(9.0, 10.0))
    assert (found["non_inferior"], found["metric"], found["margin"]) == (shown, "accuracy", 0.02)


@pytest.mark.parametrize(("high", "shown"), [(0.059, True), (0.061, False)])
def test_the_upper_end_decides_where_less_is_better_as_a_share(
    settings: Callable[..., Settings], high: float, shown: bool
) -> None:
    found = _judged(settings(), (_PERPLEXITY,), perplexity=(-1.0, high))
    assert (found["non_inferior"], found["margin"]) == (shown, pytest.approx(0.06))


def test_nothing_is_shown_without_a_goal_that_was_measured(settings: Callable[..., Settings]) -> None:
    found = _judged(settings(), (_ACCURACY,), bleu=(0.0, 0.0))
    assert not found["non_inferior"]
    assert in_words("q8", found) == "q8: not shown to be non-inferior: no goal of the domain was measured"


def test_in_words(settings: Callable[..., Settings]) -> None:
    found = _judged(settings(), (_ACCURACY,), accuracy=(-0.01, 0.01))
    assert in_words("q8", found) == "q8: non-inferior to its parent: accuracy +0.0000 [-0.0100, +0.0100], margin 0.02"

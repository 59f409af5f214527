"""Whether a form of a model is shown to be hardly worse than the model itself, on the same items."""

from typing import Any

from r1tailor.schema.domain import Goal
from r1tailor.schema.settings import Settings


def verdict(settings: Settings, metrics: dict[str, Any], form: str) -> dict[str, Any]:
    """Return whether the whole confidence interval of form - parent lies above minus the margin.

    It is decided on the first goal that sets a smallest value, else on the first goal; where less is better the margin
    is a share of the parent's value. Without a goal that was measured nothing is shown.

    Args:
        settings: the domain's goals and ``compression.margin``.
        metrics: of the evaluation, with the comparisons of the form in ``compared``.
        form: name of the subject.
    """
    compared = metrics["compared"][form]["comparisons"]
    goal = _decisive([goal for goal in settings.domain.goals if _defined(compared.get(goal.metric))])
    if goal is None:
        return {"non_inferior": False, "why": "no goal of the domain was measured"}
    found, margin = compared[goal.metric], settings.compression.margin
    if goal.at_least is not None:
        shown = found["low"] >= -margin
    else:
        margin *= metrics["models"][metrics["compared"][form]["reference"]][goal.metric]["value"]
        shown = found["high"] <= margin
    values = {name: found[name] for name in ("difference", "low", "high")}
    return {"non_inferior": bool(shown), "metric": goal.metric, "margin": margin, **values}


def in_words(form: str, judged: dict[str, Any]) -> str:
    """Return a verdict as a line."""
    shown = "non-inferior" if judged["non_inferior"] else "not shown to be non-inferior"
    if "metric" not in judged:
        return f"{form}: {shown}: {judged['why']}"
    return (
        f"{form}: {shown} to its parent: {judged['metric']} {judged['difference']:+.4f} "
        f"[{judged['low']:+.4f}, {judged['high']:+.4f}], margin {judged['margin']:.4g}"
    )


def _defined(compared: dict[str, float | None] | None) -> bool:
    return compared is not None and None not in compared.values()


def _decisive(goals: list[Goal]) -> Goal | None:
    return next((goal for goal in goals if goal.at_least is not None), next(iter(goals), None))

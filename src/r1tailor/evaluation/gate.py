"""Verdicts: a domain's goals against the measured metrics."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from r1tailor.schema.domain import Goal


@dataclass(frozen=True)
class Verdict:
    """One goal, the tuned model's value, and whether it meets the goal."""

    metric: str
    value: float | None
    threshold: str
    met: bool
    why: str

    def __str__(self) -> str:
        shown = "not measured" if self.value is None else f"{self.value:.3f}"
        return f"{self.metric} {shown}, goal {self.threshold}: {'met' if self.met else 'missed'}"


def verdicts(goals: Sequence[Goal], metrics: dict[str, Any]) -> list[Verdict]:
    """Return a verdict for each goal. A metric that was not measured, or is NaN, misses its goal."""
    return [_verdict(goal, metrics["models"]["tuned"].get(goal.metric)) for goal in goals]


def _verdict(goal: Goal, measured: dict[str, float] | None) -> Verdict:
    value = None if measured is None else measured["value"]
    if goal.at_least is not None:
        return Verdict(
            goal.metric, value, f">= {goal.at_least:g}", value is not None and value >= goal.at_least, goal.why
        )
    assert goal.at_most is not None
    return Verdict(goal.metric, value, f"<= {goal.at_most:g}", value is not None and value <= goal.at_most, goal.why)

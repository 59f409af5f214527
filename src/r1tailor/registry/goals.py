"""Verdicts: a domain's goals against the measured metrics, and whether a version reports those that it earned."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from r1tailor import config, store
from r1tailor.errors import ConfigError
from r1tailor.registry.version import Content
from r1tailor.schema.domain import Goal
from r1tailor.schema.redteam import REDTEAM_METRICS

COMPOSITION, MEASURED, ATTACKED = "config.yaml", "evaluation/metrics.json", "redteam/rates.json"
PROVING = (COMPOSITION, MEASURED, ATTACKED)  # files that goals are judged from
_MAJORITY = "always giving the most frequent training answer"  # what versions of earlier releases compare with
_FAULTS = (LookupError, TypeError, AttributeError, AssertionError, RecursionError)  # of values that are no goal


@dataclass(frozen=True)
class Verdict:
    """One goal, the tuned model's value, and whether it meets the goal.

    ``remark`` says so where the value is not shown to be better than that of a plain baseline.
    """

    metric: str
    value: float | None
    threshold: str
    met: bool
    why: str
    remark: str = ""

    def __str__(self) -> str:
        shown = "not measured" if self.value is None else f"{self.value:.3f}"
        remark = f"; {self.remark}" if self.remark else ""
        return f"{self.metric} {shown}, goal {self.threshold}: {'met' if self.met else 'missed'}{remark}"


def verdicts(
    goals: Sequence[Goal], metrics: dict[str, Any], attacked: Mapping[str, Any] | None = None
) -> list[Verdict]:
    """Return a verdict for each goal, and one on general ability where it was measured with a margin.

    A metric that was not measured, or is NaN, misses its goal.

    Args:
        goals: of the domain.
        metrics: of the evaluation.
        attacked: rates of the red team; None where it was not composed.
    """
    against = metrics.get("against_plain", metrics.get("against_majority", {}))
    ability = metrics.get("ability", {})
    measured = (metrics, ability, attacked or {})
    tuned = {name: one for each in measured for name, one in each.get("models", {}).get("tuned", {}).items()}
    judged = [_verdict(goal, tuned.get(goal.metric)) for goal in goals]
    judged = [replace(one, remark=_remark(against.get(one.metric))) for one in judged]
    return [*judged, *_kept(ability.get("verdict"))]


def _kept(judged: Mapping[str, Any] | None) -> list[Verdict]:
    """Return the verdict on general ability, which is a goal wherever it was measured with a margin."""
    if judged is None:
        return []
    why = "what the model could do before is kept"
    limit = f"> {-judged['margin']:g}"
    return [Verdict(judged["metric"], judged["low"], limit, judged["non_inferior"], why, judged["why"])]


def before_attacks(goals: Sequence[Goal]) -> list[Goal]:
    """Return the goals that an evaluation can judge: those on rates of the red team are judged after it."""
    return [goal for goal in goals if goal.metric not in REDTEAM_METRICS]


def _remark(difference: Mapping[str, Any] | None) -> str:
    """Return what is to be said where the interval of tuned - best plain baseline does not lie above 0.

    A constant answer can be far better than a base model that answers in prose, and show nothing.
    """
    if difference is None or difference["low"] > 0:
        return ""
    return f"not shown to be better than {difference.get('baseline', _MAJORITY)}"


def _verdict(goal: Goal, measured: dict[str, float] | None) -> Verdict:
    value = None if measured is None else measured["value"]
    if goal.at_least is not None:
        return Verdict(
            goal.metric, value, f">= {goal.at_least:g}", value is not None and value >= goal.at_least, goal.why
        )
    assert goal.at_most is not None
    return Verdict(goal.metric, value, f"<= {goal.at_most:g}", value is not None and value <= goal.at_most, goal.why)


def unproven(content: Content) -> str | None:
    """Return why the verdicts of a version cannot be computed again, in words; None if they can."""
    missing = [name for name in (COMPOSITION, MEASURED) if name not in content.files]
    return f"its goals cannot be checked without {' and '.join(missing)}" if missing else None


def contradiction(content: Content, file: Callable[[str], Path]) -> str | None:
    """Return where a version's metrics and goals differ from its own composition and evaluation; None if nowhere.

    Args:
        content: what the version reports.
        file: name of a file in the version -> where it lies; its hash was checked.
    """
    if unproven(content):
        return None
    try:
        metrics = store.read_json(file(MEASURED))
        goals = config.plain_values(file(COMPOSITION))["domain"]["goals"]
        attacked = store.read_json(file(ATTACKED)) if ATTACKED in content.files else None
        judged = verdicts([Goal.model_construct(**goal) for goal in goals], metrics, attacked)
        earned = [verdict.metric for verdict in judged], [str(verdict) for verdict in judged if not verdict.met]
    except (ConfigError, OSError, ValueError, *_FAULTS) as error:
        return f"its goals cannot be checked: {COMPOSITION} or {MEASURED} is not what r1tailor writes ({error!r:.200})"
    if json.dumps(metrics, sort_keys=True) != json.dumps(content.metrics, sort_keys=True):
        return f"its metrics are not those of {MEASURED}"
    if earned[0] != content.goals:
        return f"its goals are not those of {COMPOSITION}"
    if earned[1] != content.missed_goals:
        return f"by {COMPOSITION} and {MEASURED} it misses {'; '.join(earned[1]) or 'no goal'}"
    return None

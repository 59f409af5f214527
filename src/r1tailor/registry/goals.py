"""Verdicts: a domain's goals against the measured metrics, and whether a version reports those that it earned."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from r1tailor import config, store
from r1tailor.errors import ConfigError
from r1tailor.planning.shown import BASE, gain, judged, told
from r1tailor.registry.version import Content
from r1tailor.schema.domain import REASONING_METRICS, Goal
from r1tailor.schema.redteam import REDTEAM_METRICS

COMPOSITION, MEASURED, ATTACKED = "config.yaml", "evaluation/metrics.json", "redteam/rates.json"
CHAMPION = "champion"  # with whom a candidate of an update is compared, in the place of the base model
PROVING = (COMPOSITION, MEASURED, ATTACKED)  # files that goals are judged from
_MAJORITY = "always giving the most frequent training answer"
_WITHOUT_BASELINE = (*REDTEAM_METRICS, *REASONING_METRICS)  # how answers come about: nothing that is to be beaten
_FAULTS = (LookupError, TypeError, AttributeError, AssertionError, RecursionError)  # of values that are no goal


@dataclass(frozen=True)
class Verdict:
    """One goal, the tuned model's value, and whether it meets the goal.

    Attributes:
        metric: its name.
        value: of the tuned model; None where it was not measured.
        threshold: in words.
        met: whether the threshold is reached and nothing speaks against the value.
        why: what goes wrong below the threshold.
        remark: what speaks against the value, or what else is to be known.
        reached: whether the value alone reaches the threshold.
    """

    metric: str
    value: float | None
    threshold: str
    met: bool
    why: str
    remark: str = ""
    reached: bool = False

    @property
    def outcome(self) -> str:
        """Whether it is met, in words, and the remark."""
        if self.reached and not self.met:
            return f"met, but {self.remark}"
        return ("met" if self.met else "missed") + (f"; {self.remark}" if self.remark else "")

    def __str__(self) -> str:
        shown = "not measured" if self.value is None else f"{self.value:.3f}"
        return f"{self.metric} {shown}, goal {self.threshold}: {self.outcome}"


def verdicts(
    goals: Sequence[Goal], metrics: dict[str, Any], attacked: Mapping[str, Any] | None = None
) -> list[Verdict]:
    """Return a verdict for each goal, and one on general ability where it was measured with a margin.

    A goal is met if its threshold is reached, no finding stops it, and the value is shown to be better than the base
    model and the best plain baseline (``planning/shown.py``); a floor need not be. A metric that was not measured, or
    is not defined, misses its goal. Metrics of earlier releases hold no findings: their thresholds alone count.

    Args:
        goals: of the domain.
        metrics: of the evaluation.
        attacked: rates of the red team; None where it was not composed.
    """
    ability = metrics.get("ability", {})
    measured = (metrics, ability, attacked or {})
    tuned = {name: one for each in measured for name, one in each.get("models", {}).get("tuned", {}).items()}
    found = [_verdict(goal, tuned.get(goal.metric)) for goal in goals]
    if "findings" in metrics:
        shown = {} if CHAMPION in metrics["models"] else _shown(goals, metrics)
        found = [_weighed(goal, one, metrics, shown) for goal, one in zip(goals, found, strict=True)]
    else:
        against = metrics.get("against_plain", metrics.get("against_majority", {}))
        found = [replace(one, remark=_remark_of_earlier_release(against.get(one.metric))) for one in found]
    found = [_without_the_same_answers(one, attacked or {}) for one in found]
    return [*found, *_kept(ability.get("verdict"))]


def _kept(judged: Mapping[str, Any] | None) -> list[Verdict]:
    """Return the verdict on general ability, which is a goal wherever it was measured with a margin."""
    if judged is None:
        return []
    why = "what the model could do before is kept"
    limit = f"> {-judged['margin']:g}"
    return [Verdict(judged["metric"], judged["low"], limit, judged["non_inferior"], why, judged["why"])]


def _without_the_same_answers(one: Verdict, attacked: Mapping[str, Any]) -> Verdict:
    """Return a verdict on a rate of the red team, which nobody earns by answering the task whatever is asked."""
    same = attacked.get("same_answers", {}).get("tuned")
    if not one.reached or same is None or one.metric not in REDTEAM_METRICS:
        return one
    return replace(one, met=False, remark=f"{same['repeated']} of {same['n']} answers are given to several cases")


def before_attacks(goals: Sequence[Goal]) -> list[Goal]:
    """Return the goals that an evaluation can judge: those on rates of the red team are judged after it."""
    return [goal for goal in goals if goal.metric not in REDTEAM_METRICS]


def _remark_of_earlier_release(difference: Mapping[str, Any] | None) -> str:
    """Return what is to be said where the interval of tuned - best plain baseline does not lie above 0."""
    if difference is None or difference["low"] > 0:
        return ""
    return f"not shown to be better than {difference.get('baseline', _MAJORITY)}"


def _verdict(goal: Goal, measured: Mapping[str, float | None] | None) -> Verdict:
    value = None if measured is None else measured["value"]
    reached = value is not None and _reaches(goal, value)
    threshold = f">= {goal.at_least:g}" if goal.at_least is not None else f"<= {goal.at_most:g}"
    return Verdict(goal.metric, value, threshold, reached, goal.why, reached=reached)


def _reaches(goal: Goal, value: float) -> bool:
    if goal.at_least is not None:
        return value >= goal.at_least
    assert goal.at_most is not None
    return value <= goal.at_most


def _shown(goals: Sequence[Goal], metrics: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the verdicts on all goals that plain baselines can be compared in: one family of tests."""
    plain = metrics.get("against_plain", {})
    fair = [goal.metric for goal in goals if goal.metric in plain and goal.at_least is not None and not goal.floor]
    return judged(list(dict.fromkeys(fair)), metrics["comparisons"], plain, metrics["confidence"])


def _weighed(goal: Goal, one: Verdict, metrics: Mapping[str, Any], shown: Mapping[str, Mapping[str, Any]]) -> Verdict:
    """Return a verdict with what speaks against its value; a value that misses its threshold needs no reason."""
    if not one.reached:
        return one
    against = _stopped(goal, metrics) or _unshown(goal, metrics, shown)
    if against:
        return replace(one, met=False, remark=against)
    return replace(one, remark=_to_be_known(goal, metrics))


def _stopped(goal: Goal, metrics: Mapping[str, Any]) -> str:
    """Return the finding that stops a goal, in a few words; empty if none does."""
    for found in metrics["findings"]:
        if goal.metric in found["metrics"]:
            return str(found["why"])
        worst = found["worst"].get(goal.metric)
        if worst and not all(_reaches(goal, end) for end in worst):
            end = worst[0] if goal.at_least is not None else worst[1]
            return f"{found['why']}; {end:.3f} if each counts as the worst there is"
    return ""


def _unshown(goal: Goal, metrics: Mapping[str, Any], shown: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what a value is not shown to beat; empty for a floor, and where nothing is compared."""
    if _has_nothing_to_beat(goal, metrics):
        return ""
    if goal.metric in shown:
        gains = [(gain(one, metrics["confidence"]), one) for one in shown[goal.metric]["against"]]
        return next((f"not shown to beat {one['name']} ({told(one)})" for gained, one in gains if gained <= 0), "")
    compared = metrics["comparisons"].get(goal.metric)
    if compared is not None and not _better(goal, compared):
        return f"not shown to beat {BASE} ({told(compared)})"
    constant = _constant(goal, metrics)
    return f"{_MAJORITY} meets it too ({constant:.3f})" if constant is not None else ""


def _better(goal: Goal, compared: Mapping[str, Any]) -> bool:
    """Whether the whole interval of tuned - base lies on the goal's side of 0."""
    if compared["low"] is None or compared["high"] is None:
        return False
    return bool(compared["low"] > 0 if goal.at_least is not None else compared["high"] < 0)


def _constant(goal: Goal, metrics: Mapping[str, Any]) -> float | None:
    """Return what a constant answer reaches, if it meets the goal."""
    value = metrics.get("constant_answer", {}).get(goal.metric.partition("_maj@")[0])
    return float(value) if value is not None and _reaches(goal, value) else None


def _to_be_known(goal: Goal, metrics: Mapping[str, Any]) -> str:
    """Return the remark on a goal that is met."""
    constant = _constant(goal, metrics)
    if constant is not None:
        return f"{_MAJORITY} meets it too ({constant:.3f})"
    compared = goal.metric in metrics["comparisons"] or goal.metric in metrics.get("against_plain", {})
    return "" if compared or _has_nothing_to_beat(goal, metrics) else f"not compared with {BASE}"


def judged_facts(
    goals: Sequence[Goal], metrics: dict[str, Any], attacked: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return what a version says of its goals, and the metrics that say it.

    Args:
        goals: of the domain.
        metrics: of the evaluation.
        attacked: rates of the red team; None where it was not composed.
    """
    judged = verdicts(goals, metrics, attacked)
    return {
        "metrics": metrics,
        "goals": [verdict.metric for verdict in judged],
        "missed_goals": [str(verdict) for verdict in judged if not verdict.met],
    }


def _has_nothing_to_beat(goal: Goal, metrics: Mapping[str, Any]) -> bool:
    """Whether a goal is a floor: it says so, or tells how answers come about, or general ability, which is kept.

    All goals of a candidate are: what it has to beat is its champion, in the gates of its proof (``update/prove.py``).
    """
    kept = metrics.get("ability", {}).get("models", {}).get("tuned", {})
    candidate = CHAMPION in metrics["models"]
    return goal.floor or candidate or goal.metric in _WITHOUT_BASELINE or goal.metric in kept


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
        earned = judged_facts([Goal.model_construct(**goal) for goal in goals], metrics, attacked)
    except (ConfigError, OSError, ValueError, *_FAULTS) as error:
        return f"its goals cannot be checked: {COMPOSITION} or {MEASURED} is not what r1tailor writes ({error!r:.200})"
    if json.dumps(metrics, sort_keys=True) != json.dumps(content.metrics, sort_keys=True):
        return f"its metrics are not those of {MEASURED}"
    if earned["goals"] != content.goals:
        return f"its goals are not those of {COMPOSITION}"
    if earned["missed_goals"] != content.missed_goals:
        return f"by {COMPOSITION} and {MEASURED} it misses {'; '.join(earned['missed_goals']) or 'no goal'}"
    return None

"""Whether a model has learnt its task, in words: against the base model and the best plain baseline, paired.

The headline metrics are those of the domain's goals for which plain baselines are a fair comparison; without such a
goal the first such metric is. Of the plain baselines the best on the same items is taken, which favours the baseline.
The test itself is ``planning/shown.py``.
"""

from collections.abc import Container, Mapping, Sequence
from typing import Any

from r1tailor.domain.declaration import ScoredMetric
from r1tailor.planning.power import detectable_gain
from r1tailor.planning.shown import LEARNT, NOT_SHOWN, judged, told
from r1tailor.schema.domain import Goal


def headline(metrics: Sequence[ScoredMetric], goals: Sequence[Goal], measured: Mapping[str, Any]) -> list[ScoredMetric]:
    """Return the metrics that verdicts speak of, in the order of the goals.

    Args:
        metrics: those of the domain.
        goals: of the domain; floors are no headline.
        measured: comparisons with plain baselines, by metric.
    """
    fair = {metric.name: metric for metric in metrics if metric.constant_answer and metric.name in measured}
    wanted = list(dict.fromkeys(goal.metric for goal in goals if goal.metric in fair and not goal.floor))
    return [fair[name] for name in wanted or list(fair)[:1]]


def verdicts(
    chosen: Sequence[ScoredMetric],
    comparisons: Mapping[str, Mapping[str, Any]],
    against_plain: Mapping[str, Mapping[str, Any]],
    confidence: float,
    stopped: Container[str] = (),
) -> list[dict[str, Any]]:
    """Return for each headline metric a verdict, and the comparisons behind it (see ``planning/shown.py``).

    Args:
        chosen: the headline metrics.
        comparisons: of the tuned model with the base model, by metric.
        against_plain: with the best plain baseline, by metric; ``baseline`` names it.
        confidence: 1 - level of the tests.
        stopped: metrics of which a finding says that nothing was learnt, whatever the tests show.
    """
    found = judged([metric.name for metric in chosen], comparisons, against_plain, confidence)
    for name, one in found.items():
        if name in stopped and one["verdict"] == LEARNT:
            one["verdict"] = NOT_SHOWN
    return [{"metric": metric.name, "kind": metric.kind, **found[metric.name]} for metric in chosen]


def sentences(metrics: Mapping[str, Any]) -> list[str]:
    """Return an evaluation in words: a verdict for each headline metric, then what was found and not measured."""
    told_of = [_sentence(one, metrics) for one in metrics.get("verdicts", ())]
    return [*told_of, *(one["sentence"] for one in metrics.get("findings", ())), *_unknown(metrics)]


def _sentence(verdict: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    value = metrics["models"]["tuned"][verdict["metric"]]["value"]
    against = "; ".join(
        f"{told(one)} against {one['name']}, " + ("no p" if one["p_holm"] is None else f"p = {one['p_holm']:.2g}")
        for one in verdict["against"]
    )
    reached = "not defined" if value is None else f"{value:.3f}"
    said = f"{verdict['metric']}: {verdict['verdict']}. {reached}: {against}"
    gain = detectable_gain(metrics["n"]) if verdict["kind"] == "proportion" else None
    if verdict["verdict"] != NOT_SHOWN or gain is None:
        return said
    return f"{said}. With n = {metrics['n']} a gain of {gain * 100:.0f} points would be seen 80 % of the time"


def _unknown(metrics: Mapping[str, Any]) -> list[str]:
    """Return the sentences on metrics without a value: no goal on them is met."""
    missing = list(metrics.get("not_measured", ()))
    undefined = [name for name, entry in metrics["models"].get("tuned", {}).items() if entry["value"] is None]
    said = {"not measured on any held-out item": missing, "not defined on these items": undefined}
    return [f"{why}, so that no goal on it is met: {', '.join(names)}" for why, names in said.items() if names]

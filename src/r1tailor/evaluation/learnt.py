"""Whether a model has learnt its task, in words: against the base model and the best plain baseline, paired.

The headline metrics are those of the domain's goals for which plain baselines are a fair comparison; without such a
goal the first such metric is. Holm's method corrects the p-values of all their comparisons. Of the plain baselines the
best on the same items is taken, which favours the baseline.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from r1tailor.domain.declaration import ScoredMetric
from r1tailor.evaluation.significance import holm
from r1tailor.planning.power import detectable_gain
from r1tailor.schema.domain import Goal

LEARNT, NOT_SHOWN, WORSE = "learnt", "not shown", "worse"
BASE, RANKED = "the base model", "the base model's ranking"


def headline(metrics: Sequence[ScoredMetric], goals: Sequence[Goal], measured: Mapping[str, Any]) -> list[ScoredMetric]:
    """Return the metrics that verdicts speak of, in the order of the goals.

    Args:
        metrics: those of the domain.
        goals: of the domain.
        measured: comparisons with plain baselines, by metric.
    """
    fair = {metric.name: metric for metric in metrics if metric.constant_answer and metric.name in measured}
    wanted = list(dict.fromkeys(goal.metric for goal in goals if goal.metric in fair))
    return [fair[name] for name in wanted or list(fair)[:1]]


def verdicts(
    chosen: Sequence[ScoredMetric],
    comparisons: Mapping[str, Mapping[str, float]],
    against_plain: Mapping[str, Mapping[str, Any]],
    confidence: float,
) -> list[dict[str, Any]]:
    """Return for each headline metric a verdict, and the comparisons behind it with corrected p-values.

    It is ``learnt`` where the tuned model is shown to be better than everything it is compared with, ``worse`` where
    it is shown to be worse than something, and else ``not shown``.

    Args:
        chosen: the headline metrics.
        comparisons: of the tuned model with the base model, by metric.
        against_plain: with the best plain baseline, by metric; ``baseline`` names it.
        confidence: 1 - level of the tests.
    """
    found = [(metric, _opponents(metric, comparisons, against_plain)) for metric in chosen]
    corrected = iter(holm([one["p"] for _, opponents in found for one in opponents]))
    judged = []
    for metric, opponents in found:
        against = [{**one, "p_holm": next(corrected)} for one in opponents]
        shown = [one["difference"] if one["p_holm"] < 1 - confidence else 0.0 for one in against]
        verdict = LEARNT if all(gain > 0 for gain in shown) else WORSE if min(shown) < 0 else NOT_SHOWN
        judged.append({"metric": metric.name, "kind": metric.kind, "verdict": verdict, "against": against})
    return judged


def _opponents(
    metric: ScoredMetric, comparisons: Mapping[str, Mapping[str, float]], plain: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    best = plain[metric.name]
    named = {BASE: comparisons.get(metric.name), RANKED: comparisons.get(f"{metric.name}_against_base_ranked")}
    of_base = [{"name": name, **one} for name, one in named.items() if one is not None]
    return [{"name": best["baseline"], **{key: best[key] for key in ("difference", "low", "high", "p")}}, *of_base]


def sentences(metrics: Mapping[str, Any]) -> list[str]:
    """Return the verdicts of an evaluation in words, a sentence for each headline metric; none where there is none."""
    return [_sentence(one, metrics) for one in metrics.get("verdicts", ())]


def _sentence(judged: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    value = metrics["models"]["tuned"][judged["metric"]]["value"]
    against = "; ".join(
        f"{one['difference']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}] against {one['name']}, "
        f"p = {one['p_holm']:.2g}"
        for one in judged["against"]
    )
    told = f"{judged['metric']}: {judged['verdict']}. {value:.3f}: {against}"
    gain = detectable_gain(metrics["n"]) if judged["kind"] == "proportion" else None
    if judged["verdict"] != NOT_SHOWN or gain is None:
        return told
    return f"{told}. With n = {metrics['n']} a gain of {gain * 100:.0f} points would be seen 80 % of the time"

"""Whether a model is shown to be better than others on the same items: a verdict a metric, corrected by Holm's method.

Evaluation reports these verdicts, and the registry's gate reads the same ones from ``metrics.json``. Nothing here
imports numpy or torch.
"""

from collections.abc import Mapping, Sequence
from typing import Any, overload

LEARNT, NOT_SHOWN, WORSE = "learnt", "not shown", "worse"
BASE, RANKED = "the base model", "the base model's ranking"


@overload
def holm(p_values: Sequence[float]) -> Sequence[float]: ...


@overload
def holm(p_values: Sequence[float | None]) -> Sequence[float | None]: ...


def holm(p_values: Sequence[float | None]) -> Sequence[float | None]:
    """Return the p-values of a family of tests, corrected by Holm's method; a test without one is not of the family.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    known = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, place) in enumerate(known):
        highest = max(highest, min(1.0, (len(known) - rank) * p))
        corrected[place] = highest
    return corrected


def judged(
    names: Sequence[str],
    comparisons: Mapping[str, Mapping[str, Any]],
    against_plain: Mapping[str, Mapping[str, Any]],
    confidence: float,
) -> dict[str, dict[str, Any]]:
    """Return for each metric its ``verdict``, and ``against``: the comparisons behind it with corrected p-values.

    It is ``learnt`` where the tuned model is shown to be better than everything it is compared with, ``worse`` where
    it is shown to be worse than something, and else ``not shown``. The family of tests is that of all comparisons of
    all these metrics; a comparison without a p-value is of no family and shows nothing.

    Args:
        names: of the metrics; higher is better in each.
        comparisons: of the tuned model with the base model, by metric.
        against_plain: with the best plain baseline, by metric; ``baseline`` names it.
        confidence: 1 - level of the tests.
    """
    found = {name: _opponents(name, comparisons, against_plain[name]) for name in names}
    corrected = iter(holm([one["p"] for opponents in found.values() for one in opponents]))
    result = {}
    for name, opponents in found.items():
        against = [{**one, "p_holm": next(corrected)} for one in opponents]
        gains = [gain(one, confidence) for one in against]
        verdict = LEARNT if min(gains) > 0 else WORSE if min(gains) < 0 else NOT_SHOWN
        result[name] = {"verdict": verdict, "against": against}
    return result


def gain(compared: Mapping[str, Any], confidence: float) -> float:
    """Return the difference to an opponent if it is shown at the corrected level, else 0."""
    p = compared["p_holm"]
    return float(compared["difference"]) if p is not None and p < 1 - confidence else 0.0


def told(compared: Mapping[str, Any]) -> str:
    """Return a difference with its interval, in words."""
    if compared["difference"] is None:
        return "no difference is defined"
    if compared["low"] is None:
        return f"{compared['difference']:+.3f}"
    return f"{compared['difference']:+.3f} [{compared['low']:+.3f}, {compared['high']:+.3f}]"


def _opponents(
    name: str, comparisons: Mapping[str, Mapping[str, Any]], plain: Mapping[str, Any]
) -> list[dict[str, Any]]:
    named = {BASE: comparisons.get(name), RANKED: comparisons.get(f"{name}_against_base_ranked")}
    of_base = [{"name": of, **one} for of, one in named.items() if one is not None]
    return [{"name": plain["baseline"], **{key: plain[key] for key in ("difference", "low", "high", "p")}}, *of_base]

"""The table of headline metrics: name, base, tuned, and the difference with its interval as a small picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from r1tailor.registry.goals import Verdict
from r1tailor.report.svg import dots, interval
from r1tailor.report.texts import Texts

GOOD, BAD, UNSURE = "good", "bad", "unsure"
_LOWER = ("perplexity", "answer_perplexity", "reasoning_perplexity", "truncated", "answer_cut")
_NEITHER = ("reasoning_tokens", "think_rate", "length")  # more of it is neither better nor worse
_NO_SHARES = (*_LOWER[:3], "bleu", "chrf", "length", "reasoning_tokens", "warning_", "portfolio_")
_MOST = 8
_FEW = 100  # from here on a value is shown with one decimal


@dataclass(frozen=True)
class Row:
    """One metric.

    Attributes:
        metric: its name.
        base: value of the base model, as text.
        tuned: of the tuned model.
        difference: tuned - base with its interval, as text; empty where it is not paired.
        p: of no difference; empty where it is not paired.
        picture: the same as SVG; empty where it is not paired.
        tone: ``good``, ``bad`` or ``unsure``.
        others: (plain baseline, value with interval).
    """

    metric: str
    base: str
    tuned: str
    difference: str
    p: str
    picture: str
    tone: str
    others: Sequence[tuple[str, str]] = ()


def chosen(metrics: Mapping[str, Any], goals: Sequence[Verdict]) -> list[str]:
    """Return the names of the headline metrics: those with a verdict or a goal, or else the first ones."""
    compared = metrics["comparisons"]
    wanted = [one["metric"] for one in metrics.get("verdicts", ())] + [one.metric for one in goals]
    named = [name for name in dict.fromkeys(wanted) if name in metrics["models"]["tuned"]]
    return (named or list(compared))[:_MOST]


def rows(metrics: Mapping[str, Any], names: Sequence[str], t: Texts) -> list[Row]:
    """Return a row for each metric."""
    models, compared = metrics["models"], metrics["comparisons"]
    plain = [name for name in models if name not in ("base", "tuned")]
    return [
        _row(
            name,
            models,
            compared.get(name),
            [(other, _whole(models[other][name])) for other in plain if name in models[other]],
            t,
        )
        for name in names
    ]


def every(metrics: Mapping[str, Any]) -> list[str]:
    """Return the names of all metrics of base or tuned model, and of all comparisons."""
    models = metrics["models"]
    return list(dict.fromkeys([*metrics["comparisons"], *models["tuned"], *models.get("base", {})]))


def _row(
    name: str,
    models: Mapping[str, Any],
    entry: Mapping[str, Any] | None,
    others: Sequence[tuple[str, str]],
    t: Texts,
) -> Row:
    base, tuned = (
        number(models[model][name]["value"]) if name in models.get(model, {}) else "–" for model in ("base", "tuned")
    )
    if entry is None or entry["difference"] is None:
        return Row(name, base, tuned, "", "", "", UNSURE, others)
    shown = difference(entry)
    return Row(name, base, tuned, shown, p_value(entry["p"]), picture(name, entry, t), tone(name, entry), others)


def picture(name: str, entry: Mapping[str, Any], t: Texts, most: float = 0.0) -> str:
    """Return a difference as a picture; shares have one scale, from -1 to 1, anything else its own."""
    if entry["difference"] is None or entry["low"] is None:
        return ""
    ends = [abs(entry[key]) for key in ("low", "high")]
    most = most or (1.0 if _is_share(name) and max(ends) <= 1 else max(ends) * 1.15)
    return interval(entry, most, tone(name, entry), t("difference {difference}", difference=difference(entry)))


def tone(name: str, entry: Mapping[str, Any]) -> str:
    """Return whether an interval lies on the good side of 0, on the bad one, or on both."""
    if name in _NEITHER or entry["low"] is None or entry["low"] <= 0 <= entry["high"]:
        return UNSURE
    lower = name.startswith("redteam_") or name in _LOWER
    return GOOD if (entry["low"] > 0) != lower else BAD


def number(value: float | None) -> str:
    """Return a value with as many digits as say something.

    >>> number(0.7366), number(142.51)
    ('0.737', '142.5')
    """
    if value is None:
        return "–"
    return f"{value:.1f}" if abs(value) >= _FEW else f"{value:.3f}"


def difference(entry: Mapping[str, Any]) -> str:
    """Return a difference with its interval."""
    value, low, high = (number(entry[key]) for key in ("difference", "low", "high"))
    interval_ = f" [{low}, {high}]" if entry["low"] is not None else ""
    return f"{'' if value[0] in '-–' else '+'}{value}{interval_}".replace("-", "−")


def p_value(value: float | None) -> str:
    """Return a p-value as text."""
    return "–" if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"


def _whole(entry: Mapping[str, Any]) -> str:
    value = number(entry["value"])
    return value if entry["low"] is None else f"{value} [{number(entry['low'])}, {number(entry['high'])}]"


def _is_share(name: str) -> bool:
    return not name.startswith(_NO_SHARES)


def _named(model: str, entry: Mapping[str, Any]) -> str:
    return f"{model} {number(entry['value'])}"


def _in_unit(entry: Mapping[str, Any]) -> bool:
    return all(entry[key] is not None and 0 <= entry[key] <= 1 for key in ("low", "value", "high"))


def against_baselines(metrics: Mapping[str, Any], names: Sequence[str], t: Texts) -> str:
    """Return base, tuned and plain baselines on each headline metric as a picture; empty where there are no shares."""
    models = metrics["models"]
    shown = [
        (name, [(t.of(model), found[name]) for model, found in models.items() if name in found])
        for name in names
        if _is_share(name) and all(_in_unit(found[name]) for found in models.values() if name in found)
    ]
    told = "; ".join(f"{name}: {', '.join(_named(model, entry) for model, entry in of)}" for name, of in shown)
    return dots(shown, t("Every model and plain baseline, with intervals"), told) if shown else ""

"""The red team on the page: base against tuned, by family, with corrected rates of refusal and what is undecided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from r1tailor.report.headline import difference, number, picture, tone
from r1tailor.report.texts import Texts

BROKEN, UNDECIDED, REASONING = "redteam_broken_rate", "redteam_undecided_rate", "redteam_reasoning_broken_rate"
_BASE, _TUNED = "base", "tuned"


@dataclass(frozen=True)
class Attacked:
    """What the page shows of the red team.

    Attributes:
        sentence: whether the tuned model breaks more often, in words.
        tone: ``good``, ``bad`` or ``unsure``.
        n: cases that a rule can decide.
        rates: (what, base, tuned, difference, picture, corrected p).
        families: (family, cases, broken by base, undecided, broken by tuned, undecided).
        refusals: (set, should refuse, model, cases, by words, corrected).
        detector: the error of the detector of refusals; empty where it is not known.
        notes: what a reader has to know.
    """

    sentence: str
    tone: str
    n: int
    rates: Sequence[tuple[str, ...]]
    families: Sequence[tuple[str, ...]]
    refusals: Sequence[tuple[str, ...]]
    detector: Mapping[str, Any]
    notes: Sequence[str] = field(default=())


def attacked(found: Mapping[str, Any], report: Mapping[str, Any], t: Texts) -> Attacked | None:
    """Return what is shown of rates and what stands behind them; None where nothing was asked."""
    models = found.get("models", {})
    if BROKEN not in models.get(_TUNED, {}):
        return None
    compared = found.get("comparisons", {}).get(_TUNED, {})
    alpha = 1 - found["confidence"]
    same = found.get("same_answers", {}).get(_TUNED)  # rates of earlier releases do not tell
    shown, how = _sentence(models, compared.get(BROKEN), alpha, found["n"], same, t)
    rates = [_rate(name, models, compared.get(name), t) for name in (BROKEN, REASONING, UNDECIDED)]
    return Attacked(
        shown,
        how,
        found["n"],
        [row for row in rates if row],
        _families(report.get("families", {})),
        _refusals(report.get("refusals", {})),
        report.get("detector") or {},
        [t.of(note) for note in report.get("notes", ())],
    )


def _sentence(
    models: Mapping[str, Any],
    compared: Mapping[str, float] | None,
    alpha: float,
    n: int,
    same: Mapping[str, int] | None,
    t: Texts,
) -> tuple[str, str]:
    tuned = number(models[_TUNED][BROKEN]["value"])
    if compared is None:
        return t("The tuned model breaks in {tuned} of {n} cases", tuned=tuned, n=n), "unsure"
    base = number(models[_BASE][BROKEN]["value"])
    values = {"base": base, "tuned": tuned, "n": n, "difference": difference(compared)}
    if compared["p"] >= alpha:
        return t("Not shown to break more or less often than the base model: {difference}", **values), "unsure"
    if compared["difference"] > 0:
        return t("Fine-tuning lowered safety here: {tuned} of {n} cases break, {base} before", **values), "bad"
    if same:
        said = t(
            "{tuned} of {n} cases break, {base} before, but {repeated} of {answers} answers are given to several "
            "cases: no sign of safety",
            **values,
            repeated=same["repeated"],
            answers=same["n"],
        )
        return said, "unsure"
    return t("The tuned model breaks less often: {tuned} of {n} cases, {base} before", **values), "good"


def _rate(name: str, models: Mapping[str, Any], compared: Mapping[str, float] | None, t: Texts) -> tuple[str, ...]:
    if name not in models[_TUNED]:
        return ()
    base, tuned = (_interval(models.get(model, {}).get(name)) for model in (_BASE, _TUNED))
    title = {
        BROKEN: t("broken: positive evidence of a harmful answer"),
        REASONING: t("reasoning broken"),
        UNDECIDED: t("undecided: people have to decide"),
    }[name]
    if compared is None:
        return (title, base, tuned, "", "", "", "unsure")
    p = compared.get("p_holm", compared["p"])
    drawn = picture(name, compared, t, most=0.5)
    return (title, base, tuned, difference(compared), drawn, number(p), tone(name, compared))


def _interval(entry: Mapping[str, float] | None) -> str:
    return f"{entry['value']:.3f} [{entry['low']:.3f}, {entry['high']:.3f}]" if entry else "–"


def _families(found: Mapping[str, Mapping[str, Mapping[str, int]]]) -> list[tuple[str, ...]]:
    names = dict.fromkeys(name for counts in found.values() for name in counts)
    base, tuned = (found.get(model, {}) for model in (_BASE, _TUNED))
    rows = [(name, base.get(name, {}), tuned.get(name, {})) for name in names]
    ordered = sorted(rows, key=lambda row: (row[1].get("broken", 0) - row[2].get("broken", 0), row[0]))
    return [
        (
            name,
            str(after.get("n", before.get("n", 0))),
            *(str(one.get(key, "–")) for one in (before, after) for key in ("broken", "undecided")),
        )
        for name, before, after in ordered
    ]


def _refusals(found: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, ...]]:
    rows = []
    for model in (_BASE, _TUNED):
        for group, one in found.get(model, {}).items():
            wanted = "refuse" if one["should_refuse"] else "answer"
            rows.append((group, wanted, model, str(one["n"]), _interval(one["refused"]), _interval(one["corrected"])))
    return sorted(rows, key=lambda row: row[:2])

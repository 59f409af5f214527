"""The page of a sweep: how its runs compare, what the search found to matter, every run in a table."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from r1tailor.report.page import environment
from r1tailor.report.svg import Axis, bar, parallel
from r1tailor.report.texts import Language, Texts

Record = Mapping[str, Any]
_MOST_AXES = 8
_FEW = ("validation_loss", "perplexity", "seconds")  # shown first, where nothing was searched for
_TONES = {"done": "c1", "pruned": "c0 dashed", "failed": "bad dashed"}


def sweep_page(
    found: Sequence[Record], varied: Mapping[str, Sequence[str]], searched: Record, language: Language
) -> str:
    """Return the page as HTML that needs no network and no other file.

    Args:
        found: the record of each run, in the order of their jobs.
        varied: what was swept: key -> its value in each run.
        searched: what ``search`` found: ``objectives``, ``best``, ``importance``; empty where all was run.
        language: of the page.
    """
    t = Texts(language)
    best = set(searched.get("best", ()))
    axes = [*(Axis(key, [_plain(one) for one in given]) for key, given in varied.items()), *_measured(found, searched)]
    tones = ["good" if record["job"] in best else _TONES[record["status"]] for record in found]
    drawn = parallel(axes[:_MOST_AXES], tones, t("Runs of the sweep"), _counts(found, t))
    names = _names(found)
    contents = [("verdict", t("Verdict")), *([("coordinates", t("Parallel coordinates"))] if drawn else [])]
    contents += [("importance", t("Importance"))] if any(searched.get("importance", {}).values()) else []
    return (
        environment(t)
        .get_template("sweep.html.j2")
        .render(
            counts=_counts(found, t),
            searched=searched,
            best=[
                _best(record, varied, place, searched, t) for place, record in enumerate(found) if record["job"] in best
            ],
            on_test=[
                name for name in searched.get("objectives", {}) if any(name in one.get("metrics", {}) for one in found)
            ],
            drawn=drawn,
            left_out=[axis.name for axis in axes[_MOST_AXES:]],
            importance=_importance(found, searched),
            header=[t("run"), t("status"), *varied, *names],
            rows=[
                _row(record, [given[place] for given in varied.values()], names, t)
                for place, record in enumerate(found)
            ],
            contents=[*contents, ("runs", t("Runs"))],
        )
    )


def measured(record: Record) -> dict[str, float | None]:
    """Return everything that a run measured, by name."""
    return {**record.get("costs", {}), "seconds": record.get("seconds"), **record.get("metrics", {})}


def _names(found: Sequence[Record]) -> list[str]:
    """Return the names of what any run measured."""
    return list(dict.fromkeys(name for one in found for name, value in measured(one).items() if value is not None))


def _measured(found: Sequence[Record], searched: Record) -> list[Axis]:
    """Return the axes of what was measured: the objectives, then what every run has."""
    names = _names(found)
    first = [name for name in (*searched.get("objectives", {}), *_FEW) if name in names]
    ordered = dict.fromkeys([*first, *names])
    return [Axis(name, [_finite(measured(one).get(name)) for one in found]) for name in ordered]


def _counts(found: Sequence[Record], t: Texts) -> str:
    counted = {status: sum(one["status"] == status for one in found) for status in _TONES}
    return t("{done} runs finished, {pruned} ended early, {failed} failed", **counted)


def _best(
    record: Record, varied: Mapping[str, Sequence[str]], place: int, searched: Record, t: Texts
) -> tuple[str, str, str]:
    """Return name, composition and objectives of a run that no other is better than."""
    chosen = ", ".join(f"{key}={_short(_plain(given[place]))}" for key, given in varied.items())
    values = measured(record)
    reached = ", ".join(f"{name} {_short(values.get(name))}" for name in searched["objectives"])
    return t("run {name}", name=record["run"]), chosen, reached


def _importance(found: Sequence[Record], searched: Record) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Return for each objective the keys that it varied by: name, share, picture; none where it did not vary."""
    told = []
    for name, shares in searched.get("importance", {}).items():
        varied = len({measured(record).get(name) for record in found if record["status"] == "done"}) > 1
        pairs = _falling(shares) if varied else []
        if shares:
            told.append((name, [(key, f"{share:.0%}", bar(share, f"{key} {share:.0%}")) for key, share in pairs]))
    return told


def _falling(shares: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(shares.items(), key=lambda pair: -pair[1])


def _row(record: Record, chosen: Sequence[str], names: Sequence[str], t: Texts) -> tuple[str, list[str], str, str, str]:
    """Return name, cells, status, its tone and its reason."""
    values = measured(record)
    cells = [*map(_short, map(_plain, chosen)), *(_short(values.get(name)) for name in names)]
    tone = {"done": "good", "pruned": "unsure"}.get(record["status"], "bad")
    return record["run"], cells, t.of(record["status"]), tone, record.get("error", "")


def _plain(text: str) -> float | str | None:
    """Return a value of the command line as a number where it is one; None where the run has none."""
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        return text


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _short(value: Any) -> str:  # noqa: ANN401
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)

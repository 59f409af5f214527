"""The page of a finished run: self-contained, offline, without script; the verdict first."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from r1tailor import config
from r1tailor.corpus.privacy.coverage import coverage_table
from r1tailor.evaluation.chart import Band, Chart, Series, chart_from
from r1tailor.evaluation.learnt import sentences
from r1tailor.report import classes, headline
from r1tailor.report.ability import ability
from r1tailor.report.attacked import attacked
from r1tailor.report.composed import changed
from r1tailor.report.explained import explained, modes
from r1tailor.report.finished import Finished, Item, Phase
from r1tailor.report.slices import slices
from r1tailor.report.svg import drawn
from r1tailor.report.texts import Texts, language_of
from r1tailor.sources.permissions import listed

LONGEST_SHOWN = 2000  # characters of a text
_EXAMPLES = 6  # right ones, and as many wrong ones
_TONES = {"learnt": "good", "worse": "bad"}  # of verdicts; anything else is not decided


def page(found: Finished) -> str:
    """Return the page, in the language that ``report.language`` asks for."""
    t = Texts(language_of(found.settings))
    names = headline.chosen(found.metrics, found.goals)
    shown = _shown(found, names, t) | _data(found)
    return environment(t).get_template("run.html.j2").render(**shown, contents=_contents(shown, t))


def environment(t: Texts) -> Environment:
    """Return what renders the pages in a language: everything is escaped but our own pictures."""
    made = Environment(
        loader=PackageLoader("r1tailor", "report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"excerpt": excerpt, "number": headline.number, "of": t.of, "drawn": Markup}
    made.globals |= {"t": t, "stop": t.stop, "language": {"en": "en", "zh": "zh-Hans"}[t.language]}
    return made


def excerpt(text: str) -> str:
    """Return a text, or its beginning and its length where it is long.

    >>> excerpt("short")
    'short'
    """
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]} … ({len(text):,})"


def _shown(found: Finished, names: Sequence[str], t: Texts) -> dict[str, Any]:
    """Return what the page shows of the results."""
    metrics, items = found.metrics, found.items
    per_class = metrics.get("per_class", {}).get("tuned", ())
    scored = [name for name in names if any(name in tuned.scores for _, _, tuned in items)]
    judged, sentences_ = metrics.get("verdicts", ()), told(metrics, t)
    evaluation, seed = found.settings.evaluation, found.settings.seed
    return {
        "settings": found.settings,
        "metrics": metrics,
        "verdicts": [_verdict(one, said, metrics, t) for one, said in zip(judged, sentences_, strict=False)],
        "warned": sentences_[len(judged) :],
        "goals": found.goals,
        "notes": _notes(metrics, ability_shown=bool(found.ability.get("comparisons"))),
        "headline": headline.rows(metrics, names, t),
        "every": headline.rows(metrics, headline.every(metrics), t),
        "baselines": headline.against_baselines(metrics, names, t),
        "turns": _turns(metrics),
        "curves": _curves(found, t),
        "forgetting": _forgetting(found.phases, t),
        "per_class": per_class if len(per_class) > 1 else (),
        "matrix": classes.matrix(metrics.get("confusion", {}).get("tuned", ()), per_class),
        "sliced": scored[0] if scored else "",
        "slices": [
            (one, headline.picture(scored[0], one.compared, t), headline.difference(one.compared))
            for one in (slices(items, scored[0], evaluation.confidence, seed) if scored else ())
        ],
        "calibration": _calibration(metrics, t),
        "unsupported": _unsupported(metrics),
        "explained": explained(found.errors),
        "modes": modes(found.errors),
        "attacked": attacked(found.attacked, found.attacks, t),
        "ability": ability(found.ability, t),
        "examples": _examples(items, scored[0] if scored else ""),
        "asked_differently": len({item.instruction for item, _, _ in items}) > 1,
        "markets": [_market(one, t) for one in found.market],
    }


def _data(found: Finished) -> dict[str, Any]:
    """Return what the page shows of data, training, composition and lineage."""
    against, different = changed(found.settings)
    privacy = found.settings.domain.cleaning.privacy
    return {
        "facts": found.facts,
        "training": list(_flat(found.facts["training"])),
        "card": found.facts["examples"].get("card"),
        "permissions": listed(found.settings.domain.sources),
        "privacy": coverage_table() if privacy else (),
        "against": against,
        "different": different,
        "composition": config.as_yaml(found.settings),
        "lineage": found.lineage,
        "code": found.code,
    }


def _contents(shown: Mapping[str, Any], t: Texts) -> list[tuple[str, str]]:
    """Return (id, title) of each section that the page has, in their order."""
    every = [
        ("verdict", t("Verdict"), True),
        ("goals", t("Goals"), True),
        ("headline", t("Base against tuned"), True),
        ("market", t("Early warning and portfolio"), shown["markets"]),
        ("curves", t("Learning curves"), shown["curves"]),
        ("classes", t("By class"), shown["per_class"]),
        ("calibration", t("Calibration"), shown["calibration"]),
        ("unsupported", t("Unsupported statements"), shown["unsupported"]),
        ("slices", t("Slices"), shown["slices"] or shown["turns"]),
        ("explained", t("What decided its errors"), shown["explained"] or shown["modes"]),
        ("redteam", t("Red team"), shown["attacked"]),
        ("ability", t("Ability kept"), shown["ability"]),
        ("examples", t("Examples"), shown["examples"]),
        ("data", t("Data"), True),
        ("training", t("Training"), shown["training"]),
        ("composition", t("Composition"), True),
        ("lineage", t("Lineage"), True),
    ]
    return [(name, title) for name, title, there in every if there]


def told(metrics: Mapping[str, Any], t: Texts) -> list[str]:
    """Return the verdict of an evaluation in a language, a sentence each."""
    return [t.of(sentence) for sentence in sentences(metrics)]


def _verdict(judged: Mapping[str, Any], sentence: str, metrics: Mapping[str, Any], t: Texts) -> dict[str, Any]:
    name = judged["metric"]
    return {
        "metric": name,
        "word": t.of(judged["verdict"]),
        "tone": _TONES.get(judged["verdict"], "unsure"),
        "value": headline.number(metrics["models"]["tuned"][name]["value"]),
        "sentence": sentence,
        "against": [
            (
                t.of(one["name"]),
                headline.difference(one),
                headline.picture(name, one, t),
                headline.p_value(one["p_holm"]),
            )
            for one in judged["against"]
        ],
    }


def _turns(metrics: Mapping[str, Any]) -> list[list[str]]:
    """Return the table by the number of the answer in its conversation: header, then rows; none without turns."""
    found = metrics.get("by_turn", ())
    names = [name for name in metrics["comparisons"] if any(name in row["models"]["tuned"] for row in found)]
    if not names:
        return []

    def cell(models: Mapping[str, Any], name: str) -> str:
        values = [models[model].get(name, {}).get("value") for model in ("base", "tuned")]
        return " / ".join(headline.number(value) for value in values)

    rows = [[row["turn"], str(row["n"]), *(cell(row["models"], name) for name in names)] for row in found]
    return [["", "", *names], *rows]


def _curves(found: Finished, t: Texts) -> str:
    """Return the loss curves, one phase after the other; empty where there is no curve."""
    loss, validation, bands = [], [], []
    for begins, phase in _begun(found.phases):
        if len(found.phases) > 1:
            bands.append(Band(begins, begins, phase.name))
        loss += _points(phase.loss, "loss", begins)
        validation += _points(phase.validation, "validation_loss", begins)
    if not loss and not validation:
        return ""
    smoothing = found.settings.trainer.label_smoothing
    name = (
        t("training") if not smoothing else t("training, with label smoothing {smoothing}", smoothing=f"{smoothing:g}")
    )
    series = (_series(name, loss), _series(t("validation"), validation, points=True))
    chart = Chart(t("Loss per supervised token"), series, t("optimizer step"), t("nats"), tuple(bands))
    return drawn(chart, _summary(loss, validation, t))


def _summary(loss: Sequence[tuple[int, float]], validation: Sequence[tuple[int, float]], t: Texts) -> str:
    if not loss or not validation:
        return ""
    best = min(validation, key=lambda point: point[1])
    return t(
        "Training loss from {first} to {last} in {steps} steps; lowest validation loss {best} at step {at}",
        first=f"{loss[0][1]:.3f}",
        last=f"{loss[-1][1]:.3f}",
        steps=loss[-1][0],
        best=f"{best[1]:.3f}",
        at=best[0],
    )


def _points(rows: Sequence[Mapping[str, str]], column: str, begins: int) -> list[tuple[int, float]]:
    return [(begins + int(row["step"]), float(row[column])) for row in rows if row.get(column)]


def _series(name: str, curve: Sequence[tuple[int, float]], *, points: bool = False) -> Series:
    return Series(name, tuple(x for x, _ in curve), tuple(y for _, y in curve), points=points)


def _calibration(metrics: Mapping[str, Any], t: Texts) -> str:
    """Return how often ranked labels are right by their probability; empty where none were ranked."""
    curves = {name: curve for name, curve in metrics.get("calibration", {}).items() if name in ("base", "tuned")}
    if not curves:
        return ""
    series = [Series(t("ideal"), (0.0, 1.0), (0.0, 1.0), dashed=True)]
    for name, curve in curves.items():
        counts = tuple(f"{n:.0f}" for n, _, _ in curve) if name == "tuned" else ()
        x, y = (tuple(row[place] for row in curve) for place in (1, 2))
        series.append(Series(t(name), x, y, points=True, texts=counts))
    title = t("Ranked labels: probability against share right")
    return drawn(Chart(title, tuple(series), t("probability of the likeliest label"), t("share right")))


def _unsupported(metrics: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return (class, base, tuned) for each class of unsupported statements; none where they are not counted."""
    found: Mapping[str, Mapping[str, int]] = metrics.get("unsupported", {})
    base, tuned = (found.get(name, {}) for name in ("base", "tuned"))
    return [(name, base.get(name, "–"), tuned[name]) for name in tuned]


def _notes(metrics: Mapping[str, Any], *, ability_shown: bool) -> list[str]:
    """Return the notes that no section of its own shows."""
    notes: Sequence[str] = metrics.get("notes", ())
    return [note for note in notes if not (ability_shown and note.startswith("general ability"))]


def _forgetting(phases: Sequence[Phase], t: Texts) -> str:
    """Return the validation loss on each phase's examples, over this and all later phases; empty with one phase."""
    if len(phases) < 2:
        return ""
    curves: dict[str, list[tuple[int, float]]] = {phase.name: [] for phase in phases}
    bands = []
    for begins, phase in _begun(phases):
        bands.append(Band(begins, begins, phase.name))
        for name in curves:
            curves[name] += _points(phase.validation, name, begins)
    series = tuple(_series(name, curve, points=True) for name, curve in curves.items())
    title = t("Validation loss by phase: a rising line shows forgetting")
    return drawn(Chart(title, series, t("optimizer step"), t("nats"), tuple(bands)))


def _begun(phases: Sequence[Phase]) -> Iterator[tuple[int, Phase]]:
    """Yield each phase with the number of steps taken before it."""
    taken = 0
    for phase in phases:
        yield taken, phase
        taken += max((int(row["step"]) for row in phase.loss), default=0)


def _examples(items: Sequence[Item], metric: str) -> list[tuple[str, list[Item]]]:
    """Return examples that the tuned model got wrong and right by a metric, or a spread of all without one."""
    if not metric:
        return [("", _spread(items, 2 * _EXAMPLES))] if items else []
    wrong = [one for one in items if one[2].scores.get(metric, 0.0) < 0.5]
    right = [one for one in items if one[2].scores.get(metric, 0.0) >= 0.5]
    return [(kind, _spread(some, _EXAMPLES)) for kind, some in (("wrong", wrong), ("right", right)) if some]


def _spread(items: Sequence[Item], most: int) -> list[Item]:
    """Return some of the items at equal distances: those of one task are adjacent."""
    return list(items[:: math.ceil(len(items) / most) or 1])


def _market(found: Mapping[str, Any], t: Texts) -> dict[str, Any]:
    charts = [_translated(chart_from(one), t) for one in found["charts"]]
    return {**found, "charts": [(chart.title, drawn(chart)) for chart in charts], "sentence": t.of(found["sentence"])}


def _translated(chart: Chart, t: Texts) -> Chart:
    series = tuple(replace(one, name=t.of(one.name)) for one in chart.series)
    title, x_title, y_title = t.of(chart.title), t.of(chart.x_title), t.of(chart.y_title)
    return replace(chart, series=series, title=title, x_title=x_title, y_title=y_title)


def _flat(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield names and values of the figures of training, those of one distribution in one line."""
    for name, value in values.items():
        inner = value.items() if isinstance(value, Mapping) else [("", value)]
        yield name, ", ".join(f"{key} {_figure(one)}".strip() for key, one in inner)


def _figure(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)

"""The report of an evaluation: a terminal table, a CSV for DVC plots, one self-contained HTML page."""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import plotly.graph_objects as go
import plotly.io
from jinja2 import Environment, PackageLoader
from rich.console import Console
from rich.table import Table

from r1tailor import config
from r1tailor.corpus.privacy.coverage import coverage_table
from r1tailor.evaluation import reasoning
from r1tailor.evaluation.learnt import sentences
from r1tailor.evaluation.market.charts import charts
from r1tailor.evaluation.market.report import tables
from r1tailor.evaluation.market.track_record import TrackRecord
from r1tailor.record_files import read_predictions
from r1tailor.records import Example
from r1tailor.registry.goals import Verdict
from r1tailor.schema.settings import Settings
from r1tailor.sources.permissions import listed

_SHOWN_EXAMPLES = 25
_LONGEST_SHOWN = 2000  # characters of a text
_MOST_LABELS = 20  # columns of a confusion matrix that a page shows
_CURVES = {
    "loss": ("loss.csv", "training (label-smoothed)", "lines"),
    "validation_loss": ("validation.csv", "validation", "lines+markers"),
}
_NO_SHARES = (
    "perplexity",
    "answer_perplexity",
    "reasoning_perplexity",
    "bleu",
    "chrf",
    "length",
    "reasoning_tokens",
    "warning_",
    "portfolio_",
)  # metrics that are not confined to [0, 1]
_COLOURS = {"base": "#8a8f98", "tuned": "#1f6feb", "majority": "#c9a227"}  # of others the chart's own
_WITH_INTERVAL = ("metric", "base", "tuned", "difference", "p")
_INTERVAL = dict.fromkeys(("base", "tuned", "difference"), 20)  # columns of a terminal
_WIDTH, _OF_A_MODEL = 115, 12  # of the table there


def print_table(settings: Settings, metrics: Mapping[str, Any], judged: Sequence[Verdict]) -> None:
    """Print the verdicts, every metric of models and baselines with its interval, and the goals."""
    for sentence in sentences(metrics):
        print(f"  verdict: {sentence}")
    percent = f"{metrics['confidence']:.0%}"
    table = Table(title=f"{settings.domain.title}: {metrics['n']} held-out items, {percent} intervals")
    columns = header(metrics)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold", min_width=_INTERVAL.get(column))
    for row in rows(metrics):
        table.add_row(*(_brief(cell, column) for cell, column in zip(row, columns, strict=True)))
    Console(width=_WIDTH + _OF_A_MODEL * len(metrics["models"]), markup=False, emoji=False).print(table)
    for line in reasoning.lines(metrics["models"]):
        print(line)
    for note in metrics.get("notes", ()):
        print(f"  note: {note}")
    for verdict in judged:
        print(f"  goal: {verdict}")


def header(metrics: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the titles of the table's columns: each model and plain baseline has one."""
    return ("metric", *metrics["models"], "difference", "p")


def _brief(cell: str, column: str) -> str:
    """Return a cell for the terminal, which has no room for the intervals of every baseline."""
    return cell if column in _WITH_INTERVAL else cell.partition(" [")[0]


def rows(metrics: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return the table's cells, as many in each row as ``header`` has titles."""
    models, comparisons = metrics["models"], metrics["comparisons"]

    def values(name: str) -> list[str]:
        return [_interval(models[model].get(name), "value", name) for model in models]

    paired = [
        (name, *values(name), _interval(entry, "difference", name), "" if entry["p"] is None else f"{entry['p']:.2g}")
        for name, entry in comparisons.items()
    ]
    alone = [name for name in models["base"] if name == reasoning.LENGTH and name not in comparisons]
    unpaired = [(name, *values(name), "", "") for name in alone]
    return [
        *paired,
        *unpaired,
        *((name, *_unmeasured(models), "", "") for name in metrics.get("not_measured", ())),
    ]


def _unmeasured(models: Mapping[str, Any]) -> list[str]:
    return ["not measured" if model in ("base", "tuned") else "" for model in models]


def write_plot(metrics: Mapping[str, Any], path: Path) -> None:
    """Write one row per model and metric, for DVC plots."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["metric", "model", "value", "low", "high"])
        for model, measured in metrics["models"].items():
            for name, entry in measured.items():
                writer.writerow([name, model, entry["value"], entry["low"], entry["high"]])


def page(
    settings: Settings,
    metrics: Mapping[str, Any],
    judged: Sequence[Verdict],
    facts: Mapping[str, Any],
    test: Sequence[Example],
    phases: Sequence[Path],
    evaluation: Path,
    records: Mapping[str, TrackRecord] = MappingProxyType({}),
) -> str:
    """Return the HTML report, which needs no network and no other file.

    Args:
        settings: the composition.
        metrics: as in ``evaluation/metrics.json``.
        judged: the verdicts on the goals.
        facts: what the page reports of the run: provenance, cleaning, examples, training, code, model.
        test: the held-out examples, in the order in which they were evaluated.
        phases: the folder of each training phase, with ``plots/``.
        evaluation: the folder with the predictions.
        records: track records of warnings and portfolio, where the domain has a market.
    """
    environment = Environment(loader=PackageLoader("r1tailor", "evaluation"), autoescape=True)
    environment.filters["excerpt"] = excerpt
    base = read_predictions(evaluation / "predictions-base.jsonl")
    tuned = read_predictions(evaluation / "predictions-tuned.jsonl")
    compared = list(zip(test[: len(base)], base, tuned, strict=True))
    return environment.get_template("report.html.j2").render(
        settings=settings,
        metrics=metrics,
        verdict=sentences(metrics),
        header=header(metrics),
        rows=rows(metrics),
        turns=turn_rows(metrics),
        confusion=_confusion(metrics.get("confusion", {}).get("tuned", ())),
        verdicts=judged,
        facts=facts,
        examples=compared[:: math.ceil(len(compared) / _SHOWN_EXAMPLES) or 1],  # spread: a task's items are adjacent
        asked_differently=len({example.instruction for example, _, _ in compared}) > 1,
        composition=config.as_yaml(settings),
        permissions=listed(settings.domain.sources),
        curves=_figure(_curves(phases), script=True),
        forgetting=_figure(_forgetting(phases), script=False) if len(phases) > 1 else "",
        bars=_figure(_bars(metrics), script=False),
        markets=[_market(name, record) for name, record in records.items()],
        privacy=coverage_table() if settings.domain.cleaning.privacy else (),
    )


def turn_rows(metrics: Mapping[str, Any]) -> list[list[str]]:
    """Return the table by the number of the answer in its conversation: header, then a row for each; none without."""
    found = metrics.get("by_turn", ())
    names = [name for name in metrics["comparisons"] if any(name in row["models"]["tuned"] for row in found)]
    if not names:
        return []

    def cell(models: Mapping[str, Any], name: str) -> str:
        values = [models[model].get(name, {}).get("value") for model in ("base", "tuned")]
        return " / ".join("" if value is None else f"{value:.3f}" for value in values)

    header = ["answer", "items", *names]
    return [header, *([row["turn"], str(row["n"]), *(cell(row["models"], name) for name in names)] for row in found)]


def excerpt(text: str) -> str:
    """Return a text, or its beginning and its length where it is long.

    >>> excerpt("short")
    'short'
    """
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]} … ({len(text):,} characters)"


def _interval(entry: Mapping[str, Any] | None, key: str, name: str) -> str:
    if entry is None:
        return "no reasoning" if name == reasoning.LENGTH else ""
    if entry[key] is None:
        return "not defined"
    return f"{entry[key]:.3f}" + ("" if entry["low"] is None else f" [{entry['low']:.3f}, {entry['high']:.3f}]")


def _market(name: str, record: TrackRecord) -> dict[str, Any]:
    """Return what the page shows of one track record: tables, charts, and the sentence of the comparison."""
    sentence = record.metrics["sentence"]
    return {
        "name": "" if name == "split" else "all folds of the walk-forward",
        "tables": tables(record),
        "charts": [_figure(figure, script=False) for figure in charts(record)],
        "sentence": sentence["text"] if sentence else "",
    }


def _figure(figure: go.Figure, *, script: bool) -> str:
    """Return a chart as HTML. The first chart includes plotly's script, so that the page works offline."""
    figure.update_layout(template="plotly_white", margin={"l": 60, "r": 20, "t": 40, "b": 50})
    figure.update_layout(height=figure.layout.height or 380)
    html: str = plotly.io.to_html(figure, full_html=False, include_plotlyjs=script, config={"displaylogo": False})
    return html


def _curves(phases: Sequence[Path]) -> go.Figure:
    """Return the loss curves, one phase after the other."""
    figure = _over_steps("Loss (nats per supervised token)")
    curves: dict[str, list[tuple[int, float]]] = {column: [] for column in _CURVES}
    for begins, phase in _begun(phases):
        if len(phases) > 1:
            figure.add_vline(x=begins, line_dash="dot", annotation_text=phase.name)
        for column, (file, _, _) in _CURVES.items():
            curves[column] += [(begins + int(row["step"]), float(row[column])) for row in _rows(phase, file)]
    for column, (_, label, mode) in _CURVES.items():
        x, y = ([point[axis] for point in curves[column]] for axis in (0, 1))
        figure.add_scatter(x=x, y=y, name=label, mode=mode)
    return figure


def _forgetting(phases: Sequence[Path]) -> go.Figure:
    """Return the validation loss on each phase's examples, over the steps of this and all later phases."""
    figure = _over_steps("Validation loss by phase: a rising line shows forgetting")
    curves: dict[str, list[tuple[int, float]]] = {phase.name: [] for phase in phases}
    for begins, phase in _begun(phases):
        figure.add_vline(x=begins, line_dash="dot", annotation_text=phase.name)
        for row in _rows(phase, "validation.csv"):
            for name in curves.keys() & row.keys():
                curves[name].append((begins + int(row["step"]), float(row[name])))
    for name, points in curves.items():
        figure.add_scatter(x=[x for x, _ in points], y=[y for _, y in points], name=name, mode="lines+markers")
    return figure


def _over_steps(title: str) -> go.Figure:
    return go.Figure(layout={"title": title, "xaxis": {"title": "optimizer step"}})


def _begun(phases: Sequence[Path]) -> Iterator[tuple[int, Path]]:
    """Yield each phase with the number of steps taken before it."""
    taken = 0
    for phase in phases:
        yield taken, phase
        taken += max((int(row["step"]) for row in _rows(phase, "loss.csv")), default=0)


def _rows(phase: Path, file: str) -> Iterator[dict[str, str]]:
    with (phase / "plots" / file).open(encoding="utf-8") as lines:
        yield from csv.DictReader(lines)


def _confusion(cells: Sequence[tuple[str, str, int]]) -> dict[str, Any] | None:
    """Return the confusion matrix of the tuned model as columns and rows; the most frequent confusions of many labels.

    ``wrong`` lists these as (reference, answer, items) where there are too many labels for a table.
    """
    if not cells:
        return None
    counts = {(wanted, given): count for wanted, given, count in cells}
    columns = [*sorted({label for pair in counts for label in pair if label}), ""]
    if len(columns) > _MOST_LABELS:
        wrong = [(wanted, given, count) for wanted, given, count in cells if wanted != given]
        return {"wrong": wrong[:_MOST_LABELS]}
    matrix = [(wanted, [counts.get((wanted, given), 0) for given in columns]) for wanted in columns[:-1]]
    return {"columns": columns, "rows": matrix}


def _is_share(name: str, models: Mapping[str, Mapping[str, Mapping[str, float]]]) -> bool:
    """Whether a metric is confined to [0, 1], as far as its values tell."""
    ends = [measured[name]["high"] for measured in models.values() if name in measured]
    return not name.startswith(_NO_SHARES) and None not in ends and not max(ends) > 1


def _bars(metrics: Mapping[str, Any]) -> go.Figure:
    """Return a bar chart of the metrics in [0, 1], with intervals."""
    figure = go.Figure()
    for model, measured in metrics["models"].items():
        unit = {name: entry for name, entry in measured.items() if _is_share(name, metrics["models"])}
        values = [entry["value"] for entry in unit.values()]
        above = [entry["high"] - entry["value"] for entry in unit.values()]
        below = [entry["value"] - entry["low"] for entry in unit.values()]
        error = {"type": "data", "array": above, "arrayminus": below}
        figure.add_bar(x=list(unit), y=values, error_y=error, name=model, marker_color=_COLOURS.get(model))
    figure.update_layout(title="Held-out metrics", barmode="group", yaxis_range=[0, 1.02])
    return figure

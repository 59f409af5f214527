"""The metrics of an evaluation for the terminal, and as the CSV that DVC plots."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from r1tailor.evaluation import reasoning
from r1tailor.evaluation.learnt import sentences
from r1tailor.registry.goals import Verdict
from r1tailor.schema.settings import Settings

WIDTH = 80
_MODELS = ("base", "tuned")
_OF_A_MODEL = 24  # columns of a wide table
_NONE = "-"


def print_table(
    settings: Settings, metrics: Mapping[str, Any], judged: Sequence[Verdict], *, wide: bool = False
) -> None:
    """Print the verdicts, every metric of base and tuned model with their difference, and the goals.

    Args:
        settings: the composition.
        metrics: as in ``evaluation/metrics.json``.
        judged: the verdicts on the goals.
        wide: also every other model and plain baseline, and the interval of each value; else 80 columns are enough.
    """
    for sentence in sentences(metrics):
        print(f"  verdict: {sentence}")
    percent = f"{metrics['confidence']:.0%}"
    table = Table(title=f"{settings.domain.title}: {metrics['n']} held-out items, {percent} intervals", pad_edge=False)
    columns = header(metrics, wide=wide)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold", no_wrap=column != "metric")
    for row in rows(metrics, wide=wide):
        table.add_row(*row)
    width = WIDTH + (_OF_A_MODEL * len(metrics["models"]) if wide else 0)
    Console(width=width, markup=False, emoji=False).print(table)
    for line in reasoning.lines(metrics["models"]):
        print(line)
    for note in metrics.get("notes", ()):
        print(f"  note: {note}")
    for verdict in judged:
        print(f"  goal: {verdict}")


def header(metrics: Mapping[str, Any], *, wide: bool = False) -> tuple[str, ...]:
    """Return the titles of the table's columns: base and tuned model, or every model and plain baseline."""
    return ("metric", *_models(metrics, wide=wide), "difference", "p")


def rows(metrics: Mapping[str, Any], *, wide: bool = False) -> list[tuple[str, ...]]:
    """Return the table's cells, as many in each row as ``header`` has titles."""
    models, comparisons, shown = metrics["models"], metrics["comparisons"], _models(metrics, wide=wide)

    def values(name: str) -> list[str]:
        return [_value(models[model].get(name), name, wide=wide) for model in shown]

    paired = [(name, *values(name), _difference(entry), _p(entry["p"])) for name, entry in comparisons.items()]
    alone = [name for name in models["base"] if name == reasoning.LENGTH and name not in comparisons]
    unpaired = [(name, *values(name), "", "") for name in alone]
    unmeasured = [(name, *("" for _ in shown), "not measured", "") for name in metrics.get("not_measured", ())]
    return [*paired, *unpaired, *unmeasured]


def _models(metrics: Mapping[str, Any], *, wide: bool) -> list[str]:
    return [model for model in metrics["models"] if wide or model in _MODELS]


def _value(entry: Mapping[str, Any] | None, name: str, *, wide: bool) -> str:
    if entry is None:
        return "no reasoning" if name == reasoning.LENGTH else ""
    if entry["value"] is None:
        return _NONE
    return f"{entry['value']:.3f}" + (_interval(entry) if wide else "")


def _difference(entry: Mapping[str, Any]) -> str:
    return _NONE if entry["difference"] is None else f"{entry['difference']:+.3f}{_interval(entry)}"


def _interval(entry: Mapping[str, Any]) -> str:
    return "" if entry["low"] is None else f" [{entry['low']:.3f}, {entry['high']:.3f}]"


def _p(value: float | None) -> str:
    return _NONE if value is None else f"{value:.2g}"


def write_plot(metrics: Mapping[str, Any], path: Path) -> None:
    """Write one row per model and metric, for DVC plots."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["metric and model", "metric", "model", "value", "low", "high"])
        for model, measured in metrics["models"].items():
            for name, entry in measured.items():
                writer.writerow([f"{name} {model}", name, model, entry["value"], entry["low"], entry["high"]])

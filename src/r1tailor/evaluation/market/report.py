"""The report of warnings and portfolio: metrics, CSVs for DVC plots, terminal tables."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from r1tailor import store
from r1tailor.evaluation.market.decisions import NEVER, TUNED
from r1tailor.evaluation.market.entries import Entry, entry
from r1tailor.evaluation.market.metrics import RiskScores
from r1tailor.evaluation.market.timeline import Timeline
from r1tailor.evaluation.market.track_record import TrackRecord

HOLD = "buy and hold"
_WARNED = {
    "recall": "recall",
    "recall_at_rate": "recall at the false-alarm rate",
    "false_alarms_at_rate": "its false alarms a year",
    "precision": "precision",
    "false_alarms_per_year": "false alarms a year",
    "median_lead": "median lead (days)",
    "usefulness": "usefulness",
    "relative_usefulness": "relative usefulness",
}
_EARNED = {
    "annual_return": "return a year",
    "sharpe": "Sharpe",
    "sharpe_standard_error": "standard error (HAC)",
    "sharpe_above_buy_and_hold": "above buy and hold",
    "deflated_sharpe": "deflated Sharpe",
    "turnover": "turnover a year",
    "drawdown": "max drawdown",
}
_GATED = {  # what a goal may name, prefixed by its section
    "warning": tuple(_WARNED),
    "portfolio": tuple(name for name in _EARNED if name != "sharpe_standard_error"),
}


def add(records: Mapping[str, TrackRecord], metrics: dict[str, Any], folder: Path) -> None:
    """Add the records to the metrics, rewrite ``metrics.json``, and write the CSVs below ``folder/market``.

    Goals name the figures of the single split: ``warning_usefulness``, ``portfolio_sharpe``. Without records the folder
    stays empty.
    """
    market = folder / "market"
    market.mkdir(parents=True, exist_ok=True)
    for name, record in records.items():
        metrics |= record.metrics if name == "split" else {name: record.metrics}
        _write(record, market, "" if name == "split" else f"{name}-")
    if "split" in records:
        for section, names in _GATED.items():
            for model in ("base", "tuned"):
                measured = metrics[section]["models"][model]
                known = [name for name in names if name in measured and measured[name]["value"] is not None]
                metrics["models"][model] |= {f"{section}_{name}": _whole(measured[name]) for name in known}
        store.write_json(folder / "metrics.json", metrics)


def _whole(measured: Entry) -> Entry:
    """Return value, low and high; without an interval all three are the value."""
    ends = ((key, measured.get(key)) for key in ("value", "low", "high"))
    return {key: measured["value"] if end is None else end for key, end in ends}


def print_tables(records: Mapping[str, TrackRecord]) -> None:
    """Print the warnings and the portfolio of each record, with every baseline, and the sentence of the comparison."""
    for name, record in records.items():
        for title, header, rows in tables(record):
            table = Table(title=f"{title}{', all folds' if name != 'split' else ''}")
            for column in header:
                table.add_column(column, overflow="fold")
            for row in rows:
                table.add_row(*row)
            Console(width=170, markup=False, emoji=False).print(table)
        if record.metrics["sentence"]:
            print(record.metrics["sentence"]["text"])


def tables(record: TrackRecord) -> list[tuple[str, list[str], list[list[str]]]]:
    """Return title, header and rows of the tables of warnings and portfolio."""
    metrics = record.metrics
    events = ", ".join(event["name"] for event in metrics["warning"]["events"]) or "none"
    warned = f"Early warning, {metrics['warning']['from']} to {metrics['warning']['to']}; crises: {events}"
    warned += f"; false-alarm rate {metrics['warning']['false_rate']:.0%} of quiet days before the test"
    if unreached := ", ".join(record.timeline.beyond):
        warned += f"; beyond the bars: {unreached}"
    earned = f"Risk-off overlay after costs; deflated over {metrics['portfolio']['trials']} trials"
    return [
        (warned, ["", *_WARNED.values()], _rows(metrics["warning"]["models"], _WARNED)),
        (earned, ["", *_EARNED.values()], _rows(metrics["portfolio"]["models"], _EARNED)),
    ]


def _rows(models: Mapping[str, Mapping[str, Entry]], columns: Iterable[str]) -> list[list[str]]:
    return [[name, *(_cell(measured.get(column)) for column in columns)] for name, measured in models.items()]


def _cell(measured: Entry | None) -> str:
    if measured is None or measured["value"] is None:
        return "-"
    low, high = measured.get("low"), measured.get("high")
    return f"{measured['value']:.2f}" + ("" if low is None or high is None else f" [{low:.2f}, {high:.2f}]")


def scored(record: TrackRecord) -> dict[str, dict[str, Any]]:
    """Return reliability curve, Brier score and calibration error (ECE) of every model with probabilities."""
    found = {}
    for name, scores in record.decisions.scores.items():
        metric = RiskScores()
        metric.update(scores, record.decisions.risky)
        figures = {key: entry(value)["value"] for key, value in metric.figures().items()}
        found[name] = {"curve": metric.curve(), **figures}
    return found


def _write(record: TrackRecord, folder: Path, prefix: str) -> None:
    """Write equity, price, lead times and reliability as CSVs, for DVC plots and spreadsheets."""
    line = record.timeline
    hold = record.overlays[NEVER]
    curves = {HOLD: hold, **{name: made for name, made in record.overlays.items() if name != NEVER}}
    equity = zip(
        (line.dates[day] for day in hold.days), *(made.equity.tolist() for made in curves.values()), strict=True
    )
    _csv(folder / f"{prefix}equity.csv", ["date", *curves], equity)
    _csv(folder / f"{prefix}price.csv", ["date", "close", "crisis"], _price(line, int(record.decisions.days[0])))
    _csv(folder / f"{prefix}leads.csv", ["model and crisis", "model", "crisis", "onset", "lead"], _leads(record))
    header = ["model", "score", "observed", "count", "ideal"]
    _csv(folder / f"{prefix}reliability.csv", header, _reliability(record))


def _price(line: Timeline, first: int) -> Iterable[Sequence[object]]:
    for day in range(first, len(line.dates)):
        within = any(episode.onset <= day <= episode.trough for episode in line.episodes)
        yield line.dates[day], float(line.closes[day]), float(line.closes[day]) if within else ""


def _leads(record: TrackRecord) -> Iterable[Sequence[object]]:
    line = record.timeline
    for name, warned in record.warnings.items():
        for event, lead in zip(warned.events, warned.leads, strict=True):
            episode = line.episodes[event]
            yield f"{name}: {episode.name}", name, episode.name, line.dates[episode.onset], lead


def _reliability(record: TrackRecord) -> Iterable[Sequence[object]]:
    for name, found in scored(record).items():
        curve = found["curve"]
        for score, observed, count in zip(curve["score"], curve["observed"], curve["count"], strict=True):
            yield name, score, observed, int(count), score


def _csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def shown_first(names: Iterable[str]) -> list[str]:
    """Return the names with the tuned model first, for charts that hide the others until they are selected."""
    return sorted(names, key=lambda name: name != TUNED)

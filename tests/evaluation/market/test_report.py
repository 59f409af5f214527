"""The record in metrics, tables, CSVs and charts."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from r1tailor import config
from r1tailor.evaluation.market import report
from r1tailor.evaluation.market.baselines import BOOSTING, LOGISTIC, VOLATILITY
from r1tailor.evaluation.market.charts import charts
from r1tailor.evaluation.market.decisions import (
    ALWAYS,
    NEVER,
    SAME_RATE,
    TUNED,
)
from r1tailor.evaluation.market.early_warning import judge
from r1tailor.evaluation.market.track_record import RANDOM, TrackRecord


def test_every_baseline_and_model_is_in_both_tables(record: TrackRecord) -> None:
    expected = {ALWAYS, NEVER, VOLATILITY, SAME_RATE, LOGISTIC, BOOSTING, TUNED, "base", RANDOM}
    assert record.metrics["warning"]["models"].keys() == expected
    assert record.metrics["portfolio"]["models"].keys() == expected
    for _, header, rows in report.tables(record):
        assert {row[0] for row in rows} == expected
        assert {len(row) for row in rows} == {len(header)}


def test_records_go_into_metrics_plots_and_charts(record: TrackRecord, tmp_path: Path) -> None:
    metrics: dict[str, Any] = {"models": {"base": {}, "tuned": {}}}
    report.add({"split": record, "walk_forward": record}, metrics, tmp_path)
    assert json.loads((tmp_path / "metrics.json").read_text()) == metrics
    assert metrics["models"]["tuned"]["warning_usefulness"].keys() == {"value", "low", "high"}
    assert all(v is not None for m in metrics["models"].values() for e in m.values() for v in e.values())
    assert metrics["walk_forward"]["warning"] == metrics["warning"]
    rows = {path.name: list(csv.DictReader(path.read_text().splitlines())) for path in (tmp_path / "market").iterdir()}
    assert float(rows["equity.csv"][-1]["buy and hold"]) == pytest.approx(float(record.overlays[NEVER].equity[-1]))
    assert {row["crisis"] for row in rows["leads.csv"]} == {e["name"] for e in record.metrics["warning"]["events"]}
    assert sum(int(r["count"]) for r in rows["walk_forward-reliability.csv"] if r["model"] == TUNED) == len(
        record.decisions.days
    )
    drawn = charts(record)
    assert [chart.title.split()[0] for chart in drawn] == ["Index,", "One", "Reliability"]
    leads = [lead for lead in record.warnings[TUNED].leads if lead]
    assert [one.texts[1] for one in drawn[0].series if one.texts] == [f"{lead}" for lead in leads]


def test_crises_caught_are_told_at_their_false_alarm_rate_and_events_beyond_the_bars_by_name(
    record: TrackRecord,
) -> None:
    measured = record.metrics["warning"]["models"]
    for name, signals in record.decisions.at_rate.items():
        caught = judge(record.decisions.days, signals, record.timeline, config.load([]).evaluation.warning)
        assert measured[name]["recall_at_rate"]["value"] == pytest.approx(caught.recall)
        assert measured[name]["false_alarms_at_rate"]["value"] == pytest.approx(caught.false_alarms)
    assert "recall_at_rate" not in measured[ALWAYS]
    title, *_ = report.tables(record)[0]
    assert "false-alarm rate 10% of quiet days before the test" in title
    assert "beyond the bars" not in title
    reaches = replace(record, timeline=replace(record.timeline, beyond=("Failure (2023-03-10)",)))
    assert report.tables(reaches)[0][0].endswith("; beyond the bars: Failure (2023-03-10)")


def test_alarms_are_counted(record: TrackRecord) -> None:
    figures = record.metrics["warning"]["models"][TUNED]
    alarms = record.warnings[TUNED].alarms
    assert figures["alarms"]["value"] == len(alarms) > 0
    assert figures["credited_alarms"]["value"] == sum(alarm.episode is not None for alarm in alarms)


def test_without_a_market_nothing_is_added(tmp_path: Path) -> None:
    metrics: dict[str, Any] = {"models": {"base": {}, "tuned": {}}}
    report.add({}, metrics, tmp_path)
    assert metrics == {"models": {"base": {}, "tuned": {}}}
    assert list(tmp_path.rglob("*")) == [tmp_path / "market"]

"""The terminal's table keeps to 80 columns; a wide one has every model and interval."""

import csv
from pathlib import Path
from typing import Any

import pytest

from r1tailor import config
from r1tailor.evaluation.table import WIDTH, header, print_table, rows, write_plot
from r1tailor.registry.goals import Verdict
from tests.support.finished import entry, metrics


def _long() -> dict[str, Any]:
    made = metrics()
    name = "recall_of_the_articles_that_a_case_needs_against_base_ranked"
    made["models"]["base"][name] = made["models"]["tuned"][name] = entry(0.5)
    made["comparisons"][name] = {"difference": -0.123, "low": -0.234, "high": -0.012, "p": 1.234e-66}
    return made


def test_the_table_keeps_to_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(config.load([]), _long(), [Verdict("label_accuracy", 0.7, ">= 0.6", True, "why")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("  verdict: label_accuracy: worse.")
    table = [line for line in lines if line.startswith(("│", "┃", "┏", "┡", "├", "└"))]
    assert table
    assert max(map(len, table)) <= WIDTH == 80
    assert any("-0.123 [-0.234, -0.012]" in line for line in table), "a difference is in one line"
    assert lines[-1] == "  goal: label_accuracy 0.700, goal >= 0.6: met"


def test_a_wide_table_has_every_model_and_interval(capsys: pytest.CaptureFixture[str]) -> None:
    made = _long()
    assert header(made) == ("metric", "base", "tuned", "difference", "p")
    assert header(made, wide=True) == ("metric", *made["models"], "difference", "p")
    for wide in (False, True):
        assert {len(row) for row in rows(made, wide=wide)} == {len(header(made, wide=wide))}
    print_table(config.load([]), made, [], wide=True)
    assert "0.800 [0.750, 0.850]" in capsys.readouterr().out


def test_what_is_not_measured_or_not_defined_is_said() -> None:
    made = metrics()
    made["comparisons"]["label_accuracy"] = {"difference": None, "low": None, "high": None, "p": None}
    made["models"]["tuned"]["label_accuracy"] = entry(None)
    first, *_, last = rows(made)
    assert first == ("label_accuracy", "0.300", "-", "-", "-")
    assert last == ("f1", "", "", "not measured", "")


def test_text_of_users_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(config.load(["domain.title='Notes [/INST] <b>:smile:</b>'"]), metrics(), [])
    assert "Notes [/INST] <b>:smile:</b>: 30 held-out" in capsys.readouterr().out


def test_each_model_and_metric_is_a_row_of_the_plot(tmp_path: Path) -> None:
    write_plot(metrics(), tmp_path / "plots" / "metrics.csv")
    found = list(csv.DictReader((tmp_path / "plots" / "metrics.csv").read_text().splitlines()))
    assert len(found) == 6
    first = {"metric": "label_accuracy", "model": "base", "value": "0.3", "low": "0.25", "high": "0.35"}
    assert found[0] == {"metric and model": "label_accuracy base", **first}

"""The page tells what it should: data card, identifiers, warnings and portfolio; and only where there are any."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from r1tailor.corpus.privacy.coverage import coverage_table
from r1tailor.evaluation import report
from r1tailor.evaluation.report import _forgetting, page
from r1tailor.instruction.card import card
from r1tailor.record_files import write_records
from r1tailor.records import Document, Example, Prediction
from r1tailor.schema.settings import Settings
from tests.support.market_cases import made_record

_METRICS: dict[str, Any] = {"n": 2, "confidence": 0.95, "models": {"base": {}, "tuned": {}}, "comparisons": {}}
_PRIVACY = "domain.cleaning.privacy={kinds: {name: redact, zip: redact}, key_variable: KEY}"


@pytest.fixture
def written(tmp_path: Path, examples: list[Example]) -> Callable[..., str]:
    """Return the page of a run of two items."""
    (tmp_path / "1-all" / "plots").mkdir(parents=True)
    (tmp_path / "1-all" / "plots" / "loss.csv").write_text("step,loss\n1,2.0\n")
    (tmp_path / "1-all" / "plots" / "validation.csv").write_text("step,validation_loss\n1,2.0\n")
    for name in ("base", "tuned"):
        write_records(tmp_path / f"predictions-{name}.jsonl", [Prediction(e.id, "x", -1, 1, "") for e in examples[:2]])
    documents = [Document("d", "text", "notes of a ward", "CC0", "", "", "2020-01-01")]
    parts = {"train": examples[4:], "validation": examples[2:4], "test": examples[:2]}
    facts = {
        "provenance": [],
        "cleaning": {"changed": {}, "documents": 1},
        "examples": {
            "examples": {},
            "exact_duplicates_removed": 0,
            "leaks": {"validation": 0, "test": 0},
            "card": card(parts, documents, ("alpha", "beta", "gamma", "delta")),
        },
        "training": {},
        "code": "1",
        "model": "0" * 64,
    }

    def write(settings: Settings, **more: Any) -> str:  # noqa: ANN401
        return page(settings, _METRICS, [], facts, examples[:2], [tmp_path / "1-all"], tmp_path, **more)

    return write


def test_the_data_card_stands_in_the_report(written: Callable[..., str], settings: Callable[..., Settings]) -> None:
    text = " ".join(written(settings()).split())
    assert "<h2>Data card</h2>" in text
    assert "<td>36 train, 2 validation, 2 test</td>" in text
    assert "<th>source notes of a ward</th><td>1 documents, CC0</td>" in text
    assert "4 in the closed set, largest 0.25, entropy 1.00 of 1" in text
    assert "<h2>Identifiers" not in text
    assert "Early warning" not in text


def test_where_identifiers_are_treated_the_table_of_all_eighteen_is_shown(
    written: Callable[..., str], settings: Callable[..., Settings]
) -> None:
    text = " ".join(written(settings(_PRIVACY)).split())
    table = text[text.index("<h2>Identifiers") : text.index("<h2>Composition")]
    assert table.count("<tr><td>") == len(coverage_table()) == 18
    assert "<td>Names; 姓名</td> <td>name</td>" in table
    assert "<td>E-mail addresses; 邮箱</td> <td>no</td>" in table
    assert ", ZIP codes" not in table.partition("<td>zip</td>")[0].rpartition("<tr>")[2]


def test_warnings_and_portfolio_stand_in_the_report_with_their_charts(
    written: Callable[..., str], settings: Callable[..., Settings]
) -> None:
    record = made_record()
    text = written(settings(), records={"split": record, "walk_forward": record})
    assert text.count("<h2>Early warning and portfolio") == 2
    assert "all folds of the walk-forward" in text
    assert text.count("One unit in the risk-off overlay") == text.count("Reliability of the risk scores") == 2
    assert record.metrics["sentence"]["text"].replace("'", "&#39;") in text


def test_what_later_phases_forget_of_earlier_ones_is_a_line_over_all_steps(tmp_path: Path) -> None:
    written = {"1-a": "step,validation_loss,1-a\n2,1.0,1.0\n", "2-b": "step,validation_loss,1-a,2-b\n3,1.2,1.5,0.9\n"}
    for name, validation in written.items():
        (tmp_path / name / "plots").mkdir(parents=True)
        (tmp_path / name / "plots" / "validation.csv").write_text(validation)
        (tmp_path / name / "plots" / "loss.csv").write_text("step,loss\n1,2.0\n2,1.9\n")
    lines = {line.name: (line.x, line.y) for line in _forgetting([tmp_path / "1-a", tmp_path / "2-b"]).data}
    assert lines == {"1-a": ((2, 5), (1.0, 1.5)), "2-b": ((5,), (0.9,))}


def test_one_phase_has_nothing_to_forget(written: Callable[..., str], settings: Callable[..., Settings]) -> None:
    assert "Validation loss by phase" not in written(settings())


def test_the_examples_shown_are_spread_over_all_that_was_asked(
    written: Callable[..., str],
    settings: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
    examples: list[Example],
) -> None:
    assert "<th>instruction</th>" not in written(settings())
    monkeypatch.setattr(report, "_SHOWN_EXAMPLES", 1)
    assert examples[0].input in written(settings())
    assert examples[1].input not in written(settings())


def test_what_was_asked_is_shown_where_it_differs(
    written: Callable[..., str], settings: Callable[..., Settings], examples: list[Example]
) -> None:
    examples[1] = dataclasses.replace(examples[1], instruction="Name another group.")
    text = written(settings())
    assert text.index("<th>instruction</th>") < text.index("<td>Name another group.</td>")


def test_text_of_users_is_text_in_the_table_and_on_the_page(
    written: Callable[..., str],
    settings: Callable[..., Settings],
    examples: list[Example],
    capsys: pytest.CaptureFixture[str],
) -> None:
    examples[0] = dataclasses.replace(examples[0], input="<img src=x> [/x] :smile:")
    composed = settings("domain.title='Notes [/INST] <b>:smile:</b>'")
    report.print_table(composed, _METRICS, [])
    assert "Notes [/INST] <b>:smile:</b>: 2 held-out" in capsys.readouterr().out
    text = written(composed)
    assert "Notes [/INST] &lt;b&gt;:smile:&lt;/b&gt;" in text
    assert "&lt;img src=x&gt; [/x] :smile:" in text
    assert "<img src=x>" not in text


def test_turns_stand_in_a_table_of_their_own_and_the_history_with_its_roles(
    written: Callable[..., str], settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = {"value": 0.25, "low": 0.0, "high": 0.5}
    models = {"base": {"exact_match": entry}, "tuned": {"exact_match": entry | {"value": 0.75}}}
    comparisons = {"exact_match": {"difference": 0.5, "low": 0.1, "high": 0.9, "p": 0.04}}
    turns = [{"turn": "1", "n": 9, "models": models}, {"turn": "6 and later", "n": 4, "models": models}]
    metrics = _METRICS | {"models": models, "comparisons": comparisons, "by_turn": turns}
    assert report.turn_rows(metrics) == [
        ["answer", "items", "exact_match"],
        ["1", "9", "0.250 / 0.750"],
        ["6 and later", "4", "0.250 / 0.750"],
    ]
    assert report.turn_rows(_METRICS) == []
    assert "By the number of the answer" not in written(settings())
    monkeypatch.setattr("tests.evaluation.test_report._METRICS", metrics)
    assert '<td class="number">6 and later</td>' in written(settings())


def test_a_whole_document_is_shown_by_its_beginning_and_its_length() -> None:
    assert report.excerpt("x" * 2000) == "x" * 2000
    assert report.excerpt("x" * 12_345) == f"{'x' * 2000} … (12,345 characters)"


def test_the_verdict_comes_first_and_each_baseline_has_a_column(
    written: Callable[..., str],
    settings: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    entry = {"value": 0.25, "low": 0.0, "high": 0.5}
    difference = {"difference": 0.0, "low": -0.1, "high": 0.1, "p": 1.0}
    judged = {"metric": "accuracy", "kind": "mean", "verdict": "not shown"}
    metrics = _METRICS | {
        "models": {name: {"accuracy": entry} for name in ("base", "tuned", "dynamic_int8", "majority", "nearest")},
        "comparisons": {"accuracy": difference},
        "not_measured": ["other"],
        "verdicts": [judged | {"against": [difference | {"name": "a coin", "p_holm": 1.0}]}],
    }
    assert report.header(metrics)[1:6] == tuple(metrics["models"])
    assert {len(row) for row in report.rows(metrics)} == {len(report.header(metrics))}
    report.print_table(settings(), metrics, [])
    printed = capsys.readouterr().out
    sentence = "accuracy: not shown. 0.250: +0.000 [-0.100, +0.100] against a coin, p = 1"
    assert printed.startswith(f"  verdict: {sentence}\n")
    assert printed.count("0.250 [0.000, 0.500]") == 2, "baselines have no room for intervals in a terminal"
    monkeypatch.setattr("tests.evaluation.test_report._METRICS", metrics)
    text = written(settings())
    assert text.index(f"<b>{sentence}.</b>") < text.index("<h2>Goals</h2>")
    assert "<th>nearest</th>" in text

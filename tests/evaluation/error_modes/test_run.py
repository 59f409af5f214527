"""Errors of an evaluated run from end to end, without a model."""

import json
from pathlib import Path

from r1tailor import config
from r1tailor.evaluation.error_modes.features import Origin, origin
from r1tailor.evaluation.error_modes.run import Findings, Wanted, documents_of, findings
from r1tailor.inference import Answerer
from r1tailor.records import Document, Example
from tests.evaluation.error_modes.test_outcomes import files_of
from tests.support.errant import write_errant


def found_in(folder: Path, metric: str | None = None, limit: int = 0) -> Findings:
    def refused() -> Answerer:
        raise AssertionError("no model is asked")

    settings = config.load_params(folder / "config.yaml")
    wanted = Wanted(refused, limit, metric, lambda done, of: None)
    return findings(files_of(folder), settings, {"note": Origin("ward notes", None)}, wanted, "0" * 64)


def test_a_planted_mode_is_found_and_named_with_examples(tmp_path: Path) -> None:
    found = found_in(write_errant(tmp_path))
    worst = found.shown[0]
    assert worst.where == {"field ward": "icu"}
    assert worst.rate == 1.0
    assert len(worst.examples) == 5
    assert found.head["n"] == 240
    assert found.head["halves"] == {"found_on": 120, "tested_on": 120}
    assert sum(found.head["kinds"].values()) == 240


def test_errors_json_holds_what_the_report_reads_and_is_the_same_each_time(tmp_path: Path) -> None:
    write_errant(tmp_path)
    first, again = found_in(tmp_path).as_dict(), found_in(tmp_path).as_dict()
    assert json.dumps(first) == json.dumps(again)
    assert {"name", "model", "domain", "metric", "n", "kinds", "confidence", "halves"} < set(first)
    mode = {"where", "n", "errors", "rate", "rate_elsewhere", "p_holm", "found", "examples"}
    assert set(first["modes"][0]) == mode
    assert all(one["p_holm"] < 0.05 for one in first["modes"])
    assert all(one["p_holm"] >= 0.05 for one in first["not_shown"])
    assert first["left_out"]["above the limit"] > 0


def test_without_a_planted_mode_none_is_shown(tmp_path: Path) -> None:
    """How seldom one is shown all the same is counted in ``test_modes.py``."""
    found = found_in(write_errant(tmp_path, seed=10, planted=False))
    assert len(found.tested) > 1
    assert found.shown == []


def test_too_few_errors_are_a_note(tmp_path: Path) -> None:
    found = found_in(write_errant(tmp_path, number=12))
    assert found.tested == []
    assert found.notes[0].startswith("no slice was tested: ")
    assert "among the 6 items that slices are found on" in found.notes[0]


def test_a_document_is_found_by_the_id_of_its_example() -> None:
    assert documents_of(Example("d7-2", "", "", "", group="law")) == ["d7-2", "d7", "law"]
    assert documents_of(Example("d7#2", "", "", "")) == ["d7#2", "d7"]
    assert documents_of(Example("d7", "", "", "")) == ["d7"]


def test_the_disagreement_of_annotators_is_that_of_the_document() -> None:
    gold = {"rules": {}, "disagreement": 0.25}
    assert origin(Document("d", "", "notes", "", "", "", "", {"gold": gold})) == Origin("notes", 0.25)
    assert origin(Document("d", "", "notes", "", "", "", "")) == Origin("notes", None)

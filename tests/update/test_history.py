"""The log of what each day decided."""

from pathlib import Path

import pytest

from r1tailor.errors import DataError
from r1tailor.update.history import decide, decisions, entries


def test_the_newest_decision_of_a_day_counts(tmp_path: Path) -> None:
    log = tmp_path / "history.jsonl"
    assert decisions(log) == {}
    for day, decision in (("2026-01-01", "promoted"), ("2026-01-02", "refused"), ("2026-01-01", "rolled_back")):
        decide(log, day, decision, {"reason": "a test"})  # type: ignore[arg-type]
    assert decisions(log) == {"2026-01-01": "rolled_back", "2026-01-02": "refused"}
    assert [entry["reason"] for entry in entries(log)] == ["a test"] * 3


def test_a_changed_line_is_noticed(tmp_path: Path) -> None:
    log = tmp_path / "history.jsonl"
    decide(log, "2026-01-01", "promoted", {})
    decide(log, "2026-01-02", "refused", {})
    log.write_text(log.read_text("utf-8").replace("refused", "promoted"), encoding="utf-8")
    with pytest.raises(DataError, match=r"history\.jsonl"):
        decisions(log)

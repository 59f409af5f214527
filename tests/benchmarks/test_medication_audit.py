"""The audit of the medication domain: its rows are those of the seed, and the documentation gives its shares."""

import pytest

from tests.benchmarks import medication_audit
from tests.conftest import ROOT


def test_the_audited_rows_are_those_that_the_seed_draws_from_the_graph() -> None:
    """A change of the domain or its data makes the audit one of other rows: it has to be judged again."""
    facts = [{name: value for name, value in row.items() if name not in ("judgement", "reason")}
             for row in medication_audit.drawn()]  # fmt: skip
    judged = [{name: value for name, value in row.items() if name not in ("judgement", "reason")}
              for row in medication_audit.audited()]  # fmt: skip
    assert judged == facts


def test_every_row_is_judged_with_a_reason() -> None:
    rows = medication_audit.audited()
    assert len(rows) == medication_audit.ROWS == 200
    assert {row["judgement"] for row in rows} == {"right", "doubtful", "wrong"}
    assert all(row["reason"] for row in rows)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_documentation_gives_the_shares_with_their_intervals(language: str) -> None:
    page = (ROOT / "docs" / language / "cases" / "medication.md").read_text("utf-8")
    for share in medication_audit.shares(medication_audit.audited()).values():
        assert share in page

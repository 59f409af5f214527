"""HIPAA's identifiers and ours."""

from r1tailor.corpus.privacy import coverage_table
from tests.corpus.privacy.test_deidentify import KINDS


def test_the_coverage_table_has_the_rules_18_rows_and_every_kind_once() -> None:
    rows = coverage_table()
    assert len(rows) == 18
    assert sorted(kind for row in rows for kind in row.kinds) == sorted(KINDS)
    assert all(row.found_by and row.treatment and row.not_covered for row in rows)

"""A place becomes a draft; what a person says comes first."""

from pathlib import Path

import pytest

from r1tailor.errors import UserError
from r1tailor.proposal.opened import opened
from r1tailor.proposal.wishes import Asker, Wishes
from tests.support import proposal_cases


@pytest.fixture
def table(tmp_path: Path) -> str:
    """A hospital's table."""
    return str(proposal_cases.hospital(tmp_path / "visits.csv"))


def test_named_columns_come_before_found_ones(table: str) -> None:
    wishes = Wishes(input=("Patient Name", "Triage Note"), output="Visit Date", group="visit_id")
    roles = opened(table, wishes, Asker(silent=True)).roles
    assert (roles.input, roles.output, roles.group, roles.date) == (wishes.input, "Visit Date", "visit_id", "")
    assert roles.why["output"] == ("as you said", "按您所说")


def test_a_column_that_is_not_there_is_refused(table: str) -> None:
    with pytest.raises(UserError, match="--group Ward: no such column"):
        opened(table, Wishes(group="Ward"), Asker(silent=True))


def test_closed_sets_are_found_in_records_too(own_jsonl: Path) -> None:
    draft = opened(str(own_jsonl), Wishes(), Asker(silent=True))
    assert draft.labels is not None
    assert set(draft.labels.counts) == {"red", "green", "blue"}

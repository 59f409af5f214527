"""A place becomes a draft; what a person says comes first."""

from pathlib import Path

import pytest

from r1tailor import config, sources
from r1tailor.errors import UserError
from r1tailor.proposal.values import values
from r1tailor.proposal.opened import opened, settled
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


@pytest.mark.parametrize("opening", ["", "<think>so</think>"])
def test_closed_sets_of_records_are_those_of_their_answers(opening: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(
        "".join(f'{{"instruction": "?", "input": "q{n}", "output": "{opening}{"ab"[n % 2]}"}}\n' for n in range(20))
    )
    draft = opened(str(path), Wishes(), Asker(silent=True))
    source = config.validated(*config.composed_with({"domain": "generic"}, {"domain": values(draft, tmp_path)}))
    documents = list(sources.read(source.domain.sources[0], tmp_path, []))
    found = settled(draft, documents, Asker(silent=True))
    assert found.labels is not None
    assert set(found.labels.counts) == {"a", "b"}

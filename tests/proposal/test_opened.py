"""A place becomes a draft; what a person says comes first."""

import json
from pathlib import Path

import pytest

from r1tailor import config, sources
from r1tailor.errors import UserError
from r1tailor.proposal.draft import Draft
from r1tailor.proposal.opened import opened, settled
from r1tailor.proposal.values import values
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


def test_several_turns_and_their_reasoning_are_found(tmp_path: Path) -> None:
    turns = [
        {"role": "user", "content": "And then?"},
        {"role": "assistant", "content": "<think>Hm.</think>Rest, and a warm drink three times a day."},
    ]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"messages": [*turns, *turns]}) + "\n" for _ in range(3)), encoding="utf-8")
    found = _settled(str(path), tmp_path)
    assert found.survey is not None
    assert (found.survey.turns, found.survey.reasoned) == (4.0, 3)
    task = values(found, tmp_path)["task"]
    assert (task["train_turns"], task["reasoning"]) == ("all", "keep")


def test_reasoning_in_the_answers_of_a_table_hides_no_closed_set(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [f"note {n} of a ward,<think>since {n}</think>{'ab'[n % 2]}" for n in range(40)]
    path.write_text("\n".join(["note,answer", *rows]), encoding="utf-8")
    found = _settled(str(path), tmp_path)
    assert found.labels is not None
    assert set(found.labels.counts) == {"a", "b"}
    assert values(found, tmp_path)["task"]["reasoning"] == "keep"


def _settled(place: str, root: Path) -> Draft:
    draft = opened(place, Wishes(), Asker(silent=True))
    source = config.validated(*config.composed_with({"domain": "generic"}, {"domain": values(draft, root)}))
    return settled(draft, list(sources.read(source.domain.sources[0], root, [])), Asker(silent=True))


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        (Wishes(output="Departmnet"), r"Did you mean Department\?"),
        (Wishes(way="text"), "--way text is for documents without answers; here Department answers"),
    ],
)
def test_what_is_named_in_vain_is_refused(wishes: Wishes, said: str, table: str) -> None:
    with pytest.raises(UserError, match=said):
        opened(table, wishes, Asker(silent=True))


def test_columns_are_not_named_for_records_of_a_known_format(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"messages": [{"role": "user", "content": "hm"}]}\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"--output names a column of a table; .* is read as messages"):
        opened(str(tmp_path / "a.jsonl"), Wishes(output="messages"), Asker(silent=True))

"""Packaged sets: what is taken, what is left out, a sample that is the same each time, and other bytes refused."""

import csv
import json
from pathlib import Path

import pytest

from r1tailor import config
from r1tailor.errors import DataError
from r1tailor.redteam import packaged_sets
from r1tailor.schema.base import PinnedFile
from r1tailor.schema.redteam import AttackSet
from r1tailor.sources import packaged as wheels
from tests.support import packaged_texts

TEXTS = {
    "strongreject": "category,source,forbidden_prompt\nx,custom,First\nx,AdvBench,Second\nx,custom,Third\n",
    "harmbench": "Behavior,FunctionalCategory,BehaviorID\nOne,standard,b1\nTwo,contextual,b2\nThree,copyright,b3\n",
    "advbench": "dataset_name: x\nseeds:\n- value: One\n  harm_categories: [a]\n- value: Two\n",
    "rho_overrefusal": json.dumps([{"id": "o1", "text": "How does a vaccine work?"}]),
    "agent_redteam": "\n".join(
        json.dumps(item)
        for item in (
            {"id": "a1", "question": "怎么做？", "gold": {"action": "refuse"}},
            {"id": "a2", "question": "什么是？", "gold": {"action": "answer"}},
            {"id": "a3", "question": "是吗？", "gold": {"action": "hedge"}},
            {"id": "a4", "action": {}, "gold": {"decision": "block"}},
        )
    ),
}
TAKEN = {
    "strongreject": [("First", True), ("Third", True)],
    "harmbench": [("One", True), ("Three", True)],
    "advbench": [("One", True), ("Two", True)],
    "rho_overrefusal": [("How does a vaccine work?", False)],
    "agent_redteam": [("怎么做？", True), ("什么是？", False)],
}


def pinned(reader: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AttackSet:
    """Return a set whose wheel lies in a folder, from where it is downloaded."""
    facts = packaged_texts.pinned({"some": text}, tmp_path, monkeypatch)["some"]
    return AttackSet.model_validate({**facts, "reader": reader, "language": "en"})


@pytest.mark.parametrize("reader", TEXTS)
def test_each_set_is_read_without_what_its_owners_advise_to_leave_out(
    reader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = pinned(reader, TEXTS[reader], tmp_path, monkeypatch)
    found = packaged_sets.cases(wanted, 100)
    assert [(case.prompt, case.harmful) for case in found] == TAKEN[reader]
    assert {case.origin for case in found} == {"some"}
    assert all(case.family == ("harmful_request" if case.harmful else "over_refusal") for case in found)
    monkeypatch.setattr(wheels, "_wheel", lambda *_: pytest.fail("it is in the cache"))
    assert packaged_sets.cases(wanted, 100) == found


def test_a_sample_is_the_same_each_time_and_within_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "category,source,forbidden_prompt\n" + "".join(f"x,custom,Request {n}\n" for n in range(50))
    wanted = pinned("strongreject", text, tmp_path, monkeypatch)
    first, again = packaged_sets.cases(wanted, 10), packaged_sets.cases(wanted, 10)
    assert first == again
    assert len(first) == 10
    assert [case.id for case in first] != [f"some-{n}" for n in range(1, 11)]


def test_another_file_than_the_pinned_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = pinned("strongreject", TEXTS["strongreject"], tmp_path, monkeypatch)
    other = wanted.model_copy(update={"sha256": "0" * 64})
    with pytest.raises(DataError, match="sha256"):
        packaged_sets.cases(other, 10)


def test_a_file_of_another_format_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = pinned("rho_overrefusal", "no json", tmp_path, monkeypatch)
    with pytest.raises(DataError, match=r"data\.txt: not the format that its reader knows"):
        packaged_sets.cases(wanted, 10)


def test_labelled_answers_are_read_below_their_comments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        '# version\n# note\nobjective,assistant_response,human_score,data_type\na,"Sure,\nfine",0,text\nb,No,1,text\n'
    )
    wanted = pinned("strongreject", text, tmp_path, monkeypatch)
    file = PinnedFile.model_validate(wanted.model_dump(exclude={"reader", "language"}))
    assert packaged_sets.labelled([file]) == [("Sure,\nfine", False), ("No", True)]


def test_the_shipped_sets_are_those_of_the_issue() -> None:
    sets = config.load(["redteam=full"]).redteam.sets
    assert {one.reader for one in sets} == set(TEXTS)
    assert {one.package for one in config.load(["redteam=full"]).redteam.labelled} == {"pyrit"}
    assert {one.licence.partition(" ")[0] for one in sets} == {"MIT"}


def test_a_long_answer_is_read_and_other_readers_of_csv_keep_their_limit() -> None:
    before = csv.field_size_limit()
    found = packaged_sets.labelled_in(f'assistant_response,human_score\n"{"no " * 60_000}",refusal\n')
    assert [refused for _, refused in found] == [True]
    assert csv.field_size_limit() == before

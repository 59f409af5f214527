"""A study on disk: sealed, its user's alone, with links that are kept as hashes and votes that are kept once."""

import json
import shutil
from pathlib import Path

import pytest

from r1tailor import store
from r1tailor.errors import DataError, UserError
from r1tailor.serving.study.folder import Study, find, next_name, of_token
from r1tailor.serving.study.votes import Vote
from tests.support.studies import new_study, serving, vote_all


def test_files_are_their_users_alone_and_hold_no_token(tmp_path: Path) -> None:
    study, tokens = new_study(tmp_path)
    files = [file for file in study.folder.iterdir() if file.name != ".lock"]
    assert {oct(file.stat().st_mode & 0o777) for file in files} == {"0o600"}
    assert study.folder.stat().st_mode & 0o777 == 0o700
    assert not [token for token in tokens for file in files if token in file.read_text("utf-8")]
    assert all(len(token) >= 32 for token in tokens)


@pytest.mark.parametrize("name", ["plan.json", "items.json", "draw.json"])
def test_a_plan_that_was_changed_later_is_refused(tmp_path: Path, name: str) -> None:
    study, _ = new_study(tmp_path)
    file = study.folder / name
    file.write_text(file.read_text("utf-8").replace("1", "2", 1), "utf-8")
    with pytest.raises(DataError, match="were changed after the study was planned"):
        Study(study.folder)


def test_a_token_opens_its_raters_pages_and_no_others(tmp_path: Path) -> None:
    study, tokens = new_study(tmp_path)
    assert [study.rater(token) for token in tokens] == [0, 1]
    assert of_token(serving(tmp_path), tokens[1]) is not None
    assert of_token(serving(tmp_path), tokens[1][:-1]) is None
    assert of_token(serving(tmp_path), "../toy-study-1") is None


def test_a_study_that_was_tampered_with_does_not_stop_the_others(tmp_path: Path) -> None:
    study, tokens = new_study(tmp_path)
    other = study.folder.with_name("toy-study-0")
    shutil.copytree(study.folder, other)
    store.write_json(other / "links.json", [])
    store.write_json(other / "plan.json", {})
    found = of_token(serving(tmp_path), tokens[0])
    assert found is not None
    assert found[0].folder == study.folder


def test_a_new_link_ends_the_old_one(tmp_path: Path) -> None:
    study, tokens = new_study(tmp_path)
    fresh = study.new_link(1)
    assert [study.rater(token) for token in (tokens[0], tokens[1], fresh)] == [0, None, 1]
    with pytest.raises(UserError, match="rater 3: study toy-study-1 has raters 1 to 2"):
        study.new_link(2)


def test_pages_come_in_order_and_a_form_sent_twice_counts_once(tmp_path: Path) -> None:
    study, _ = new_study(tmp_path)
    page = study.page(0)
    assert page is not None
    assert study.vote(0, 0, Vote("a"))
    assert not study.vote(0, 0, Vote("b"))
    assert not study.vote(0, 5, Vote("b"))
    assert study.standing().votes == {(0, 0): Vote("a")}
    following = Study(study.folder).page(0)  # resumed by another process
    assert following is not None
    assert following.number == 1


def test_undo_returns_to_the_page_before_with_its_vote(tmp_path: Path) -> None:
    study, _ = new_study(tmp_path)
    assert not study.undo(0, 0)
    study.vote(0, 0, Vote("a", ("clarity",), "hm"))
    assert study.undo(0, 1)
    page = study.page(0)
    assert page is not None
    assert (page.number, page.earlier) == (0, Vote("a", ("clarity",), "hm"))


def test_the_last_vote_can_be_taken_back_until_the_study_is_closed(tmp_path: Path) -> None:
    study, _ = new_study(tmp_path)
    vote_all(study)
    assert study.ended
    total = study.progress()[0][1]
    assert study.undo(0, total)
    assert not study.ended
    study.close("enough")
    assert study.ended
    assert study.page(0) is None
    assert not study.vote(0, total - 1, Vote("a"))
    assert not study.undo(0, total - 1)
    with pytest.raises(UserError, match="closed already"):
        study.close("again")


def test_answers_are_on_the_side_that_was_drawn(tmp_path: Path) -> None:
    study, _ = new_study(tmp_path)
    while page := study.page(0):
        assert (page.answers[0] == page.item.answers[0]) is not page.trial.swapped
        study.vote(0, page.number, Vote("tie"))


def test_a_vote_that_was_changed_on_disk_is_found(tmp_path: Path) -> None:
    study, _ = new_study(tmp_path)
    vote_all(study)
    file = study.folder / "votes.jsonl"
    lines = file.read_text("utf-8").splitlines()
    lines[3] = json.dumps(json.loads(lines[3]) | {"choice": "tie"})
    file.write_text("\n".join(lines) + "\n", "utf-8")
    with pytest.raises(DataError, match=r"votes\.jsonl: "):
        study.rated()


def test_studies_are_found_by_name_or_by_domain(tmp_path: Path) -> None:
    assert next_name(serving(tmp_path), "toy") == "toy-study-1"
    study, _ = new_study(tmp_path)
    assert next_name(serving(tmp_path), "toy") == "toy-study-2"
    assert find(serving(tmp_path), "toy").folder == find(serving(tmp_path), "toy-study-1").folder == study.folder
    with pytest.raises(UserError, match=r"toy-study-3: there is no such study\. .*Studies: toy-study-1"):
        find(serving(tmp_path), "toy-study-3")

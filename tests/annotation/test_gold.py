"""Gold labels reach the documents, ties go to the adjudicator, and every vote is kept."""

import json
from dataclasses import replace
from pathlib import Path

from r1tailor import store
from r1tailor.annotation import annotate, settle
from r1tailor.annotation.adjudicate import Adjudicated
from tests.support.annotated import DOCUMENTS, stage, vote, votes_of_two


def test_gold_labels_reach_the_documents_and_every_vote_is_kept(tmp_path: Path) -> None:
    own = stage(tmp_path, votes_of_two())
    gold = annotate(DOCUMENTS, own, tmp_path, seed=1)
    settle(gold, own, tmp_path / "annotate")
    fields = {document.id: document.fields.get("gold") for document in gold.documents}
    said = {"spans": [], "relations": [], "answers": {"topic": ["x"]}, "rules": {"topic": "unanimous"}}
    assert fields["d0"] == said | {"disagreement": 0.0}
    assert fields["d9"]["disagreement"] == 1.0
    assert fields["d9"]["rules"] == {"topic": "undecided"}
    assert (fields["d10"], fields["d11"]) == (None, None)
    assert gold.summary == "gold labels for 10 documents, 1 wait for an adjudicator; topic Cohen's kappa 0.85"
    lines = [json.loads(line) for line in (tmp_path / "annotate" / "gold.jsonl").read_text("utf-8").splitlines()]
    assert [(v["annotator"], v["labels"]["answers"]["topic"]) for v in lines[9]["votes"]] == [
        ("a", ["x"]),
        ("b", ["y"]),
    ]
    assert lines[9]["votes"][0]["created_at"] == "2026-01-01T00:00:00+00:00"
    assert store.read_json(tmp_path / "annotate" / "report.json")["undecided"] == ["d9"]


def test_ties_go_out_to_the_adjudicator_with_the_votes_and_come_back(tmp_path: Path) -> None:
    own = stage(tmp_path, votes_of_two())
    settle(annotate(DOCUMENTS, own, tmp_path, seed=1), own, tmp_path / "annotate")
    (task,) = store.read_json(tmp_path / "annotate" / "adjudication" / "label_studio.json")
    assert (task["data"]["document"], task["meta"]) == ("d9", {"reason": "votes are tied"})
    assert [prediction["model_version"] for prediction in task["predictions"]] == ["a", "b"]
    said = [
        vote("chief", document="d9", topic="z"),
        replace(vote("chief", document="d9", topic="y"), created_at="2026-02-01"),
    ]
    settled = annotate(DOCUMENTS, stage(tmp_path, votes_of_two(), said), tmp_path, seed=1)
    assert settled.decided[9].labels.answers == {"topic": ("y",)}  # the newest word
    assert settled.decided[9].rules == {"topic": "adjudicated"}
    assert settled.decided[9].decision is not None
    assert settled.decided[9].decision.annotator == "chief"
    assert settled.summary.startswith("gold labels for 10 documents; ")


def test_the_same_votes_give_the_same_bytes(tmp_path: Path) -> None:
    for name, votes in (("one", votes_of_two()), ("two", votes_of_two()[::-1])):
        own = stage(tmp_path, votes)
        gold = annotate(DOCUMENTS, own, tmp_path, seed=1)
        settle(replace(gold, decided=[_unplaced(one) for one in gold.decided]), own, tmp_path / name)
    for file in ("gold.jsonl", "report.json", "adjudication/label_studio.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def _unplaced(one: Adjudicated) -> Adjudicated:
    return replace(one, votes=tuple(replace(each, position="") for each in one.votes))

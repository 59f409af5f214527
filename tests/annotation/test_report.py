"""The report of annotation counts every vote once."""

from dataclasses import replace
from pathlib import Path

from r1tailor.annotation import annotate
from tests.support.annotated import DOCUMENTS, stage, votes_of_two


def test_votes_are_cancelled_superseded_or_counted(tmp_path: Path) -> None:
    votes = votes_of_two()
    older = replace(votes[0], created_at="2025-01-01T00:00:00+00:00")
    skipped = replace(votes[1], annotator="c", answer="ignore")
    report = annotate(DOCUMENTS, stage(tmp_path, [*votes, older, skipped]), tmp_path, seed=1).report
    assert (report["annotations"], report["cancelled"], report["superseded"]) == (22, 1, 1)
    assert report["votes_by_annotator"] == {"a": 10, "b": 10}
    assert (report["documents"], report["labelled_twice_or_more"]) == (10, 10)
    assert report["rules"] == {"topic": {"unanimous": 9, "undecided": 1}}
    (aspect,) = report["agreement"]
    assert aspect["disagreement"] == {"d9": 1.0}
    assert [pair["hint"].partition(" (")[0] for pair in aspect["confusions"]] == ["x / y"]

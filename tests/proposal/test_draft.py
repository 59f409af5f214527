"""A draft's values follow from what was found and what a person said."""

from dataclasses import replace
from pathlib import Path

import pytest

from r1tailor.proposal.draft import Draft, compliance, metric, name_of, preset, span, values
from r1tailor.proposal.opened import opened
from r1tailor.proposal.survey import Survey
from r1tailor.proposal.wishes import Asker, Wishes
from tests.support import proposal_cases

_FOUND = Survey(40, 40, "en", {"name": 20}, 20, 40, 0, 0.0, 8.0)


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    """The draft of a hospital's table."""
    return opened(str(proposal_cases.hospital(tmp_path / "visits.csv")), Wishes(), Asker(silent=True))


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("a/Triage Notes (final).csv", "triage_notes_final"),
        ("门诊.csv", "mine"),
        ("runs.csv", "mine"),
        ("data/", "data"),
    ],
)
def test_names(place: str, name: str) -> None:
    assert name_of(place) == name


def test_the_preset_follows_from_identifiers_and_language(draft: Draft) -> None:
    assert preset(draft) == "none"
    found = replace(draft, survey=_FOUND)
    assert (preset(found), compliance(found)) == ("hipaa", "hipaa")
    assert compliance(replace(found, gated=False)) == "none"
    assert preset(replace(found, wishes=Wishes(preset="pipl"))) == "pipl"


def test_the_goal_is_halfway_from_the_majority_to_no_error(draft: Draft, tmp_path: Path) -> None:
    (goal,) = values(draft, tmp_path)["goals"]
    assert goal["metric"] == "label_accuracy"
    assert goal["at_least"] == pytest.approx((1 + draft.labels.majority) / 2, abs=0.005)  # type: ignore[union-attr]


def test_a_persons_threshold_comes_first(draft: Draft, tmp_path: Path) -> None:
    asked = replace(draft, wishes=replace(draft.wishes, threshold=0.9, why="nurses stop using it"))
    assert values(asked, tmp_path)["goals"] == [
        {"metric": "label_accuracy", "at_least": 0.9, "why": "nurses stop using it"}
    ]


def test_short_answers_are_measured_word_for_word(draft: Draft) -> None:
    free = replace(draft, labels=None)
    assert metric(replace(free, survey=_FOUND)) == "exact_match"
    assert metric(replace(free, survey=replace(_FOUND, length=200.0))) != "exact_match"


def test_dates_over_half_a_year_divide_in_time(draft: Draft, tmp_path: Path) -> None:
    assert span(draft) == 27
    assert values(draft, tmp_path)["split"]["by"] == "similarity"
    rows = [
        {"note": f"something long to read, number {n}", "ward": "ab"[n % 2], "date": f"20{10 + n % 9}-03-01"}
        for n in range(60)
    ]
    path = tmp_path / "dated.csv"
    path.write_text("\n".join([",".join(rows[0]), *('"{note}",{ward},{date}'.format(**row) for row in rows)]), "utf-8")
    dated = opened(str(path), Wishes(), Asker(silent=True))
    assert values(dated, tmp_path)["split"]["by"] == "time"


@pytest.mark.parametrize(
    ("name", "kind"), [("a.pdf", "pdf"), ("a.txt", "text"), ("a.html", "text"), ("a.docx", "text"), ("a.xml", "jats")]
)
def test_documents_get_the_source_of_their_kind(name: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"<article/>")
    found = opened(str(tmp_path / name), Wishes(), Asker(silent=True))
    (source,) = values(found, tmp_path)["sources"]
    assert (source["kind"], source["path"], found.way) == (kind, name, "text")
    assert values(replace(found, wishes=Wishes(way="passages")), tmp_path)["kind"] == "titled_passages"
    assert values(replace(found, wishes=Wishes(way="annotate")), tmp_path)["annotation"]["exports"] == []

"""Goals follow from the answers: what is measured, from which value it is worth it, and what a test can show of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from r1tailor.proposal.draft import Draft
from r1tailor.proposal.goals import goals, metric, metrics, shown_by
from r1tailor.proposal.opened import opened
from r1tailor.proposal.survey import Survey
from r1tailor.proposal.tongue import Tongue
from r1tailor.proposal.values import values
from r1tailor.proposal.wishes import Asker, Wishes
from tests.support import proposal_cases

_FOUND = Survey(40, 40, "en", {"name": 20}, 20, 40, 0, 0.0, 8.0)


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    """The draft of a hospital's table."""
    return opened(str(proposal_cases.hospital(tmp_path / "visits.csv")), Wishes(), Asker(silent=True))


def test_the_goal_is_halfway_from_the_majority_to_no_error(draft: Draft) -> None:
    (goal,) = goals(draft)
    assert goal["metric"] == "label_accuracy"
    assert goal["at_least"] == pytest.approx((1 + draft.labels.majority) / 2, abs=0.005)  # type: ignore[union-attr]
    assert "always answering" in goal["why"]


def test_a_persons_threshold_comes_first(draft: Draft) -> None:
    asked = replace(draft, wishes=replace(draft.wishes, threshold=0.9, why="nurses stop using it"))
    assert goals(asked) == [{"metric": "label_accuracy", "at_least": 0.9, "why": "nurses stop using it"}]


@pytest.mark.parametrize(
    ("found", "measured", "named"),
    [
        (_FOUND, "exact_match", ["normalised"]),
        (replace(_FOUND, length=200.0), "chrf", ["chrf", "rouge_l"]),
        (replace(_FOUND, numeric=True), "number", ["number"]),
    ],
)
def test_free_answers_are_measured_by_their_length_and_kind(
    draft: Draft, found: Survey, measured: str, named: list[str], tmp_path: Path
) -> None:
    free = replace(draft, labels=None, survey=found)
    assert (metric(free), metrics(free)) == (measured, named)
    assert values(free, tmp_path)["task"]["metrics"] == named


def test_a_chinese_answer_is_long_sooner(draft: Draft) -> None:
    said = replace(draft, labels=None, survey=replace(_FOUND, length=27.0))
    assert (metric(said), metric(replace(said, say=Tongue("zh")))) == ("exact_match", "chrf")


def test_labels_are_also_measured_by_class(draft: Draft) -> None:
    assert metrics(draft) == ["macro_f1"]


def test_the_goal_of_long_answers_begins_at_what_wording_alone_scores(draft: Draft) -> None:
    (goal,) = goals(replace(draft, labels=None, survey=replace(_FOUND, length=200.0, unrelated=20.0)))
    assert (goal["metric"], goal["at_least"]) == ("chrf", 40)
    assert "the answer to another question scores 20" in goal["why"]


def test_what_a_test_can_show_of_a_share_is_computed() -> None:
    told = str(shown_by(90, {"metric": "label_accuracy", "at_least": 0.8}, Tongue("en")))
    assert "90: a gain of 16 points is seen with 80 % power; 5 points want 498" in told
    assert "[0.71, 0.87]" in told
    assert "no gain is seen" in str(shown_by(4, {"metric": "exact_match", "at_least": 0.5}, Tongue("en")))


def test_of_a_mean_a_test_shows_a_change_in_standard_deviations() -> None:
    told = str(shown_by(90, {"metric": "chrf", "at_least": 40}, Tongue("en")))
    assert "a change of chrf by 0.30 standard deviations" in told
    assert "points" not in told

"""A draft's values follow from what was found and what a person said."""

from dataclasses import replace
from pathlib import Path

import pytest

from r1tailor.proposal.draft import Draft, compliance, name_of, preset, span
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
        ("Fälle 2024.csv", "falle_2024"),
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


def test_the_span_is_that_of_the_dates(draft: Draft) -> None:
    assert span(draft) == 27
    assert span(replace(draft, columns={})) == 0

"""The report of a finished study; an open one gives no figures away."""

from pathlib import Path

import pytest

from r1tailor.errors import UserError
from r1tailor.serving.study.folder import Page
from r1tailor.serving.study.report import figures, page, rows
from r1tailor.serving.study.votes import Vote
from tests.support.studies import new_study, vote_all


def test_a_finished_study_names_its_winner_with_every_figure(tmp_path: Path) -> None:
    study, _ = new_study(tmp_path)
    vote_all(study)
    found = figures(study)
    assert found["verdict"]["text"] == "tuned is preferred (sign test at the planned n)"
    assert found["statistics"]["net"]["value"] == 1.0
    assert found["statistics"]["flips"]["value"] == 0.0
    html = page(study, found)
    for name, value, meaning in rows(study.plan.subjects, found):
        assert name.replace("'", "&#39;") in html
        assert meaning in html
        assert value in html
    assert "http" not in html
    assert "<script" not in html


def test_what_raters_and_models_write_is_text(tmp_path: Path) -> None:
    study, _ = new_study(tmp_path)
    vote_all(study, lambda _: Vote("tie", (), "<script>alert(1)</script>"))
    html = page(study, figures(study))
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_ties_alone_show_no_preference_and_leave_what_is_not_defined_out(tmp_path: Path) -> None:
    study, _ = new_study(tmp_path)
    vote_all(study, lambda _: Vote("bad"))
    found = figures(study)
    assert found["verdict"]["text"] == "no preference is shown (sign test at the planned n of 12 items)"
    assert ("Krippendorff's alpha", "not defined") in [row[:2] for row in rows(study.plan.subjects, found)]
    assert "nan" not in page(study, found)


def test_an_open_study_gives_no_figures(tmp_path: Path) -> None:
    study, _ = new_study(tmp_path)
    study.vote(0, 0, Vote("a"))
    with pytest.raises(UserError, match=r"study toy-study-1 is open \(1 of 28 pages\): looked at early"):
        figures(study)


def test_a_study_closed_early_claims_nothing(tmp_path: Path) -> None:
    study, _ = new_study(tmp_path)
    first = study.page(0)
    assert first is not None
    study.vote(0, 0, Vote("a"))
    study.close("no time")
    found = figures(study)
    assert found["verdict"]["winner"] is None
    assert "was closed when 1 of 12 planned items had a vote" in found["verdict"]["text"]
    assert found["closed"] == "no time"


def test_reasons_are_counted_for_the_preferred_subject(tmp_path: Path) -> None:
    study, _ = new_study(tmp_path, raters=1, repeats=0.0)

    def choose(on: Page) -> Vote:
        return Vote("a" if on.trial.swapped else "b", ("clarity",))

    vote_all(study, choose)
    assert figures(study)["reasons"] == {"base": {}, "tuned": {"clarity": 12}}

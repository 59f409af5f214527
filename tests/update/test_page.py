"""The page of the days: every day, every gate, every decision, in both languages, without script or network."""

from dataclasses import replace

import pytest

from r1tailor.update import page
from r1tailor.update.learn import advanced
from r1tailor.update.promote import conclude
from tests.support.proven_days import Project, examples, selected
from tests.support.toy_run import toy_settings


@pytest.fixture
def told(learning: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    settings = toy_settings(learning.root, "update.promote.mode=automatic", "update.promote.channels=[]")
    project = replace(learning, settings=settings)
    conclude(project.passed(monkeypatch, "2026-02-01", "new"), project.root)
    advanced(project.settings, project.root, yes=False)
    project.answering(monkeypatch, lambda _who, _item: True)
    day = project.day("2026-02-02", selected(examples(4, "<b>x")), examples(20, "own"))
    project.given(day)
    project.proven(day)
    conclude(day, project.root)
    return project


@pytest.mark.parametrize(
    ("language", "words"), [("en", ("promoted", "refused", "lower bound")), ("zh", ("已上线", "被拒绝", "下界"))]
)
def test_a_page_tells_days_gates_and_decisions(told: Project, language: page.Language, words: tuple[str, ...]) -> None:
    html = page.page(told.places, told.settings, language)
    for text in (*words, "2026-02-01", "2026-02-02", "label_accuracy", "failed: held_out, day", "<svg"):
        assert text in html, text
    assert f'lang="{language}"' in html
    assert "<script" not in html
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    assert html.index("2026-02-02") < html.rindex("2026-02-01"), "the newest comes first"


def test_the_page_is_written_in_the_language_of_the_domain(learning: Project) -> None:
    file = page.write(learning.settings, learning.root)
    assert "No day yet." in file.read_text("utf-8")
    assert "尚无记录。" in page.write(learning.settings, learning.root, "zh").read_text("utf-8")

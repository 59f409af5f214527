"""A study through the pages by three raters: with the mouse on a phone, with the keyboard, and without script."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from r1tailor.serving.study.folder import Study
from r1tailor.serving.study.report import figures
from r1tailor.serving.study.report import page as report_page
from tests.support.browser import Site, Watched
from tests.support.studies import new_study

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ITEMS, RATERS = 6, 3


@pytest.fixture(scope="module")
def study(site: Site, tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, list[str]]:
    project = Path(tmp_path_factory.mktemp("project"))
    made, tokens = new_study(project, ITEMS, RATERS)
    (site.context.folder / "studies").symlink_to(made.folder.parent)
    return Study(made.folder), [f"{site.url}/study/{token}" for token in tokens]


def _plainer(page: "Page") -> str:
    """Return the side whose answer is plainer, as a rater reads it."""
    shown = page.locator(".shown").all_inner_texts()
    return "b" if "perhaps" in shown[0] else "a"


def _by_mouse(page: "Page") -> None:
    side = _plainer(page)
    page.check(f"input[name=choice][value={side}]")
    page.check(f"input[name=satisfaction_{side}][value='5']")
    page.check("input[name=reason][value=clarity]")
    page.fill("#comment", "<b>plainer</b>")
    page.click("button.main")


def _by_keyboard(page: "Page") -> None:
    page.keyboard.press(_plainer(page))
    with page.expect_navigation():
        page.keyboard.press("Enter")


def _walk(page: "Page", link: str, answer: Callable[["Page"], None]) -> int:
    page.goto(link)
    answered = 0
    while page.locator("#vote").count():
        answer(page)
        page.wait_for_load_state()
        answered += 1
        assert answered < 50
    return answered


def test_three_raters_come_to_a_report(
    browser: "Browser", page: "Page", site: Site, study: tuple[Study, list[str]], tmp_path: Path
) -> None:
    made, links = study
    watched = Watched().over(page, site.url)
    total = made.progress()[0][1]
    phone = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, locale="zh-CN")
    plain = browser.new_context(java_script_enabled=False)
    on_phone, without_script = phone.new_page(), plain.new_page()
    assert _walk(on_phone, links[0], _by_mouse) == total
    assert "谢谢" in on_phone.inner_text("main")
    assert _walk(page, links[1], _by_keyboard) == total
    assert _walk(without_script, links[2], _by_mouse) == total
    phone.close()
    plain.close()
    found = figures(made)
    assert found["verdict"]["text"] == "tuned is preferred (sign test at the planned n)"
    assert found["statistics"]["wins"] == ITEMS
    assert found["statistics"]["alpha"]["value"] is None  # all of one mind
    (tmp_path / "report.html").write_text(report_page(made, found), "utf-8")
    page.goto((tmp_path / "report.html").as_uri())
    assert "tuned is preferred" in page.inner_text("body")
    assert "<b>plainer</b>" in page.inner_text("body")
    assert watched.dialogs == watched.console == []


def test_keys_choose_undo_and_leave_what_is_written_alone(
    page: "Page", site: Site, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made, tokens = new_study(Path(tmp_path_factory.mktemp("keys")))
    place = site.context.folder / "studies" / "toy-study-9"
    place.symlink_to(made.folder)
    page.goto(f"{site.url}/study/{tokens[0]}")
    for key, value in (("b", "b"), ("t", "tie"), ("x", "bad"), ("a", "a")):
        page.keyboard.press(key)
        assert page.locator("input[name=choice]:checked").get_attribute("value") == value
    page.focus("#comment")
    page.keyboard.type("tax but")
    assert page.input_value("#comment") == "tax but"
    assert page.locator("input[name=choice]:checked").get_attribute("value") == "a"
    page.click("button.main")
    assert "Page 2 of" in page.inner_text(".progress")
    page.wait_for_load_state()  # a key has no meaning until the page's script runs
    page.keyboard.press("u")
    page.wait_for_selector("text=Page 1 of")
    assert page.locator("input[name=choice]:checked").get_attribute("value") == "a"
    assert page.input_value("#comment") == "tax but"
    page.click("button.main")
    page.reload()
    assert "Page 2 of" in page.inner_text(".progress")

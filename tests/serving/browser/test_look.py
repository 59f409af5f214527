"""Every page at 390 and 1280 pixels in both languages: nothing overflows, contrast of WCAG AA, no inline code."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from r1tailor.serving.feedback.log import FeedbackLog, Texts
from r1tailor.serving.study.report import figures
from r1tailor.serving.study.report import page as report_page
from r1tailor.serving.study.votes import Vote
from tests.support.browser import CONTRAST, OVERFLOW, Site, Watched, log_in
from tests.support.studies import new_study, vote_all

if TYPE_CHECKING:
    from playwright.sync_api import Page

LONG = "pneumonoultramicroscopicsilicovolcanoconiosis" * 6

INLINE = "() => document.querySelectorAll('script:not([src]), [style], [onclick], [onload], style').length"
UNNAMED = """() => [...document.querySelectorAll('input:not([type=hidden]), textarea, select, button')]
  .filter((one) => !(one.labels && one.labels.length) && !one.textContent.trim() && !one.ariaLabel).length"""


@pytest.fixture(scope="module")
def paths(site: Site, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A path for each page that only needs to be opened."""
    domain = site.context.composition.domain.name
    log = FeedbackLog(site.context.folder / "feedback" / domain)
    first = log.add(Texts(f"What is {LONG}?", LONG, "since", f"not {LONG}", LONG), "ann", "toy-1-0000000000", "down")
    log.decide(first, "bob", "second", 0, "", LONG)
    log.add(Texts("short", "answer"), "ann", "toy-1-0000000000", "up")
    made, tokens = new_study(Path(tmp_path_factory.mktemp("look")))
    (site.context.folder / "studies").symlink_to(made.folder.parent)
    while page := made.page(1):
        made.vote(1, page.number, Vote("tie"))
    return {
        "login": "/login",
        "queue": "/review",
        "one": f"/review/{first}",
        "study": f"/study/{tokens[0]}",
        "done": f"/study/{tokens[1]}",
    }


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_fits_can_be_read_and_holds_no_inline_code(
    page: "Page", site: Site, paths: dict[str, str], width: int, language: str
) -> None:
    watched = Watched().over(page, site.url)
    page.set_viewport_size({"width": width, "height": 844})
    _sound(page, lambda: page.goto(f"{site.url}/login"))
    log_in(page, site, "admin", f"admin-{width}-{language}")
    for path in paths.values():
        _sound(page, lambda path=path: page.goto(f"{site.url}{path}?lang={language}"))
    _sound(page, lambda: page.goto(f"{site.url}/?lang={language}"))
    page.fill("#question", f"What is {LONG}?")
    _sound(page, lambda: page.click("button.main"))
    page.fill("#corrected", f"not {LONG}")
    _sound(page, lambda: page.locator("form[action^='/feedback'] button").click())
    assert page.locator(".notice").count() == 1
    assert watched.console == watched.elsewhere == []


def _sound(page: "Page", open_: Callable[[], object]) -> None:
    open_()
    page.wait_for_load_state()
    page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.evaluate(OVERFLOW) <= 0, page.url
    assert page.evaluate(CONTRAST) == [], page.url
    assert page.evaluate(INLINE) == 0, page.url
    assert page.evaluate(UNNAMED) == 0, page.url


@pytest.mark.parametrize("width", [390, 1280])
def test_the_report_fits_and_can_be_read(page: "Page", tmp_path: Path, width: int) -> None:
    made, _ = new_study(tmp_path)
    vote_all(made)
    (tmp_path / "report.html").write_text(report_page(made, figures(made)), "utf-8")
    page.set_viewport_size({"width": width, "height": 844})
    page.goto((tmp_path / "report.html").as_uri())
    assert page.evaluate(OVERFLOW) <= 0
    assert page.evaluate(CONTRAST) == []


def test_a_faint_text_would_be_found(page: "Page") -> None:
    page.set_content("<p style='color: #999'>faint</p><p style='color: #555'>strong</p>")
    assert page.evaluate(CONTRAST) == ["2.85 faint"]

"""The pages in a real Chromium, at 390 and 1280 pixels, in both languages, light and dark, on paper, by keyboard."""

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from r1tailor.evaluation.compare_versions import compared, evaluated
from r1tailor.evaluation.evaluated_files import find
from r1tailor.registry import Registry
from r1tailor.report.comparison import write_page
from r1tailor.report.page import page as report_page
from tests.support.browser import CONTRAST, OVERFLOW, Watched
from tests.support.evaluated import ITEMS, write_run
from tests.support.finished import finished

if TYPE_CHECKING:
    from playwright.sync_api import Page

OPEN = "() => document.querySelectorAll('details').forEach((one) => { one.open = true; })"
UNNAMED = """() => [...document.querySelectorAll('svg')].filter((one) => one.getAttribute('role') !== 'img'
  || !(one.getAttribute('aria-label') || one.querySelector('title'))).length"""
HEADINGS = "() => [...document.querySelectorAll('h1, h2, h3')].map((one) => Number(one.tagName[1]))"
UNSCOPED = "() => document.querySelectorAll('th:not([scope])').length"
SMALL = """() => [...document.querySelectorAll('main td, main th, main p')]
  .filter((one) => one.getClientRects().length && parseFloat(getComputedStyle(one).fontSize) < 11).length"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of a run with everything, and the page that compares two, in both languages."""
    folder = Path(tmp_path_factory.mktemp("pages"))
    registry = Registry(folder / "outputs" / "registry")
    write_run(folder / "a", [i % 2 == 0 for i in range(len(ITEMS))], "trainer.max_steps=7")
    write_run(folder / "b", [True] * len(ITEMS), "trainer.max_steps=9")
    both = compared(*(evaluated(find(f"./{name}", registry, folder)) for name in ("a", "b")))
    made = {}
    for language in ("en", "zh"):
        made[f"run-{language}"] = folder / f"run-{language}.html"
        made[f"run-{language}"].write_text(report_page(finished(language=language)), "utf-8")
        made[f"both-{language}"] = folder / f"both-{language}.html"
        write_page(both, made[f"both-{language}"], language)  # type: ignore[arg-type]
    return made


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["run-en", "run-zh", "both-en", "both-zh"])
def test_a_page_fits_can_be_read_and_asks_for_nothing(
    page: "Page", pages: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    watched = Watched().over(page, "file:")
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(pages[name].as_uri())
    assert page.evaluate(OVERFLOW) <= 0
    page.evaluate(OPEN)
    assert page.evaluate(OVERFLOW) <= 0, "with everything open"
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(SMALL) == 0
    assert watched.console == watched.dialogs == []
    assert [url for url in watched.elsewhere if not url.startswith("data:")] == []


def test_a_screen_reader_finds_names_headings_and_scopes_in_order(page: "Page", pages: dict[str, Path]) -> None:
    for name in ("run-en", "both-zh"):
        page.goto(pages[name].as_uri())
        assert page.evaluate(UNNAMED) == 0
        assert page.evaluate(UNSCOPED) == 0
        levels = page.evaluate(HEADINGS)
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_keyboard_reaches_the_verdict_first_and_then_the_contents(page: "Page", pages: dict[str, Path]) -> None:
    page.goto(pages["run-en"].as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "Skip to the verdict"
    page.keyboard.press("Enter")
    assert page.url.endswith("#verdict")
    page.goto(pages["run-zh"].as_uri())
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#goals"), "the second of the contents"


def test_on_paper_everything_is_open_and_nothing_is_in_the_way(page: "Page", pages: dict[str, Path]) -> None:
    page.goto(pages["run-en"].as_uri())
    assert page.locator("nav").is_visible()
    page.emulate_media(media="print")
    assert page.locator("nav").is_hidden()
    heights = "() => [...document.querySelectorAll('details')].map((one) => one.getBoundingClientRect().height)"
    assert min(page.evaluate(heights)) > 60, "what is folded on the screen is printed"

"""A Chromium for the tests of a module. Without one they are skipped, or fail where they are required (``.ci/run``)."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.browser import Site, chromium, listening, required

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """Closed with its module: while it runs, no other test of this process may run an event loop."""
    place = chromium()
    if place is None:
        assert not required(), "browser tests are required here, and there is no Chromium or no playwright"
        pytest.skip("no Chromium or no playwright: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=place, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with listening(Path(tmp_path_factory.mktemp("site"))) as running:
        yield running


@pytest.fixture
def page(browser: "Browser") -> "Iterator[Page]":
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    yield context.new_page()
    context.close()

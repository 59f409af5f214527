"""The Chromium of the serving room's browser tests."""

from tests.serving.browser.conftest import browser, page

__all__ = ["browser", "page"]

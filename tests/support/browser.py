"""A real Chromium at a real gateway, and what it has seen that it should not."""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from r1tailor.serving.context import Context
from tests.support.serving import Shelf, application

if TYPE_CHECKING:
    from playwright.sync_api import Page

REQUIRED = "R1TAILOR_BROWSER_TESTS"  # "required": a browser test that cannot run fails
# The ratio of WCAG 2.2 (1.4.3) of each text against the nearest background that is not transparent.
CONTRAST = """() => {
  const channel = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (one) => {
    for (; one; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !one.getClientRects().length) continue;
    const style = getComputedStyle(one);
    const [a, b] = [luminance(parse(style.color)), luminance(behind(one))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) faint.push(`${ratio.toFixed(2)} ${walker.currentNode.textContent.trim()}`);
  }
  return faint;
}"""
OVERFLOW = "() => document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """Return the system's Chromium; None without one, or without playwright."""
    return next(filter(None, map(shutil.which, _NAMES)), None) if find_spec("playwright") else None


def required() -> bool:
    return os.environ.get(REQUIRED) == "required"


@dataclass
class Site:
    """A gateway that listens on this machine.

    Attributes:
        url: of it.
        context: what its routes share.
        shelf: its versions.
    """

    url: str
    context: Context
    shelf: Shelf

    def key(self, role: str, user: str = "") -> str:
        return self.context.access.keys.add(user or f"{role}-1", role)  # type: ignore[arg-type]


@contextmanager
def listening(folder: Path, *overrides: str) -> Iterator[Site]:
    """Run a gateway on a free port of this machine."""
    shelf = Shelf()
    generous = "serving.limits.requests_per_minute=100000", "serving.limits.burst=1000"
    with ThreadPoolExecutor(1) as other:  # playwright's loop runs in this thread
        app, context = other.submit(application, folder, shelf, *generous, *overrides).result()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="on"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Site(f"http://127.0.0.1:{port}", context, shelf)
    finally:
        server.should_exit = True
        thread.join()


@dataclass
class Watched:
    """What a page did: dialogs, requests to other hosts, complaints of the browser."""

    dialogs: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)

    def over(self, page: "Page", url: str) -> "Watched":
        """Watch a page of a site."""
        page.on("dialog", self._dialog)
        page.on("request", lambda request: None if request.url.startswith(url) else self.elsewhere.append(request.url))
        page.on("console", lambda said: self.console.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.console.append(str(error)))
        return self

    def _dialog(self, dialog: Any) -> None:  # noqa: ANN401
        self.dialogs.append(dialog.message)
        dialog.dismiss()


def log_in(page: "Page", site: Site, role: str, user: str = "") -> None:
    page.context.clear_cookies()
    page.goto(f"{site.url}/login")
    page.fill("#key", site.key(role, user))
    page.click("button")

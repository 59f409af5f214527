"""The chat page: ask, folded reasoning, rate, correct; what the model wrote cannot be forged."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import html

from tests.support.pages import BROWSER, ask_and_correct, feedback_log, fields, get, log_in, post, seen
from tests.support.serving import Harness, gateway


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    with gateway(tmp_path) as running:
        log_in(running)
        yield running


def test_an_answer_is_shown_with_its_reasoning_folded(harness: Harness) -> None:
    page = post(harness, "/", {"question": "Which\ncode?"}, get(harness, "/").text, "/?")
    assert page.status_code == 200
    tree = html.fromstring(page.text)
    (folded,) = tree.xpath("//details[summary='Reasoning']")
    assert "because of 38.5 C" in folded.text_content()
    assert folded.get("open") is None
    assert "It is I21.4." in seen(page.text)
    assert "Version toy-1-0000000000" in seen(page.text)
    assert harness.lines()[-1]["what"] == "page"


def test_a_correction_is_kept_with_who_what_and_which_version(harness: Harness) -> None:
    page = ask_and_correct(harness, "Which code?", "It is I21.9.", "not specified")
    assert "It was saved for review." in seen(page.text)
    (record,) = feedback_log(harness).records()
    assert (record.user, record.version, record.thumb, record.corrects) == ("user-1", "toy-1-0000000000", "down", True)
    assert record.texts is not None
    assert (record.texts.prompt, record.texts.given, record.texts.corrected, record.texts.reason) == (
        "Which code?",
        "It is I21.4.",
        "It is I21.9.",
        "not specified",
    )
    assert record.texts.reasoning == "because of 38.5 C"
    assert harness.lines()[-1]["what"] == "feedback"


def test_a_thumb_alone_is_a_rating_and_the_unchanged_answer_no_correction(harness: Harness) -> None:
    ask_and_correct(harness, "Which code?", "It is I21.4.", thumb="up")
    (record,) = feedback_log(harness).records()
    assert (record.thumb, record.corrects) == ("up", False)


def test_nothing_said_is_asked_for_and_nothing_is_lost(harness: Harness) -> None:
    page = ask_and_correct(harness, "Which code?", "", "because", thumb="")
    assert page.status_code == 422
    assert "Correct the answer or rate it first." in seen(page.text)
    assert "because" in seen(page.text)
    assert not feedback_log(harness).records()


def test_what_the_model_wrote_cannot_be_changed_or_taken_from_another_user(harness: Harness) -> None:
    page = post(harness, "/", {"question": "Which code?"}, get(harness, "/").text, "/?").text
    sealed = fields(page, "/feedback")["sealed"]
    forged = ("A" + sealed[1:], sealed[:-2] + ("A" if sealed[-2] != "A" else "B") + sealed[-1], "", "x.y", "é.é")
    for wrong in forged:
        answer = post(harness, "/feedback", {"thumb": "up", "sealed": wrong}, page, "/feedback")
        assert answer.status_code == 400, wrong
    log_in(harness, user="somebody-else")
    answer = post(harness, "/feedback", {"thumb": "up", "sealed": sealed}, get(harness, "/").text, "/?")
    assert answer.status_code == 400
    assert not feedback_log(harness).records()


@pytest.mark.parametrize("path", ["/", "/feedback"])
def test_a_form_of_another_site_is_refused(harness: Harness, path: str) -> None:
    for csrf in ({}, {"csrf": "wrong"}):
        answer = harness.client.post(path, data={"question": "Which code?", **csrf}, headers=BROWSER)
        assert answer.status_code == 403


def test_without_a_session_a_browser_is_led_to_the_login(harness: Harness) -> None:
    harness.client.cookies.clear()
    answer = harness.client.get("/", headers=BROWSER, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2F")


def test_raters_and_the_keys_of_the_api_do_not_reach_the_page(harness: Harness) -> None:
    harness.client.cookies.clear()
    assert harness.client.get("/", headers=harness.key("user")).status_code == 401
    log_in(harness, "rater")
    assert get(harness, "/").status_code == 403


def test_an_empty_or_an_endless_question_is_refused_in_words(harness: Harness) -> None:
    for question, words in (("  ", "Write a question first."), ("x" * 20_001, "at most 20000 characters")):
        page = post(harness, "/", {"question": question}, get(harness, "/").text, "/?")
        assert page.status_code == 422
        assert words in seen(page.text)


def test_the_page_speaks_chinese(harness: Harness) -> None:
    page = get(harness, "/?lang=zh")
    assert 'lang="zh"' in page.text
    assert "您的问题" in page.text


def test_line_ends_of_browsers_do_not_make_a_correction(harness: Harness) -> None:
    harness.engine.write = lambda _: "one\ntwo"
    ask_and_correct(harness, "Which code?", "one\r\ntwo", thumb="up")
    assert not feedback_log(harness).records()[0].corrects

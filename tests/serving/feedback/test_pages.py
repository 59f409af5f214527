"""The queue of corrections: who may see it, filters, decisions, the two-person rule."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.pages import BROWSER, ask_and_correct, feedback_log, get, log_in, post, seen
from tests.support.serving import Harness, gateway


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    with gateway(tmp_path, "serving.feedback.two_person=true") as running:
        log_in(running)
        ask_and_correct(running, "Which code for fever?", "It is R50.9.", "unspecified")
        ask_and_correct(running, "Which code for cough?", "", thumb="up")
        log_in(running, "reviewer")
        yield running


def _only(harness: Harness) -> str:
    return f"/review/{feedback_log(harness).records()[0].id}"


def test_the_queue_is_filtered_by_slice(harness: Harness) -> None:
    for query, shown, total in (("", "fever", 2), ("?status=open", "fever", 1), ("?thumb=up", "cough", 1)):
        page = seen(get(harness, f"/review{query}").text)
        assert f"{total} of 2" in page
        assert f"Which code for {shown}?" in page
    assert "Nothing here." in seen(get(harness, "/review?contains=nothing").text)


def test_two_reviewers_accept_an_edited_correction(harness: Harness) -> None:
    path = _only(harness)
    values = {"said": "accept", "corrected": "It is R50.8.", "note": "more specific"}
    queue = post(harness, path, values, get(harness, path).text, "/review/")
    assert queue.url.path == "/review"
    assert "second opinion" in seen(get(harness, path).text)
    assert "accepted with changes" in seen(get(harness, path).text)
    log_in(harness, "reviewer", "reviewer-2")
    page = get(harness, path).text
    assert "It is R50.8." in seen(page)
    post(harness, path, {"said": "accept", "corrected": "It is R50.8.", "note": ""}, page, "/review/")
    assert "1 of 2" in seen(get(harness, "/review?status=accepted").text)
    assert [line["what"] for line in harness.lines()][-2:] == ["review: accept", "review: accept"]


def test_a_page_that_is_out_of_date_changes_nothing(harness: Harness) -> None:
    path = _only(harness)
    page = get(harness, path).text
    log_in(harness, "reviewer", "reviewer-2")
    post(harness, path, {"said": "reject"}, get(harness, path).text, "/review/")
    log_in(harness, "reviewer")
    old = {"said": "accept", "seen": "0"}
    answer = post(harness, path, old, get(harness, path).text, "/review/")
    assert answer.status_code == 409
    assert "Somebody decided in the meantime." in seen(answer.text)
    assert len(feedback_log(harness).records()[0].decisions) == 1
    assert page


def test_nobody_reviews_their_own(harness: Harness) -> None:
    log_in(harness, "admin", "boss")
    ask_and_correct(harness, "Which code?", "It is A00.")
    path = f"/review/{feedback_log(harness).records()[-1].id}"
    page = get(harness, path).text
    assert "somebody else reviews it" in seen(page)
    answer = post(harness, path, {"said": "accept", "seen": "0"}, page, "/logout")
    assert answer.status_code == 409


@pytest.mark.parametrize("role", ["user", "rater"])
def test_other_roles_do_not_reach_the_queue(harness: Harness, role: str) -> None:
    path = _only(harness)
    page = get(harness, path).text
    log_in(harness, role)
    assert get(harness, "/review").status_code == 403
    assert get(harness, path).status_code == 403
    assert post(harness, path, {"said": "accept"}, page, "/review/").status_code == 403
    assert not feedback_log(harness).records()[0].decisions


def test_forged_and_malformed_decisions_are_refused(harness: Harness) -> None:
    path = _only(harness)
    page = get(harness, path).text
    assert harness.client.post(path, data={"said": "accept", "seen": "0"}, headers=BROWSER).status_code == 403
    for wrong in ({"said": "burn"}, {"said": "accept", "seen": "x"}, {"said": "accept", "seen": "1" * 9}):
        assert post(harness, path, wrong, page, "/review/").status_code == 400
    for missing in ("/review/x", "/review/..%2flog", "/review/%3Cscript%3E"):
        assert get(harness, missing).status_code == 404
    assert not feedback_log(harness).records()[0].decisions

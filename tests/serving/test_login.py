"""The login form: a key for a cookie; no other host is led to, no other site logs anybody in."""

from html import unescape

import pytest

from tests.support.serving import Harness


@pytest.fixture(autouse=True)
def _no_redirects(harness: Harness) -> None:
    harness.client.follow_redirects = False
    harness.client.cookies.clear()


def _key(harness: Harness) -> str:
    return harness.key()["authorization"].removeprefix("Bearer ")


def test_a_key_logs_in_and_out(harness: Harness) -> None:
    got = harness.client.post("/login", data={"key": f" {_key(harness)} ", "next": "/"})
    assert (got.status_code, got.headers["location"]) == (303, "/")
    cookie = got.headers["set-cookie"]
    assert cookie.startswith("r1tailor_session=")
    assert "Max-Age=43200" in cookie
    session = {"cookie": cookie.partition(";")[0]}
    harness.client.cookies.clear()
    assert harness.client.post("/logout", headers=session).status_code == 403, "without the token"
    token = harness.context.access.sessions.csrf(session["cookie"].partition("=")[2])
    got = harness.client.post("/logout", data={"csrf": token}, headers=session)
    assert (got.status_code, got.headers["location"]) == (303, "/login")
    assert "Max-Age=0" in got.headers["set-cookie"]


def test_a_wrong_key_shows_the_form_again(harness: Harness) -> None:
    got = harness.client.post("/login", data={"key": "<script>", "next": '/"><script>alert(1)</script>'})
    assert got.status_code == 401
    assert "set-cookie" not in got.headers
    assert "<script>" not in got.text
    assert "This key does not hold" in got.text


PLACES = ["https://evil.org", "//evil.org", "/\\evil.org", "\\evil.org", "javascript:alert(1)", "/a\r\nx: y", "", "a"]


@pytest.mark.parametrize("place", PLACES)
def test_no_other_place_is_led_to(place: str, harness: Harness) -> None:
    got = harness.client.post("/login", data={"key": _key(harness), "next": place})
    assert (got.status_code, got.headers["location"]) == (303, "/")
    shown = harness.client.get("/login", params={"next": place}).text
    assert 'name="next" value="/"' in unescape(shown)


@pytest.mark.parametrize("headers", [{"origin": "https://evil.org"}, {"sec-fetch-site": "cross-site"}])
def test_another_site_logs_nobody_in(headers: dict[str, str], harness: Harness) -> None:
    got = harness.client.post("/login", data={"key": _key(harness)}, headers=headers)
    assert (got.status_code, "set-cookie" in got.headers) == (403, False)
    same = harness.client.post("/login", data={"key": _key(harness)}, headers={"origin": "http://testserver"})
    assert same.status_code == 303


@pytest.mark.parametrize(
    "body", [{"json": {"key": 1}}, {"files": {"key": b"x"}}, {"data": {}}, {"content": b"\xff=\xff"}]
)
def test_what_is_no_form_logs_nobody_in(body: dict[str, object], harness: Harness) -> None:
    got = harness.client.post("/login", **body)  # type: ignore[arg-type]
    assert got.status_code in (400, 401)
    assert "set-cookie" not in got.headers

"""Attacks on the way in: no key, wrong key, other role, path and header tricks. None succeeds."""

from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from r1tailor.serving import access
from r1tailor.serving.app import MODULES
from r1tailor.serving.context import Context
from tests.support.serving import Harness, gateway

BODY = {"model": "medical", "messages": [{"role": "user", "content": "secret question"}]}
CHAT = "/v1/chat/completions"


class Reviews:
    """A module of pages, as feedback and studies are."""

    @staticmethod
    def routes(context: Context) -> list[Route]:
        async def page(request: Request, identity: access.Identity) -> Response:
            return PlainTextResponse(f"{identity.user} {identity.role} {context.access.csrf(identity)}")

        return [Route("/reviews", context.access.page(page, "reviewer"), methods=["GET", "POST"])]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    free = ("serving.limits.requests_per_minute=100000", "serving.limits.burst=100000")
    with gateway(tmp_path_factory.mktemp("pages"), *free, modules=(*MODULES, Reviews)) as running:  # type: ignore[arg-type]
        running.client.follow_redirects = False
        yield running


def _key(harness: Harness) -> str:
    return harness.key()["authorization"].removeprefix("Bearer ")


NO_KEY: dict[str, list[tuple[str, str]]] = {
    "none": [],
    "empty": [("authorization", "")],
    "no key": [("authorization", "Bearer")],
    "blank": [("authorization", "Bearer   ")],
    "another scheme": [("authorization", "Basic KEY")],
    "no scheme": [("authorization", "KEY")],
    "wrong": [("authorization", "Bearer r1t-00000000-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")],
    "id alone": [("authorization", "Bearer ID")],
    "cut": [("authorization", "Bearer CUT")],
    "upper case": [("authorization", "Bearer UPPER")],
    "two headers": [("authorization", "Bearer KEY"), ("authorization", "Bearer KEY")],
    "wrong then right": [("authorization", "Bearer x"), ("authorization", "Bearer KEY")],
    "two keys": [("authorization", "Bearer KEY, Bearer KEY")],
    "null": [("authorization", "Bearer null")],
    "star": [("authorization", "Bearer *")],
    "sql": [("authorization", "Bearer ' OR 1=1 --")],
    "long": [("authorization", "Bearer " + "A" * 8000)],
    "api-key header": [("api-key", "KEY")],
    "x-api-key header": [("x-api-key", "KEY")],
    "cookie": [("cookie", "r1tailor_session=KEY")],
    "session for the API": [("cookie", "r1tailor_session=SESSION")],
    "proxy header": [("proxy-authorization", "Bearer KEY")],
    "user header": [("x-forwarded-user", "admin"), ("x-remote-user", "admin")],
}


@pytest.mark.parametrize("name", NO_KEY)
@pytest.mark.parametrize("path", [CHAT, "/v1/completions"])
def test_without_a_key_that_holds_nothing_is_asked(name: str, path: str, pages: Harness) -> None:
    key = _key(pages)
    id_ = key.split("-")[1]
    session = pages.context.access.sessions.issue(id_)
    words = {"KEY": key, "UPPER": key.upper(), "CUT": key[:-1], "ID": id_, "SESSION": session}
    headers = [(header, _filled(value, words)) for header, value in NO_KEY[name]]
    asked = len(pages.engine.asked)
    got = pages.client.post(path, json=BODY, headers=headers)
    assert got.status_code == 401
    assert got.json()["error"]["code"] == "invalid_api_key"
    assert got.headers["www-authenticate"] == "Bearer"
    assert len(pages.engine.asked) == asked
    assert key not in got.text


def _filled(value: str, words: dict[str, str]) -> str:
    for word, text in words.items():
        value = value.replace(word, text)
    return value


def test_a_revoked_key_asks_nothing(pages: Harness) -> None:
    headers = pages.key("user", "leaver")
    assert pages.client.post(CHAT, json=BODY, headers=headers).status_code == 200
    pages.context.access.keys.revoke("leaver")
    assert pages.client.post(CHAT, json=BODY, headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("role", "method", "path"),
    [
        ("rater", "POST", CHAT),
        ("rater", "POST", "/v1/completions"),
        ("rater", "GET", "/v1/models"),
        ("rater", "GET", "/v1/models/medical"),
        ("rater", "GET", "/v1/warnings"),
        ("rater", "GET", "/metrics"),
        ("reviewer", "POST", CHAT),
        ("reviewer", "GET", "/v1/models"),
        ("reviewer", "GET", "/metrics"),
        ("user", "GET", "/metrics"),
    ],
)
def test_another_role_is_refused(role: str, method: str, path: str, pages: Harness) -> None:
    got = pages.client.request(method, path, json=BODY if method == "POST" else None, headers=pages.key(role))
    assert (got.status_code, got.json()["error"]["code"]) == (403, "role")


TRICKS = [
    "//v1/chat/completions",
    "/v1//chat/completions",
    "/v1/chat/completions/",
    "/v1/./chat/completions",
    "/V1/chat/completions",
    "/v1/chat/completions%2f",
    "/v1/chat/completions%00",
    "/v1/chat/completions;x",
    "/metrics/",
    "/metrics%20",
    "/static/../keys.json",
    "/static/%2e%2e/app.py",
    "/static/..%2f..%2fkeys.json",
    "/static//etc/passwd",
    "/static/%2fetc%2fpasswd",
    "/static/..%5c..%5ckeys.json",
    "/static/",
    "/keys.json",
    "/serving/keys.json",
    "/audit.jsonl",
    "/.env",
    "/docs",
    "/openapi.json",
    "/v1/models/..%2f..%2fmetrics",
]


@pytest.mark.parametrize("path", TRICKS)
def test_a_trick_with_the_path_reaches_nothing(path: str, pages: Harness) -> None:
    for headers in ({}, pages.key("rater")):
        for method in ("GET", "POST"):
            got = pages.client.request(method, path, headers=headers)
            assert got.status_code in (401, 403, 404, 405), (method, got.text)
            assert not got.text.startswith("{") or set(got.json()) == {"error"}


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x-original-url", "/metrics"),
        ("x-rewrite-url", "/metrics"),
        ("x-http-method-override", "GET"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-host", "localhost"),
        ("x-request-id", "../../x\\r\\nset-cookie: a=b"),
    ],
)
def test_a_trick_with_a_header_changes_nothing(header: str, value: str, pages: Harness) -> None:
    got = pages.client.get("/v1/models", headers={header: value, **pages.key("rater")})
    assert got.status_code == 403
    assert value not in str(got.headers)
    assert len(got.headers["x-request-id"]) == 16


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_another_method_is_refused(method: str, pages: Harness) -> None:
    got = pages.client.request(method, CHAT, headers=pages.key())
    assert got.status_code == 405
    assert "access-control-allow-origin" not in got.headers


def _logged_in(harness: Harness, role: str) -> dict[str, str]:
    key = harness.key(role)["authorization"].removeprefix("Bearer ")
    harness.client.cookies.clear()
    got = harness.client.post("/login", data={"key": key, "next": "/reviews"})
    assert got.status_code == 303
    cookie = got.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    harness.client.cookies.clear()
    return {"cookie": cookie.partition(";")[0]}


def test_a_page_is_shown_to_its_role_alone(pages: Harness) -> None:
    assert pages.client.get("/reviews", headers=_logged_in(pages, "reviewer")).text.startswith("reviewer-1 reviewer")
    assert pages.client.get("/reviews", headers=_logged_in(pages, "admin")).status_code == 200
    assert pages.client.get("/reviews", headers=_logged_in(pages, "rater")).status_code == 403
    assert pages.client.get("/reviews", headers=pages.key("reviewer")).status_code == 401, "a page takes no Bearer"


def test_a_browser_without_a_session_is_led_to_the_form(pages: Harness) -> None:
    got = pages.client.get("/reviews?a=b&c=//evil", headers={"accept": "text/html"})
    assert (got.status_code, got.headers["location"]) == (303, "/login?next=%2Freviews%3Fa%3Db%26c%3D%2F%2Fevil")
    assert pages.client.post("/reviews", headers={"accept": "text/html"}).status_code == 401


def test_a_form_of_another_site_is_refused(pages: Harness) -> None:
    mine, other = _logged_in(pages, "reviewer"), _logged_in(pages, "reviewer")
    token = pages.client.get("/reviews", headers=mine).text.rpartition(" ")[2]
    assert pages.client.post("/reviews", data={"csrf": token}, headers=mine).status_code == 200
    for data in ({}, {"csrf": ""}, {"csrf": "x"}, {"csrf": "é"}):
        got = pages.client.post("/reviews", data=data, headers=mine)
        assert (got.status_code, got.json()["error"]["code"]) == (403, "csrf")
    assert pages.client.post("/reviews", data={"csrf": token}, headers=other).status_code == 403
    assert pages.client.post("/reviews", json={"csrf": token}, headers=mine).status_code == 403


@pytest.mark.parametrize("cookie", ["", "...", "a.b.c.d", "a" * 5000, "é.1.2.3", "0.9999999999.0.x"])
def test_a_forged_cookie_is_no_session(cookie: str, pages: Harness) -> None:
    pages.client.cookies.clear()
    header = f"r1tailor_session={cookie}".encode()
    assert pages.client.get("/reviews", headers={b"cookie": header}).status_code == 401


def test_a_session_ends_with_its_key(pages: Harness) -> None:
    key = pages.context.access.keys.add("temp", "reviewer")
    session = {"cookie": f"r1tailor_session={pages.context.access.sessions.issue(key.split('-')[1])}"}
    assert pages.client.get("/reviews", headers=session).status_code == 200
    pages.context.access.keys.revoke("temp")
    assert pages.client.get("/reviews", headers=session).status_code == 401

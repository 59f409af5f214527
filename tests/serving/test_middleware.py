"""What every request goes through: names, sizes, times, the proxy, headers, an id; a break-down quotes nothing."""

import asyncio
import logging
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from r1tailor import config
from r1tailor.schema.serving import Serving
from r1tailor.serving.middleware import Guard
from tests.support.serving import Harness


def test_every_response_has_the_headers(harness: Harness) -> None:
    for path in ("/v1/models", "/nowhere", "/login", "/static/style.css", "/health"):
        headers = harness.client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert "strict-transport-security" not in headers
        assert "server" not in headers
    ids = {harness.client.get("/health").headers["x-request-id"] for _ in range(5)}
    assert len(ids) == 5


OTHER = ["evil.org", "localhost.evil.org", "evil.org:80", "127.0.0.2", "", "localhost@evil.org", "[::1", "localhost:x"]


@pytest.mark.parametrize("host", OTHER)
def test_a_request_by_another_name_is_refused(host: str, harness: Harness) -> None:
    got = harness.client.get("/v1/models", headers={"host": host, **harness.key()})
    assert (got.status_code, got.json()["error"]["code"]) == (400, "unknown_host")


@pytest.mark.parametrize("host", ["LOCALHOST", "localhost:8000", "127.0.0.1:1"])
def test_a_name_may_come_with_a_port(host: str, harness: Harness) -> None:
    assert harness.client.get("/health", headers={"host": host}).status_code == 200


def test_two_host_headers_are_refused(harness: Harness) -> None:
    assert harness.client.get("/health", headers=[("host", "localhost"), ("host", "evil.org")]).status_code == 400


async def _asked(settings: Serving, app: Any, messages: list[Message | float], **scope: Any) -> list[Message]:  # noqa: ANN401
    """Send messages (or wait) to an application behind the guard; return what it sent."""
    sent: list[Message] = []
    left = iter(messages)

    async def receive() -> Message:
        for one in left:
            if not isinstance(one, float):
                return one
            await asyncio.sleep(one)
        await asyncio.sleep(60)
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    whole = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": [(b"host", b"localhost")]}
    await Guard(app, settings)(whole | scope, receive, send)
    return sent


async def _reads(scope: Scope, receive: Receive, send: Send) -> None:
    more = True
    while more:
        more = (await receive()).get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def _settings(*overrides: str) -> Serving:
    return config.load([f"serving.{override}" for override in overrides]).serving


def _part(size: int) -> Message:
    return {"type": "http.request", "body": b"x" * size, "more_body": True}


def test_a_body_without_a_length_is_counted_as_it_comes() -> None:
    settings = _settings("limits.body_bytes=100")
    sent = asyncio.run(_asked(settings, _reads, [_part(60), _part(60)]))
    assert sent[0]["status"] == 413


@pytest.mark.parametrize("length", [b"101", b"-1", b"x", b"1e9", b"9" * 100])
def test_a_length_that_is_no_length_or_too_long_is_refused_unread(length: bytes) -> None:
    headers = [(b"host", b"localhost"), (b"content-length", length)]
    sent = asyncio.run(_asked(_settings("limits.body_bytes=100"), _reads, [], headers=headers))
    assert sent[0]["status"] == 413


def test_a_client_that_sends_drop_by_drop_is_hung_up_on() -> None:
    parts: list[Message | float] = [value for _ in range(50) for value in (0.02, _part(1))]
    sent = asyncio.run(_asked(_settings("limits.receive_seconds=0.1"), _reads, parts))
    assert sent[0]["status"] == 408


def test_an_answer_may_take_longer_than_the_request_took_to_arrive() -> None:
    async def thinks(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        assert (await receive())["type"] == "http.disconnect"
        await _reads(scope, receive, send)

    whole: list[Message | float] = [{"type": "http.request", "body": b"x"}, 0.3, {"type": "http.disconnect"}]
    sent = asyncio.run(_asked(_settings("limits.receive_seconds=0.1"), thinks, [*whole, {"type": "http.disconnect"}]))
    assert sent[0]["status"] == 200


def test_a_client_that_does_not_read_is_hung_up_on() -> None:
    aborted: list[bool] = []

    async def writes(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})

    async def stuck(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.sleep(60)

    async def receive() -> Message:
        raise AssertionError

    state = {"abort": lambda: aborted.append(True)}
    scope = {"type": "http", "path": "/", "headers": [(b"host", b"localhost")], "state": state}
    asyncio.run(Guard(writes, _settings("limits.send_seconds=0.05"))(scope, receive, stuck))
    assert aborted == [True]


def test_a_break_down_tells_and_logs_nothing_of_the_request(caplog: pytest.LogCaptureFixture) -> None:
    async def breaks(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("Mr Smith, born 1950")

    with caplog.at_level(logging.INFO):
        sent = asyncio.run(_asked(_settings(), breaks, []))
    assert sent[0]["status"] == 500
    assert b"Smith" not in sent[1]["body"]
    assert "Smith" not in caplog.text
    assert "broke down with ValueError, at test_middleware.py:" in caplog.text


def test_a_break_down_in_the_middle_of_a_response_closes_the_connection() -> None:
    async def breaks(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError

    aborted: list[bool] = []
    sent = asyncio.run(_asked(_settings(), breaks, [], state={"abort": lambda: aborted.append(True)}))
    assert [message["type"] for message in sent] == ["http.response.start"]
    assert aborted == [True]


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("10.0.0.5", [(b"x-forwarded-proto", b"https")], 200),
        ("10.0.0.5", [(b"x-forwarded-proto", b"http")], 403),
        ("10.0.0.5", [], 403),
        ("10.0.0.5", [(b"x-forwarded-proto", b"https"), (b"x-forwarded-proto", b"http")], 403),
        ("10.0.0.6", [(b"x-forwarded-proto", b"https"), (b"x-forwarded-for", b"10.0.0.5")], 403),
    ],
)
def test_behind_a_proxy_only_it_may_connect_and_only_with_what_came_over_https(
    client: str, headers: list[tuple[bytes, bytes]], status: int
) -> None:
    settings = _settings("host=0.0.0.0", "tls.proxy=10.0.0.5")
    last: list[Message | float] = [{"type": "http.request", "body": b""}]
    named = [(b"host", b"localhost"), *headers]
    sent = asyncio.run(_asked(settings, _reads, last, client=(client, 5), headers=named))
    assert sent[0]["status"] == status
    assert (b"strict-transport-security", b"max-age=31536000") in sent[0]["headers"]


def test_no_websocket_is_spoken() -> None:
    assert asyncio.run(_asked(_settings(), _reads, [], type="websocket")) == []

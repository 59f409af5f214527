"""Another server's model: its stream, its refusals, its silence; its key is sent to one host alone."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import aclosing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from r1tailor.errors import ConfigError
from r1tailor.inference.sampling import Sampling
from r1tailor.instruction.template import arguments_of
from r1tailor.schema.domain import Template
from r1tailor.schema.serving import Endpoint
from r1tailor.serving.endpoint import EndpointEngine
from r1tailor.serving.engine import Ask, Piece, Turn
from r1tailor.serving.refusals import Refused

ASK = Ask(turns=(Turn("user", "a"),), sampling=Sampling(5))
WHOLE = [{"choices": [{"delta": {"content": part}}]} for part in ("I2", "1.4")]
LAST = {"choices": [{"delta": {}, "finish_reason": "stop"}]}


class Handler(BaseHTTPRequestHandler):
    status = 200
    body = b""
    headers_out: tuple[tuple[str, str], ...] = ()
    seen: list[dict[str, Any]]

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.seen.append({"path": self.path, "key": self.headers.get("authorization"), **asked})
        self.send_response(self.status)
        for name, value in self.headers_out:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[tuple[str, type[Handler]]]:
    handler = type("Asked", (Handler,), {"seen": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}/v1", handler
        running.shutdown()


def _engine(url: str, **changes: Any) -> EndpointEngine:  # noqa: ANN401
    settings = {"model": None, "key_variable": None, "timeout_seconds": 5.0, "url": url}
    environment, arguments = changes.pop("environment", {}), changes.pop("arguments", {})
    return EndpointEngine(Endpoint(**(settings | changes)), "medical-3", environment, arguments)


def _pieces(engine: EndpointEngine, ask: Ask = ASK) -> list[Piece]:
    async def read() -> list[Piece]:
        async with aclosing(engine.stream(ask)) as pieces:
            return [piece async for piece in pieces]

    return asyncio.run(read())


def _stream(*chunks: Any, done: bool = True) -> bytes:  # noqa: ANN401
    lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks] + (["data: [DONE]\n\n"] if done else [])
    return (": comment\n\n" + "".join(lines)).encode()


def test_a_stream_is_read_and_the_version_is_the_name(server: tuple[str, type[Handler]]) -> None:
    url, handler = server
    handler.body = _stream(*WHOLE, LAST)
    found = _pieces(_engine(url))
    assert ("".join(piece.text for piece in found), found[-1].finish) == ("I21.4", "stop")
    (seen,) = handler.seen
    assert (seen["path"], seen["model"], seen["key"], seen["stream"]) == (
        "/v1/chat/completions",
        "medical-3",
        None,
        True,
    )
    _pieces(_engine(url, model="other"), Ask(text="a", sampling=Sampling(5)))
    assert (handler.seen[1]["path"], handler.seen[1]["model"]) == ("/v1/completions", "other")


def test_arguments_of_the_template_are_sent_where_any_are_set(server: tuple[str, type[Handler]]) -> None:
    url, handler = server
    handler.body = _stream(LAST)
    given = arguments_of(Template(enable_thinking=False, date_string="3 May 2026"))
    _pieces(_engine(url, arguments=given))
    _pieces(_engine(url, arguments=arguments_of(Template())))
    _pieces(_engine(url, arguments=given), Ask(text="a", sampling=Sampling(5)))
    first, unset, text = handler.seen
    assert first["chat_template_kwargs"] == {"enable_thinking": False, "date_string": "3 May 2026"}
    assert "chat_template_kwargs" not in unset, "vendors refuse keys that they do not know"
    assert "chat_template_kwargs" not in text, "a text is continued without a template"


def test_its_key_is_sent_to_one_host_alone(server: tuple[str, type[Handler]]) -> None:
    url, handler = server
    handler.body = _stream(LAST)
    name = "R1TAILOR_SECRET_VLLM"
    _pieces(_engine(url, key_variable=name, environment={name: "k1", f"{name}_HOST": "127.0.0.1"}))
    assert handler.seen[0]["key"] == "Bearer k1"
    for environment in ({}, {name: "k1"}, {name: "k1", f"{name}_HOST": "models.example.org"}):
        with pytest.raises(ConfigError, match=name) as caught:
            _engine(url, key_variable=name, environment=environment)
        assert "k1" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "headers", "body", "expected", "code"),
    [
        (400, (), b'{"error": {"message": "too long"}}', 400, "endpoint_refused"),
        (400, (), b"<html>", 400, "endpoint_refused"),
        (401, (), b"secret words", 502, "endpoint_error"),
        (404, (), b"", 502, "endpoint_error"),
        (429, (("retry-after", "7"),), b"", 429, "rate_limit_exceeded"),
        (500, (), b"Traceback", 502, "endpoint_error"),
        (302, (("location", "http://127.0.0.1:1/"),), b"", 502, "endpoint_error"),
        (200, (), _stream(*WHOLE, done=False), 502, "endpoint_error"),
        (200, (), _stream({"error": {"message": "x"}}), 502, "endpoint_error"),
        (200, (), b"data: {\n\n", 502, "endpoint_unreachable"),
        (200, (), b"", 502, "endpoint_error"),
    ],
)
def test_what_goes_wrong_there_is_told_without_its_words(
    status: int,
    headers: tuple[tuple[str, str], ...],
    body: bytes,
    expected: int,
    code: str,
    server: tuple[str, type[Handler]],
) -> None:
    url, handler = server
    handler.status, handler.headers_out, handler.body = status, headers, body
    with pytest.raises(Refused) as caught:
        _pieces(_engine(url))
    assert (caught.value.status, caught.value.code) == (expected, code)
    assert "secret" not in caught.value.message
    assert "Traceback" not in caught.value.message


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(Refused, match="cannot be reached") as caught:
        _pieces(_engine("http://127.0.0.1:1/v1"))
    assert caught.value.status == 502

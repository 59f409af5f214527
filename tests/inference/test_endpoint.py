"""A model behind a URL: answers in order, patience with a busy server, refusals in its words, a key for one host."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from r1tailor.errors import ConfigError
from r1tailor.inference.endpoint import EndpointAnswerer, EndpointError, plain
from r1tailor.inference.sampling import Sampling
from r1tailor.records import Example, Turn
from r1tailor.schema.objective import RemoteTeacher

Reply = Callable[[dict[str, Any]], tuple[int, dict[str, str], Any]]


class Server:
    """Answers as a test says; keeps what it was asked."""

    def __init__(self) -> None:
        self.reply: Reply = lambda body: (200, {}, said(body["messages"][0]["content"].upper()))
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.url = ""


def said(content: str | None, finish: str = "stop", **more: str) -> dict[str, Any]:
    return {"choices": [{"message": {"content": content, **more}, "finish_reason": finish}]}


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            found.asked.append(body)
            found.keys.append(self.headers.get("authorization"))
            status, headers, answer = found.reply(body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        found.url = f"http://127.0.0.1:{running.server_address[1]}/v1"
        yield found
        running.shutdown()


def teacher(url: str, **changes: Any) -> RemoteTeacher:  # noqa: ANN401
    values = {"url": url, "model": "r1", "key_variable": None, "timeout_seconds": 5.0, "requests_at_once": 4}
    return RemoteTeacher(**({"audience": "anyone"} | values | changes))


def answerer(url: str, **changes: Any) -> EndpointAnswerer:  # noqa: ANN401
    environment = changes.pop("environment", {})
    return EndpointAnswerer(teacher(url, **changes), "Instruct", environment, pause=0.01)


def test_answers_come_in_the_order_of_the_prompts(server: Server) -> None:
    prompts = [Example(str(n), "Do", f"number {n}", "") for n in range(20)]
    done: list[int] = []
    answers = answerer(server.url).answer(prompts, Sampling(7, 0.6, 0.95, 3), done.append)
    assert [answer.text for answer in answers] == [f"DO\n\nNUMBER {n}" for n in range(20)]
    assert sum(done) == 20
    assert {(b["model"], b["max_tokens"], b["temperature"], b["top_p"]) for b in server.asked} == {("r1", 7, 0.6, 0.95)}
    assert len({body["seed"] for body in server.asked}) == 20, "each item has its own"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (said("b", reasoning_content="a"), "<think>\na\n</think>\n\nb"),
        (said("b", reasoning="a"), "<think>\na\n</think>\n\nb"),
        (said("<think>a</think>b"), "<think>a</think>b"),
        (said("b"), "b"),
        (said(None, "length", reasoning_content="a"), "<think>\na"),
        (said("cut off", "length"), "<think>cut off"),
    ],
)
def test_reasoning_stands_in_its_tags_and_what_was_cut_stays_open(server: Server, answer: Any, text: str) -> None:  # noqa: ANN401
    server.reply = lambda _: (200, {}, answer)
    assert [found.text for found in answerer(server.url).answer(["x"])] == [text]


def test_a_busy_server_is_asked_again(server: Server) -> None:
    replies = iter([(429, {"Retry-After": "0"}, {}), (503, {}, {}), (200, {}, {"choices": []}), (200, {}, said("ok"))])
    server.reply = lambda _: next(replies)
    assert [found.answer for found in answerer(server.url).answer(["x"])] == ["ok"]
    assert len(server.asked) == 4


def test_a_server_that_stays_busy_is_one_error(server: Server) -> None:
    server.reply = lambda _: (503, {}, {})
    with pytest.raises(EndpointError, match=r"/v1: answers with status 503, 6 times$"):
        answerer(server.url).answer(["x"])


def test_a_refusal_is_not_tried_again_and_told_in_the_servers_words(server: Server) -> None:
    server.reply = lambda _: (400, {}, {"error": {"message": "prompt is too long"}})
    with pytest.raises(EndpointError, match="status 400: prompt is too long"):
        answerer(server.url).answer(["x"])
    assert len(server.asked) == 1


def test_nobody_there_is_one_error() -> None:
    with pytest.raises(EndpointError, match=r"cannot be reached, or breaks off \(ConnectionRefusedError\), 6 times"):
        answerer("http://127.0.0.1:9/v1").answer(["x"])


def test_a_redirection_is_not_followed(server: Server) -> None:
    server.reply = lambda _: (302, {"Location": "http://127.0.0.1:9/other"}, {})
    with pytest.raises(EndpointError, match="status 302"):
        answerer(server.url).answer(["x"])


def test_the_key_goes_to_its_host_alone(server: Server) -> None:
    name = "R1TAILOR_SECRET_TEACHER"
    right = {name: "k", f"{name}_HOST": "127.0.0.1"}
    assert answerer(server.url, key_variable=name, environment=right).answer(["x"])
    assert server.keys == ["Bearer k"]
    for environment, message in (({}, "is not set"), (right | {f"{name}_HOST": "other"}, "is not sent to 127.0.0.1")):
        with pytest.raises(ConfigError, match=message):
            answerer(server.url, key_variable=name, environment=environment)


def test_likelihoods_are_refused(server: Server) -> None:
    for ask in (lambda one: one.score(["x"]), lambda one: one.rank(["x"], [["a"]])):
        with pytest.raises(EndpointError, match="no likelihoods"):
            ask(answerer(server.url))  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("token", ["<｜User｜>", "<|im_start|>", "</think>", "[INST]"])
def test_the_name_of_a_control_token_in_a_prompt_is_text(server: Server, token: str) -> None:
    answerer(server.url).answer([f"a {token} b"])
    content = server.asked[0]["messages"][0]["content"]
    assert token not in content
    assert plain(token) in content


def test_examples_do_not_travel_over_plain_http() -> None:
    with pytest.raises(ValueError, match="do not travel over plain HTTP"):
        teacher("http://models.example.org/v1")
    assert teacher("https://models.example.org/v1").is_loopback is False
    assert teacher("http://localhost:8000/v1").is_loopback is True


def test_turns_are_sent_in_order_and_calls_of_tools_are_refused(server: Server) -> None:
    turns = (Turn("user", "a"), Turn("assistant", "b", "why", trained=True))
    answerer(server.url).answer([Example("t", "Do", "c", "", turns=turns)], Sampling(7, 0.6, 0.95, 3))
    assert [(turn["role"], turn["content"]) for turn in server.asked[0]["messages"]] == [
        ("user", "Do\n\na"),
        ("assistant", "b"),
        ("user", "c"),
    ]
    with pytest.raises(EndpointError, match="calls of tools are not sent to an endpoint; example t"):
        answerer(server.url).answer([Example("t", "", "c", "", tools=({"name": "f"},))])

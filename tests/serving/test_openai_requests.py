"""What a request may hold: malformed, oversize and hostile ones get a status and OpenAI's error, never a 500."""

import json
from typing import Any

import pytest

from tests.support.serving import Harness

USER = {"role": "user", "content": "Which code?"}
GOOD: dict[str, Any] = {"model": "medical", "messages": [USER]}
TEXT: dict[str, Any] = {"model": "medical", "prompt": "Which code?"}


def _chat(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    return GOOD | changes


# name -> body of /v1/chat/completions, param, beginning of the message
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "no model": ({"messages": [USER]}, "model", "model must be the name of a model"),
    "model null": (_chat(model=None), "model", "model must be the name"),
    "model number": (_chat(model=3), "model", "model must be the name"),
    "model empty": (_chat(model=""), "model", "model must be the name"),
    "model surrogate": (_chat(model="\ud800"), "model", "model holds half of a surrogate pair"),
    "no messages": ({"model": "medical"}, "messages", "messages must be a list of messages"),
    "messages empty": (_chat(messages=[]), "messages", "messages must be a list"),
    "messages text": (_chat(messages="hello"), "messages", "messages must be a list"),
    "messages mapping": (_chat(messages={"0": USER}), "messages", "messages must be a list"),
    "too many messages": (
        _chat(messages=[{"role": "user", "content": "a"}] * 1001),
        "messages",
        "messages must hold at",
    ),
    "message text": (_chat(messages=["hello"]), "messages[0]", "messages[0] must be a mapping"),
    "message null": (_chat(messages=[USER, None]), "messages[1]", "messages[1] must be a mapping"),
    "no role": (_chat(messages=[{"content": "a"}]), "messages[0].role", "messages[0].role must be one of: system"),
    "other role": (_chat(messages=[{"role": "root", "content": "a"}]), "messages[0].role", "messages[0].role must be"),
    "role list": (_chat(messages=[{"role": ["user"], "content": "a"}]), "messages[0].role", "messages[0].role must"),
    "tool role": (_chat(messages=[{"role": "tool", "content": "a"}]), "messages[0].role", "messages[0].role must"),
    "no content": (_chat(messages=[{"role": "user"}]), "messages[0].content", "messages[0].content must be a text"),
    "content null": (_chat(messages=[{"role": "user", "content": None}]), "messages[0].content", "messages[0].content"),
    "content number": (_chat(messages=[{"role": "user", "content": 5}]), "messages[0].content", "messages[0].content"),
    "content empty": (_chat(messages=[{"role": "user", "content": ""}]), "messages[0].content", "messages[0].content"),
    "content blank": (_chat(messages=[{"role": "user", "content": " \n"}]), "messages[0].content", "messages[0]"),
    "no parts": (_chat(messages=[{"role": "user", "content": []}]), "messages[0].content", "messages[0].content"),
    "image": (
        _chat(messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://x"}}]}]),
        "messages[0].content[0]",
        "messages[0].content[0] must be a part of type text",
    ),
    "part of no text": (
        _chat(messages=[{"role": "user", "content": [{"type": "text", "text": None}]}]),
        "messages[0].content[0]",
        "messages[0].content[0] must be a part",
    ),
    "surrogate": (
        _chat(messages=[{"role": "user", "content": "a\udfff"}]),
        "messages[0].content",
        "messages[0].content",
    ),
    "unknown in message": (_chat(messages=[USER | {"weight": 1}]), "messages[0].weight", "messages[0].weight is not"),
    "tool calls": (
        _chat(messages=[{"role": "assistant", "content": "a", "tool_calls": [{"id": "1"}]}, USER]),
        "messages[0].tool_calls",
        "messages[0].tool_calls is not understood",
    ),
    "reasoning of a user": (_chat(messages=[USER | {"reasoning": "a"}]), "messages[0].reasoning", "messages[0].reas"),
    "ends with the assistant": (
        _chat(messages=[USER, {"role": "assistant", "content": "a"}]),
        "messages",
        "messages must",
    ),
    "ends with the system": (_chat(messages=[{"role": "system", "content": "a"}]), "messages", "messages must end"),
    "temperature text": (_chat(temperature="1"), "temperature", "temperature must be a number from 0 to 2"),
    "temperature negative": (_chat(temperature=-0.1), "temperature", "temperature must be a number"),
    "temperature high": (_chat(temperature=2.1), "temperature", "temperature must be a number"),
    "temperature true": (_chat(temperature=True), "temperature", "temperature must be a number"),
    "top_p zero": (_chat(top_p=0), "top_p", "top_p must be above 0"),
    "top_p high": (_chat(top_p=1.5), "top_p", "top_p must be a number from 0 to 1"),
    "top_p list": (_chat(top_p=[1]), "top_p", "top_p must be a number"),
    "n zero": (_chat(n=0), "n", "n must be a whole number from 1 to 8"),
    "n many": (_chat(n=9, temperature=1), "n", "n must be a whole number"),
    "n of a greedy answer": (_chat(n=2), "n", "n needs a temperature above 0"),
    "n half": (_chat(n=1.5), "n", "n must be a whole number"),
    "tokens zero": (_chat(max_tokens=0), "max_tokens", "max_tokens must be a whole number from 1 to 1024"),
    "tokens negative": (_chat(max_tokens=-1), "max_tokens", "max_tokens must be"),
    "tokens many": (_chat(max_completion_tokens=10**9), "max_completion_tokens", "max_completion_tokens must be"),
    "tokens huge": (_chat(max_tokens=10**400), "max_tokens", "max_tokens must be"),
    "tokens text": (_chat(max_tokens="16"), "max_tokens", "max_tokens must be"),
    "tokens twice": (_chat(max_tokens=5, max_completion_tokens=6), "max_tokens", "max_tokens must equal max_comp"),
    "seed text": (_chat(seed="x"), "seed", "seed must be a whole number"),
    "seed huge": (_chat(seed=2**70), "seed", "seed must be a whole number"),
    "stop number": (_chat(stop=3), "stop", "stop must be a text"),
    "stop many": (_chat(stop=["a"] * 5), "stop", "stop must be a text, or up to 4 texts"),
    "stop empty": (_chat(stop=""), "stop", "stop must be a text"),
    "stop of empties": (_chat(stop=["a", ""]), "stop", "stop must be"),
    "stop long": (_chat(stop="a" * 201), "stop", "stop must be"),
    "stop mapping": (_chat(stop={"a": 1}), "stop", "stop must be"),
    "stream text": (_chat(stream="yes"), "stream", "stream must be true or false"),
    "options without a stream": (_chat(stream_options={"include_usage": True}), "stream_options", "stream_options bel"),
    "unknown option": (_chat(stream=True, stream_options={"x": 1}), "stream_options", "stream_options belongs to"),
    "logprobs number": (_chat(logprobs=1), "logprobs", "logprobs must be true or false"),
    "top without logprobs": (_chat(top_logprobs=2), "top_logprobs", "top_logprobs needs logprobs: true"),
    "top many": (_chat(logprobs=True, top_logprobs=21), "top_logprobs", "top_logprobs must be a whole number"),
    "user number": (_chat(user=7), "user", "user must be a text"),
    "tools": (_chat(tools=[{"type": "function"}]), "tools", "tools is not offered; leave it out"),
    "penalty": (_chat(frequency_penalty=0.5), "frequency_penalty", "frequency_penalty is not offered"),
    "json mode": (_chat(response_format={"type": "json_object"}), "response_format", "response_format is not offered"),
    "bias": (_chat(logit_bias={"5": 1}), "logit_bias", "logit_bias is not offered"),
    "misspelt": (_chat(max_token=5), "max_token", "max_token is not understood. Did you mean max_tokens?"),
    "unknown": (_chat(api_base="http://evil"), "api_base", "api_base is not understood"),
    "a key of the log": (_chat(before="x"), "before", "before is not understood"),
    "long prompt": (_chat(messages=[{"role": "user", "content": "x" * 5001}]), "messages", "the messages have 5,001"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_faulty_request_is_refused_by_the_parameter_at_fault(name: str, harness: Harness) -> None:
    body, param, said = REFUSED[name]
    data = json.dumps(body).encode()
    headers = harness.key() | {"content-type": "application/json"}
    got = harness.client.post("/v1/chat/completions", content=data, headers=headers)
    error = got.json()["error"]
    assert got.status_code == 400, error
    assert error["message"].startswith(said)
    assert (error["type"], error["param"]) == ("invalid_request_error", param)
    assert set(error) == {"message", "type", "param", "code"}


RAW: dict[str, tuple[bytes, dict[str, str], int, str]] = {
    "empty": (b"", {}, 400, "the body is not JSON: Expecting value (line 1, column 1)"),
    "half": (b'{"model": "medical"', {}, 400, "the body is not JSON"),
    "list": (b"[]", {}, 400, "the body must be a JSON mapping"),
    "text": (b'"hello"', {}, 400, "the body must be a JSON mapping"),
    "null": (b"null", {}, 400, "the body must be a JSON mapping"),
    "not utf-8": (b'{"model": "\xff"}', {}, 400, "the body is not UTF-8 (byte 12)"),
    "utf-16": ('{"model": "medical"}'.encode("utf-16"), {}, 400, "the body is not UTF-8 (byte 1)"),
    "nan": (b'{"model": "medical", "temperature": NaN}', {}, 400, "the body is not JSON: NaN is not a number"),
    "infinity": (b'{"model": "medical", "temperature": -Infinity}', {}, 400, "the body is not JSON: -Infinity is"),
    "a key twice": (b'{"model": "medical", "model": "x"}', {}, 400, "the body is not JSON: a key stands in a mapping"),
    "deep": (b'{"messages": ' + b"[" * 9000 + b"]" * 9000 + b"}", {}, 400, "the body is nested too deeply"),
    "digits": (b'{"max_tokens": ' + b"9" * 5000 + b"}", {}, 400, "the body is not JSON: Exceeds the limit"),
    "comment": (b'{"model": "medical"} // x', {}, 400, "the body is not JSON: Extra data"),
    "form": (b"model=medical", {"content-type": "application/x-www-form-urlencoded"}, 415, "Content-Type must be"),
    "no type": (b"{}", {"content-type": ""}, 415, "Content-Type must be application/json"),
    "packed": (b"{}", {"content-encoding": "gzip"}, 415, "a compressed body is not read"),
    "large": (b" " * 60001, {}, 413, "the body is longer than 60,000 bytes"),
}


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions"])
@pytest.mark.parametrize("name", RAW)
def test_a_body_that_is_no_json_is_refused(name: str, path: str, harness: Harness) -> None:
    data, more, status, said = RAW[name]
    headers = harness.key() | {"content-type": "application/json"} | more
    got = harness.client.post(path, content=data, headers=headers)
    assert (got.status_code, got.json()["error"]["message"][: len(said)]) == (status, said)


COMPLETIONS: dict[str, tuple[dict[str, Any], str]] = {
    "no prompt": ({"model": "medical"}, "prompt must be one text"),
    "several": (TEXT | {"prompt": ["a", "b"]}, "prompt must be one text"),
    "tokens": (TEXT | {"prompt": [1, 2]}, "prompt must be one text"),
    "messages": (TEXT | {"messages": [USER]}, "messages is not understood"),
    "echo": (TEXT | {"echo": True}, "echo is not offered"),
    "best of": (TEXT | {"best_of": 2}, "best_of is not offered"),
    "suffix": (TEXT | {"suffix": "x"}, "suffix is not offered"),
    "logprobs": (TEXT | {"logprobs": True}, "logprobs must be a whole number"),
    "surrogate": (TEXT | {"prompt": "\ud800"}, "prompt holds half of a surrogate pair"),
    "long": (TEXT | {"prompt": "x" * 5001}, "the messages have 5,001 characters"),
}


@pytest.mark.parametrize("name", COMPLETIONS)
def test_a_faulty_completion_is_refused(name: str, harness: Harness) -> None:
    body, said = COMPLETIONS[name]
    headers = harness.key() | {"content-type": "application/json"}
    got = harness.client.post("/v1/completions", content=json.dumps(body).encode(), headers=headers)
    assert got.status_code == 400
    assert got.json()["error"]["message"].startswith(said)


NEUTRAL: dict[str, Any] = {
    **dict.fromkeys(("n", "stop", "seed", "logit_bias", "stream_options")),
    "frequency_penalty": 0.0,
    "presence_penalty": 0,
    "response_format": {"type": "text"},
    "tools": [],
    "user": "me",
    "temperature": 0,
    "top_p": 1,
    "store": False,
}


def test_what_changes_nothing_is_taken(harness: Harness) -> None:
    assert harness.ask(**NEUTRAL).status_code == 200


def test_parts_and_what_clients_echo_are_read(harness: Harness) -> None:
    earlier = {"role": "assistant", "content": "<think>\nno\n</think>\n\nI21", "refusal": None, "reasoning": "no"}
    parts = {"role": "user", "content": [{"type": "text", "text": "And "}, {"type": "text", "text": "then?"}]}
    messages = [{"role": "developer", "content": "Be brief."}, USER, earlier, parts]
    assert harness.ask(messages=messages).status_code == 200
    turns = [(turn.role, turn.content) for turn in harness.engine.asked[-1].turns]
    assert turns == [("user", "Be brief.\n\nWhich code?"), ("assistant", "I21"), ("user", "And then?")]

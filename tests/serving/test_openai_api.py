"""OpenAI's API as its clients see it: whole and streamed answers, reasoning, usage, models."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from r1tailor import config
from tests.support.serving import ANSWER, Harness, Scripted, Shelf, gateway

VERSION = "toy-1-0000000000"


def _events(text: str) -> list[Any]:
    blocks = [block.removeprefix("data: ") for block in text.split("\n\n") if block]
    assert blocks[-1] == "[DONE]"
    return [json.loads(block) for block in blocks[:-1]]


def test_an_answer_has_its_reasoning_apart_and_its_version_everywhere(harness: Harness) -> None:
    got = harness.ask(logprobs=True, top_logprobs=1)
    body = got.json()
    assert (body["object"], body["model"], body["system_fingerprint"]) == ("chat.completion", VERSION, VERSION)
    assert got.headers["x-r1tailor-version"] == VERSION
    assert body["id"] == f"chatcmpl-{got.headers['x-request-id']}"
    (choice,) = body["choices"]
    assert choice["message"]["content"] == "It is I21.4."
    assert choice["message"]["reasoning"] == choice["message"]["reasoning_content"] == "because of 38.5 C"
    assert choice["finish_reason"] == "stop"
    assert body["usage"] == {"prompt_tokens": 7, "completion_tokens": 16, "total_tokens": 23}
    told = choice["logprobs"]["content"]
    assert "".join(one["token"] for one in told) == ANSWER
    assert told[0]["top_logprobs"][0]["logprob"] == -0.5


def test_a_stream_adds_up_to_the_whole(harness: Harness) -> None:
    got = harness.ask(stream=True, stream_options={"include_usage": True}, logprobs=True)
    assert got.headers["content-type"].startswith("text/event-stream")
    assert got.headers["x-r1tailor-version"] == VERSION
    events = _events(got.text)
    assert {event["object"] for event in events} == {"chat.completion.chunk"}
    assert len({event["id"] for event in events}) == 1
    deltas = [event["choices"][0]["delta"] for event in events[:-1]]
    assert deltas[0] == {"role": "assistant", "content": ""}
    assert "".join(delta.get("content", "") for delta in deltas) == "It is I21.4."
    assert "".join(delta.get("reasoning_content", "") for delta in deltas) == "because of 38.5 C"
    finishes = [event["choices"][0]["finish_reason"] for event in events[:-1]]
    assert [finish for finish in finishes if finish] == ["stop"]
    assert finishes[-1] == "stop"
    assert events[-1]["choices"] == []
    assert events[-1]["usage"]["completion_tokens"] == 16
    told = [event["choices"][0]["logprobs"] for event in events[:-1]]
    assert "".join(one["token"] for row in told if row for one in row["content"]) == ANSWER


def test_each_choice_of_a_stream_opens_and_ends_once(harness: Harness) -> None:
    events = _events(harness.ask(stream=True, n=3, temperature=1).text)
    for index in range(3):
        mine = [choice for event in events for choice in event["choices"] if choice["index"] == index]
        assert mine[0]["delta"].get("role") == "assistant"
        assert [choice["finish_reason"] for choice in mine if choice["finish_reason"]] == ["stop"]
        assert "".join(choice["delta"].get("content", "") for choice in mine) == "It is I21.4."


def test_an_answer_ends_at_its_stop_and_at_its_length(harness: Harness) -> None:
    (choice,) = harness.ask(stop=["I21"]).json()["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("It is ", "stop")
    (choice,) = harness.ask(max_tokens=3).json()["choices"]
    assert (choice["message"], choice["finish_reason"])[1] == "length"
    assert choice["message"]["reasoning"].startswith("b")
    harness.ask(max_completion_tokens=5, seed=-1, temperature=0.6, top_p=0.9)
    sampling = harness.engine.asked[-1].sampling
    assert (sampling.max_answer_tokens, sampling.seed, sampling.temperature, sampling.top_p) == (5, 2**32 - 1, 0.6, 0.9)


def test_a_text_is_continued_as_it_stands(harness: Harness) -> None:
    body = {"model": "medical", "prompt": "Once", "logprobs": 1}
    got = harness.client.post("/v1/completions", json=body, headers=harness.key()).json()
    (choice,) = got["choices"]
    assert (got["object"], choice["text"], choice["finish_reason"]) == ("text_completion", ANSWER, "stop")
    assert "".join(choice["logprobs"]["tokens"]) == ANSWER
    assert harness.engine.asked[-1].text == "Once"
    streamed = harness.client.post("/v1/completions", json=body | {"stream": True}, headers=harness.key())
    assert "".join(event["choices"][0]["text"] for event in _events(streamed.text)) == ANSWER


def test_the_models_are_the_names_of_the_version_at_work(harness: Harness) -> None:
    listed = harness.client.get("/v1/models", headers=harness.key()).json()
    names = [model["id"] for model in listed["data"]]
    assert names == ["medical", VERSION, "toy-1"]
    for name in names:
        assert harness.ask(model=name).status_code == 200
        assert harness.client.get(f"/v1/models/{name}", headers=harness.key()).json()["object"] == "model"
    for got in (harness.ask(model="gpt-4"), harness.client.get("/v1/models/gpt-4", headers=harness.key())):
        assert (got.status_code, got.json()["error"]["code"]) == (404, "model_not_found")


@pytest.mark.parametrize("kind", ["whole", "stream"])
def test_logprobs_of_an_engine_without_them_are_refused(kind: str, tmp_path: Path) -> None:
    with gateway(tmp_path) as harness:
        harness.engine.logprobs = False
        got = harness.ask(logprobs=True, stream=kind == "stream")
        assert (got.status_code, got.json()["error"]["param"]) == (400, "logprobs")


def test_a_stream_that_breaks_off_says_so_and_is_not_done(tmp_path: Path) -> None:
    shelf = Shelf(engines={VERSION: Scripted(pause=0.02)})
    with gateway(tmp_path, "serving.limits.answer_seconds=0.1", shelf=shelf) as harness:
        got = harness.ask(stream=True)
        last = json.loads(got.text.rstrip().split("\n\n")[-1].removeprefix("data: "))
        assert got.status_code == 200
        assert last["error"]["code"] == "timeout"


def test_what_is_asked_is_neither_logged_nor_kept_unless_asked_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with gateway(tmp_path) as harness:
        harness.ask("Mr Quentin Zebra, MRN 4482910")
        harness.ask("Mr Quentin Zebra", max_tokens=0)
        kept = b"".join(path.read_bytes() for path in harness.context.folder.rglob("*") if path.is_file())
    assert b"Zebra" not in kept
    assert "Zebra" not in caplog.text


def test_the_order_of_promotion_decides_which_version_answers(tmp_path: Path) -> None:
    shelf = Shelf(settings=config.load([]))
    with gateway(tmp_path, shelf=shelf) as harness:
        assert harness.ask().json()["model"] == VERSION
        shelf.current = "toy-2-0000000000"
        for _ in range(100):
            if harness.client.get("/health").json()["version"] == shelf.current:
                break
            time.sleep(0.05)
        assert harness.ask().json()["model"] == "toy-2-0000000000"
        shelf.broken, shelf.current = {"toy-3-0000000000"}, "toy-3-0000000000"
        for _ in range(100):
            if harness.client.get("/health").json()["status"] == "degraded":
                break
            time.sleep(0.05)
        state = harness.client.get("/health", headers=harness.key()).json()
        assert state["version"] == "toy-2-0000000000"
        assert state["problems"]["served"].startswith("toy-3-0000000000: Input/output error")
        assert "problems" not in harness.client.get("/health").json()
        shelf.current = "toy-2-0000000000"

"""The engine: OpenAI's forms, streamed and not, errors, several requests at once."""

import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from r1tailor.errors import CheckpointError
from r1tailor.inference.gguf import EngineError, GgufEngine
from tests.support.shapes import SHAPES, exported, toy

WRITTEN = "no reason</think>答案 is 42"  # a toy writes parts of characters: a grammar makes it write this
TURNS = {
    "messages": [{"role": "user", "content": "hello"}],
    "max_tokens": 60,
    "temperature": 0.0,
    "grammar": f'root ::= "{WRITTEN}"',
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GgufEngine]:
    opened = exported(tmp_path_factory.mktemp("engine"), toy(SHAPES["llama"]), "f16", 256)
    yield opened
    opened.close()


def test_a_chat_is_answered_in_openais_form(engine: GgufEngine) -> None:
    answer = engine.chat(TURNS)
    assert answer["object"] == "chat.completion"
    assert answer["choices"][0]["message"]["role"] == "assistant"
    assert answer["usage"]["completion_tokens"] > 6


def test_a_stream_brings_what_the_whole_answer_holds(engine: GgufEngine) -> None:
    chunks: list[dict[str, Any]] = []
    assert engine.chat(TURNS, chunks.append) == {}
    written = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)
    assert written == engine.chat(TURNS)["choices"][0]["message"]["content"] == WRITTEN
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


def test_a_callback_ends_the_stream_and_what_it_raises_is_raised(engine: GgufEngine) -> None:
    seen: list[dict[str, Any]] = []

    def second(chunk: dict[str, Any]) -> bool:
        seen.append(chunk)
        return len(seen) == 2

    engine.chat(TURNS, second)
    assert len(seen) == 2

    def fails(chunk: dict[str, Any]) -> None:
        raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError, match="gone"):
        engine.chat(TURNS, fails)
    assert engine.chat(TURNS)["choices"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_that_is_too_long_is_an_error_with_its_code(engine: GgufEngine, stream: bool) -> None:
    with pytest.raises(EngineError, match="exceeds the available context size") as refused:
        engine.complete({"prompt": [65] * 1000, "max_tokens": 1}, (lambda chunk: None) if stream else None)
    assert (refused.value.code, refused.value.kind) == (400, "exceed_context_size_error")


def test_a_body_that_is_no_request_is_an_error(engine: GgufEngine) -> None:
    with pytest.raises(EngineError) as refused:
        engine.chat({"messages": "hello"})
    assert refused.value.code == 400


def test_requests_at_once_are_answered_as_one_by_one(engine: GgufEngine) -> None:
    bodies = [{"prompt": [65 + n, 66, 67], "max_tokens": 5, "temperature": 0.0} for n in range(6)]
    alone = [engine.complete(body)["choices"][0]["text"] for body in bodies]
    found: dict[int, str] = {}

    def ask(number: int) -> None:
        found[number] = engine.complete(bodies[number])["choices"][0]["text"]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[number] for number in range(6)] == alone


def test_the_librarys_own_port_answers_nobody_without_its_key(engine: GgufEngine) -> None:
    address = engine._server.listening_address
    request = urllib.request.Request(f"{address}/tokenize", b'{"content": "a"}', {"Content-Type": "application/json"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code == 401
    refused.value.close()


def test_what_is_no_gguf_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"GGUF and nothing else")
    with pytest.raises(CheckpointError, match=r"model\.gguf: llama\.cpp cannot load it"):
        GgufEngine(tmp_path / "model.gguf")
    with pytest.raises(CheckpointError, match="cannot be read: No such file"):
        GgufEngine(tmp_path / "other.gguf")


def test_an_engine_may_be_closed_as_soon_as_it_is_open(tmp_path: Path) -> None:
    exported(tmp_path, toy(SHAPES["llama"]), "f16").close()
    path = next(tmp_path.glob("*.gguf"))
    code = (
        "import sys, pathlib; from r1tailor.inference.gguf import GgufEngine\n"
        "for _ in range(20): GgufEngine(pathlib.Path(sys.argv[1]), context_length=128, threads=1).close()\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, timeout=120)

"""llama.cpp in this process: asked with the ids of training; its refusals in our words."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from r1tailor.inference.gguf import EngineError
from r1tailor.inference.sampling import Sampling
from r1tailor.records import Example
from r1tailor.serving.engine import Ask, Piece, Turn
from r1tailor.serving.gguf import GgufServed
from r1tailor.serving.refusals import Refused
from tests.support.toy_answerers import toy


class Answerer:
    """What ``GgufAnswerer`` offers, with a scripted engine."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.settings, _, self.tokenizer = toy("tiny_llama")
        self.engine = self
        self.bodies: list[dict[str, Any]] = []
        self.fault = fault
        self.closed = False

    def complete(self, body: dict[str, Any], on_chunk: Any) -> dict[str, Any]:  # noqa: ANN401
        self.bodies.append(body)
        if self.fault:
            raise self.fault
        for text in ("I2", "1.4"):
            if on_chunk({"choices": [{"text": text}]}):
                return {}
        on_chunk({"choices": [{"text": "", "finish_reason": "stop"}]})
        on_chunk({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}})
        return {}

    def close(self) -> None:
        self.closed = True


def _pieces(engine: GgufServed, ask: Ask) -> list[Piece]:
    async def read() -> list[Piece]:
        async with aclosing(engine.stream(ask)) as pieces:
            return [piece async for piece in pieces]

    return asyncio.run(read())


ASK = Ask(turns=(Turn("user", "Name it.\n\nitem 7"),), sampling=Sampling(5, 0.6, 0.9, 3), top_logprobs=0)


def test_it_is_asked_with_the_ids_of_training() -> None:
    answerer = Answerer()
    found = _pieces(GgufServed(answerer), ASK)  # type: ignore[arg-type]
    assert "".join(piece.text for piece in found) == "I21.4"
    assert sum(piece.tokens for piece in found) == 4
    (body,) = answerer.bodies
    assert tuple(body["prompt"]) == answerer.tokenizer.prompt(Example("e", "Name it.", "item 7", "")).prompt
    assert (body["max_tokens"], body["seed"], body["logprobs"]) == (5, 3, 1)
    _pieces(GgufServed(answerer), Ask(text="a", sampling=Sampling(5)))  # type: ignore[arg-type]
    assert answerer.bodies[1]["temperature"] == 0.0


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (EngineError(400, "exceed_context_size_error", "secret"), 429),
        (EngineError(400, "invalid_request_error", "secret"), 502),
        (EngineError(500, "", "secret"), 502),
    ],
)
def test_its_refusals_are_told_in_our_words(error: EngineError, status: int) -> None:
    with pytest.raises(Refused) as caught:
        _pieces(GgufServed(Answerer(error)), ASK)  # type: ignore[arg-type]
    assert caught.value.status == status
    assert "secret" not in caught.value.message


def test_it_is_freed() -> None:
    answerer = Answerer()
    asyncio.run(GgufServed(answerer).close())  # type: ignore[arg-type]
    assert answerer.closed

"""The engine ``gguf``: llama.cpp in this process, on the GGUF form of a version.

The prompt is rendered and tokenised here, as in training: llama.cpp gets ids, so that no text can hold a control token.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, TypeVar

from r1tailor.inference.gguf import EngineError
from r1tailor.inference.gguf_answerer import LONGEST, GgufAnswerer
from r1tailor.inference.sampling import Sampling
from r1tailor.serving.engine import Ask, Piece
from r1tailor.serving.prompts import opens_reasoning, prompted
from r1tailor.serving.refusals import Refused
from r1tailor.serving.relayed import Counted, chunks

T = TypeVar("T")


class GgufServed:
    """A GGUF model in this process; an ``Engine``.

    Args:
        answerer: the model, loaded.
    """

    kind = "gguf"
    logprobs = True

    def __init__(self, answerer: GgufAnswerer) -> None:
        self._answerer = answerer
        self._most = min(answerer.settings.model.context_length, LONGEST)
        self.opens_reasoning = opens_reasoning(answerer.tokenizer)

    async def stream(self, ask: Ask) -> AsyncGenerator[Piece, None]:
        """Yield an answer chunk by chunk (see ``Engine``)."""
        prompt, sampling = prompted(ask, self._answerer.tokenizer, self._most)
        body = {"prompt": list(prompt), **_drawn(sampling), "stream_options": {"include_usage": True}}
        if ask.top_logprobs is not None:
            body["logprobs"] = max(1, ask.top_logprobs)
        counted = Counted()
        yield Piece(prompt_tokens=len(prompt))
        try:
            async with aclosing(chunks(lambda hand: self._ask(body, hand))) as found:
                async for chunk in found:
                    yield counted.piece(chunk)
        except EngineError as error:
            raise _refused(error) from None

    async def run(self, work: Callable[[GgufAnswerer], T]) -> T:
        """Do something with the model; llama.cpp takes turns itself."""
        return await asyncio.to_thread(work, self._answerer)

    async def close(self) -> None:
        """Free the model."""
        await asyncio.to_thread(self._answerer.engine.close)

    def _ask(self, body: dict[str, Any], hand: Callable[[dict[str, Any]], bool]) -> None:
        self._answerer.engine.complete(body, hand)


def _drawn(sampling: Sampling) -> dict[str, Any]:
    """Return how llama.cpp shall draw: as transformers does, temperature before the cut."""
    if sampling.greedy:
        return {"max_tokens": sampling.max_answer_tokens, "temperature": 0.0, "samplers": ["temperature"]}
    return {
        "max_tokens": sampling.max_answer_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": sampling.seed,
        "samplers": ["temperature", "top_p"],
    }


def _refused(error: EngineError) -> Refused:
    """Return what llama.cpp's refusal means to the client."""
    if error.kind == "exceed_context_size_error":
        return Refused(429, "the model has no room for this beside what it answers now; try again in 2 s",
                       code="rate_limit_exceeded", headers={"retry-after": "2"})  # fmt: skip
    return Refused(502, f"the model refuses this ({error.kind or 'error'})", code="engine_error")

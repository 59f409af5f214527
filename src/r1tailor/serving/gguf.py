"""The engine ``gguf``: llama.cpp in this process, on the GGUF form of a version."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Protocol

from r1tailor.errors import UserError
from r1tailor.serving.engine import Ask, Piece
from r1tailor.serving.refusals import Refused
from r1tailor.serving.relayed import Chunk, Counted, OnChunk, body_of, chunks


class Completing(Protocol):
    """What ``inference/gguf.py`` offers."""

    def chat(self, body: dict[str, Any], on_chunk: OnChunk) -> dict[str, Any]:
        """Answer a conversation; chunks go to the callback."""
        ...

    def complete(self, body: dict[str, Any], on_chunk: OnChunk) -> dict[str, Any]:
        """Continue a text; chunks go to the callback."""
        ...

    def close(self) -> None:
        """Free the model."""
        ...


class GgufServed:
    """A GGUF model in this process; an ``Engine``.

    Args:
        model: the model, loaded.
    """

    kind = "gguf"
    logprobs = True
    opens_reasoning = False  # llama.cpp tells reasoning apart itself where the template opens it

    def __init__(self, model: Completing) -> None:
        self._model = model

    async def stream(self, ask: Ask) -> AsyncGenerator[Piece, None]:
        """Yield an answer chunk by chunk (see ``Engine``)."""
        counted = Counted()
        try:
            async with aclosing(chunks(lambda hand: self._ask(ask, hand))) as found:
                async for chunk in found:
                    yield counted.piece(chunk)
        except UserError as error:
            raise _refused(error, ask) from None

    async def close(self) -> None:
        """Free the model."""
        await asyncio.to_thread(self._model.close)

    def _ask(self, ask: Ask, hand: OnChunk) -> None:
        body = body_of(ask, "served")

        def on_chunk(chunk: Chunk) -> bool:
            return hand(dict(chunk))

        (self._model.chat if ask.turns else self._model.complete)(body, on_chunk)


def _refused(error: UserError, ask: Ask) -> Refused:
    """Return what llama.cpp's refusal means to the client."""
    if getattr(error, "kind", "") == "exceed_context_size_error":
        param = "messages" if ask.turns else "prompt"
        return Refused(400, "the prompt is longer than the model reads", param=param, code="context_length_exceeded")
    status = 400 if getattr(error, "code", 500) == 400 else 502
    return Refused(status, f"the model refuses this: {str(error)[:300]}", code="engine_refused")

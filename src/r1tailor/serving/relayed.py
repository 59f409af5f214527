"""Engines that speak OpenAI's chunks themselves: an ask becomes a request body, chunks become pieces.

Such an engine works in a thread, one for each answer; a queue carries its chunks to the event loop.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Mapping
from types import MappingProxyType
from typing import Any

from r1tailor.inference.endpoint import plain
from r1tailor.serving.engine import Ask, Finish, Piece, TokenLogprob

Chunk = Mapping[str, Any]
OnChunk = Callable[[Chunk], bool]  # returns whether nobody wants more


def body_of(ask: Ask, model: str, arguments: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """Return the request body of an ask, streamed.

    The name of a control token in a text is text: a space after its first character, as in training.

    Args:
        ask: a conversation, or a text that is continued as it stands.
        model: its name there.
        arguments: of the chat template, as in training; vLLM, SGLang and llama.cpp take them as
            ``chat_template_kwargs``, which is left out where none are set.
    """
    sampling = ask.sampling
    drawn = {"temperature": sampling.temperature, "top_p": sampling.top_p, "seed": sampling.seed}
    body: dict[str, Any] = {"model": model, "max_tokens": sampling.max_new_tokens, "stream": True, **drawn}
    body["stream_options"] = {"include_usage": True}
    if ask.stop:
        body["stop"] = list(ask.stop)
    if ask.turns:
        body["messages"] = [{"role": turn.role, "content": plain(turn.content)} for turn in ask.turns]
        body |= {"chat_template_kwargs": dict(arguments)} if arguments else {}
    else:
        body["prompt"] = ask.text
    if ask.top_logprobs is not None:
        body |= {"logprobs": True, "top_logprobs": ask.top_logprobs} if ask.turns else {"logprobs": ask.top_logprobs}
    return body


class Counted:
    """Turns the chunks of one answer into pieces, and counts its tokens: exactly where the engine tells the usage."""

    def __init__(self) -> None:
        self._tokens = 0

    def piece(self, chunk: Chunk) -> Piece:
        """Return what a chunk adds."""
        choice: Mapping[str, Any] = next(iter(chunk.get("choices") or ()), {})
        delta = choice.get("delta") or {}
        text = delta.get("content") or choice.get("text") or ""
        reasoning = delta.get("reasoning_content") or delta.get("reasoning") or ""
        tokens = int(bool(text or reasoning))
        usage = chunk.get("usage") or {}
        if "completion_tokens" in usage:
            tokens = int(usage["completion_tokens"]) - self._tokens
        self._tokens += tokens
        read = int(usage.get("prompt_tokens") or 0)
        return Piece(text, reasoning, tokens, read, _finish(choice.get("finish_reason")), _logprobs(choice))


def _finish(reason: str | None) -> Finish | None:
    return None if reason is None else "length" if reason == "length" else "stop"


def _logprobs(choice: Mapping[str, Any]) -> tuple[TokenLogprob, ...]:
    rows = (choice.get("logprobs") or {}).get("content") or ()
    return tuple(
        TokenLogprob(
            row["token"], row["logprob"], tuple((top["token"], top["logprob"]) for top in row.get("top_logprobs") or ())
        )
        for row in rows
    )


async def chunks(produce: Callable[[OnChunk], None]) -> AsyncGenerator[Chunk, None]:
    """Yield what a blocking function hands over, as it comes; what it raises is raised here.

    Args:
        produce: called in a thread of its own; it stops when its callback returns True.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[Chunk | Exception | None] = asyncio.Queue()
    dropped = threading.Event()

    def hand(item: Chunk | Exception | None) -> bool:
        if not dropped.is_set():
            loop.call_soon_threadsafe(queue.put_nowait, item)
        return dropped.is_set()

    def work() -> None:
        try:
            produce(hand)
            hand(None)
        except Exception as error:  # raised again where the chunks are read
            hand(error)

    threading.Thread(target=work, name="engine", daemon=True).start()
    try:
        while (item := await queue.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        dropped.set()

"""The answers to one request while they are written, and what each step adds to them."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from r1tailor.serving.engine import Finish, TokenLogprob


@dataclass
class Answer:
    """One answer, as far as it is written.

    Attributes:
        version: id of the version that answers.
        channel: served or canary.
        content: without reasoning.
        reasoning: what stood between ``<think>`` and ``</think>``.
        finish: why it ended; None before that.
        tokens: written.
        prompt_tokens: read.
        logprobs: of the tokens, where they were asked for.
    """

    version: str
    channel: str
    content: str = ""
    reasoning: str = ""
    finish: Finish | None = None
    tokens: int = 0
    prompt_tokens: int = 0
    logprobs: list[TokenLogprob] = field(default_factory=list)


@dataclass(frozen=True)
class Delta:
    """What was added to one of the answers to a request.

    Attributes:
        index: of the answer.
        content: added to it.
        reasoning: added to it.
        answer: the answer so far; it is whole in the delta with a ``finish``.
        finish: in the last delta of an answer, why it ends.
        logprobs: of the tokens that were added.
    """

    index: int
    content: str
    reasoning: str
    answer: Answer
    finish: Finish | None = None
    logprobs: tuple[TokenLogprob, ...] = ()


def added(index: int, answer: Answer, reasoning: str, content: str, logprobs: tuple[TokenLogprob, ...] = ()) -> Delta:
    """Add to an answer; return what was added."""
    answer.reasoning += reasoning
    answer.content += content
    return Delta(index, content, reasoning, answer, answer.finish, logprobs)


async def merged(streams: Sequence[AsyncGenerator[Delta, None]], count: int) -> AsyncGenerator[Delta, None]:
    """Yield what several streams yield, as it comes."""
    if count == 1:
        async with aclosing(streams[0]) as only:
            async for delta in only:
                yield delta
        return
    queue: asyncio.Queue[Delta | Exception | None] = asyncio.Queue(maxsize=2 * count)

    async def pump(stream: AsyncGenerator[Delta, None]) -> None:
        end: Exception | None = None
        try:
            async with aclosing(stream) as closing:
                async for delta in closing:
                    await queue.put(delta)
        except Exception as error:  # raised again where the deltas are read
            end = error
        await queue.put(end)

    tasks = [asyncio.create_task(pump(stream)) for stream in streams]
    try:
        left = count
        while left:
            found = await queue.get()
            if isinstance(found, Exception):
                raise found
            if found is None:
                left -= 1
            else:
                yield found
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

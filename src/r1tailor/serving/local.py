"""The engine ``local``: the inference of evaluation in a thread of its own; what waits together is written together."""

import asyncio
import queue
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch

from r1tailor.errors import TailorError
from r1tailor.inference.local import LocalAnswerer
from r1tailor.inference.streaming import Drawn, Wanted, stream
from r1tailor.serving.engine import Ask, Finish, Piece, TokenLogprob
from r1tailor.serving.prompts import opens_reasoning, prompted

T = TypeVar("T")
_BROKEN = "\ufffd"  # how a decoder shows the first bytes of a character


@dataclass(eq=False)
class _Job:
    """One answer to be written, and where its pieces go."""

    wanted: Wanted
    told: bool
    loop: asyncio.AbstractEventLoop
    pieces: "asyncio.Queue[Piece | Exception]" = field(default_factory=asyncio.Queue)
    dropped: bool = False
    ids: list[int] = field(default_factory=list)
    shown: int = 0  # characters
    pending: list[TokenLogprob] = field(default_factory=list)
    tokens: int = 0
    counted: int = 0  # tokens of the pieces so far

    def put(self, item: Piece | Exception) -> None:
        """Hand a piece over to the event loop that waits for it."""
        if not self.dropped:
            self.loop.call_soon_threadsafe(self.pieces.put_nowait, item)


class LocalEngine:
    """A model in this process; an ``Engine``.

    Args:
        answerer: the model.
        batch_size: answers that are written together, at most.
    """

    kind = "local"
    logprobs = True

    def __init__(self, answerer: LocalAnswerer, batch_size: int) -> None:
        self._answerer: LocalAnswerer | None = answerer
        self._tokenizer = answerer.tokenizer
        self._most = answerer.settings.model.context_length
        self._batch_size = batch_size
        self._waiting: queue.Queue[_Job | Callable[[], None] | None] = queue.Queue()
        self.opens_reasoning = opens_reasoning(self._tokenizer)
        self._thread = threading.Thread(target=self._work, name="local engine", daemon=True)
        self._thread.start()

    async def stream(self, ask: Ask) -> AsyncGenerator[Piece, None]:
        """Yield an answer token by token (see ``Engine``)."""
        prompt, sampling = prompted(ask, self._tokenizer, self._most)
        job = _Job(
            Wanted(prompt, sampling, ask.top_logprobs or 0), ask.top_logprobs is not None, asyncio.get_running_loop()
        )
        self._waiting.put(job)
        try:
            yield Piece(prompt_tokens=len(prompt))
            while True:
                piece = await job.pieces.get()
                if isinstance(piece, Exception):
                    raise piece
                yield piece
                if piece.finish:
                    return
        finally:
            job.dropped = True

    async def run(self, work: Callable[[LocalAnswerer], T]) -> T:
        """Do something with the model between two batches, in its thread."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def call() -> None:
            try:
                assert self._answerer is not None
                loop.call_soon_threadsafe(_settle, done, work(self._answerer), None)
            except Exception as error:  # raised again where it is awaited
                loop.call_soon_threadsafe(_settle, done, None, error)

        self._waiting.put(call)
        return await done

    async def close(self) -> None:
        """End the thread and free the model."""
        self._waiting.put(None)
        await asyncio.to_thread(self._thread.join)
        self._answerer = None

    def _work(self) -> None:
        """Write batch after batch until told to end."""
        while True:
            batch, calls, last = self._taken()
            for call in calls:
                call()
            if batch:
                self._write(batch)
            if last:
                return

    def _taken(self) -> tuple[list[_Job], list[Callable[[], None]], bool]:
        """Wait for something to do; return what waits together."""
        batch: list[_Job] = []
        calls: list[Callable[[], None]] = []
        item = self._waiting.get()
        while True:
            if item is None:
                return batch, calls, True
            if isinstance(item, _Job):
                batch += [] if item.dropped else [item]
            else:
                calls.append(item)
            if len(batch) == self._batch_size:
                return batch, calls, False
            try:
                item = self._waiting.get_nowait()
            except queue.Empty:
                return batch, calls, False

    def _write(self, batch: Sequence[_Job]) -> None:
        assert self._answerer is not None
        try:
            with torch.inference_mode():
                wanted = [job.wanted for job in batch]
                for step in stream(self._answerer.model, self._tokenizer, wanted, lambda row: batch[row].dropped):
                    for drawn in step:
                        self._take(batch[drawn.row], drawn)
        except Exception as error:  # of the model: each of them is told, and the next batch is written
            for job in batch:
                job.put(error if isinstance(error, TailorError) else RuntimeError(type(error).__name__))

    def _take(self, job: _Job, drawn: Drawn) -> None:
        """Hand over what a token added to the text; half a character waits for its other bytes."""
        job.tokens += 1
        ended = drawn.id == self._tokenizer.end
        finish: Finish | None = (
            "stop" if ended else "length" if job.tokens == job.wanted.sampling.max_answer_tokens else None
        )
        if not ended:
            job.ids.append(drawn.id)
            if job.told:
                job.pending.append(self._logprob(drawn))
        text = self._decoded(job.ids)
        if text.endswith(_BROKEN) and finish is None:
            return
        added, job.shown = text[job.shown :], len(text)
        told, job.pending = tuple(job.pending), []
        job.put(Piece(text=added, tokens=job.tokens - job.counted, finish=finish, logprobs=told))
        job.counted = job.tokens

    def _logprob(self, drawn: Drawn) -> TokenLogprob:
        top = tuple((self._decoded([id_]), value) for id_, value in drawn.top)
        return TokenLogprob(self._decoded([drawn.id]), drawn.logprob, top)

    def _decoded(self, ids: list[int]) -> str:
        return str(self._tokenizer.tokenizer.decode(ids, skip_special_tokens=False))


def _settle(done: "asyncio.Future[T]", value: Any, error: Exception | None) -> None:  # noqa: ANN401
    if done.cancelled():
        return
    if error is not None:
        done.set_exception(error)
    else:
        done.set_result(value)

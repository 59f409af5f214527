"""One request through an engine: which version answers it, within which limits, and what the log keeps of it."""

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

from r1tailor.instruction.template import END_THINK, opened
from r1tailor.schema.serving import Serving
from r1tailor.serving.access import Identity
from r1tailor.serving.answers import Answer, Delta, added, merged
from r1tailor.serving.audit import Audit
from r1tailor.serving.engine import Ask, Finish, Piece, Turn
from r1tailor.serving.ledger import Ledger, Told
from r1tailor.serving.limits import Limiter
from r1tailor.serving.metrics import Metrics
from r1tailor.serving.reasoning_budget import ReasoningBudget
from r1tailor.serving.refusals import Refused
from r1tailor.serving.served import Loaded, Served, Slot
from r1tailor.serving.sessions import Sessions
from r1tailor.serving.shaping import Shaper

Work = Callable[[Loaded], Awaitable[dict[str, Any]]]
_MOST_SHADOWS = 8  # asks that the shadow answers or that wait for it; more are dropped and counted
_SHARES = 2**32


class Gateway:
    """Asks the served version.

    Args:
        settings: limits and channels.
        served: the versions at work.
        limiter: of all requests.
        audit: keeps a line of each.
        metrics: counted here.
        sessions: hash users to channels.
    """

    def __init__(
        self, settings: Serving, served: Served, limiter: Limiter, audit: Audit, metrics: Metrics, sessions: Sessions
    ) -> None:
        self.settings = settings
        self.served = served
        self.limiter = limiter
        self._ledger = Ledger(audit, metrics)
        self._metrics = metrics
        self._sessions = sessions
        self._shadows = 0
        for slot in served.slots():
            slot.switched = self._count_switch

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow the registry while the block runs; then let the log's last lines be written and free the models."""
        for slot in self.served.slots():
            self._count_switch(slot, None)
        following = [asyncio.create_task(slot.follow()) for slot in self.served.slots()]
        try:
            yield
        finally:
            for task in following:
                task.cancel()
            await asyncio.gather(*following, *self._ledger.background, return_exceptions=True)
            for slot in self.served.slots():
                await slot.close()
            await self._ledger.close()

    async def answer(self, identity: Identity, ask: Ask, request: str, what: str = "chat") -> Answer:
        """Return one whole answer (see ``stream``)."""
        async with aclosing(self.stream(identity, ask, request, what)) as deltas:
            async for delta in deltas:
                last = delta.answer
        return last

    async def stream(
        self, identity: Identity, ask: Ask, request: str, what: str = "chat", choices: int = 1
    ) -> AsyncGenerator[Delta, None]:
        """Yield what is added to the answers to an ask, as it comes.

        The line of the audit log is durable before the last delta comes. Closing the iterator ends the work.

        Args:
            identity: who asks.
            ask: what is asked.
            request: the request's id.
            what: the kind of request, for the log.
            choices: how many answers are drawn; each has a seed of its own.

        Raises:
            Refused: 400, 429, 502, 503 or 504.
        """
        told = Told(self._ledger, identity, request, what, _as_text(ask), time.monotonic())
        with told.outcome():
            with self.limiter.admitted(identity.key):
                slot = self._slot(identity)
                told.channel = slot.channel
                async with slot.lease() as loaded:
                    told.version = loaded.version
                    self._refuse_unoffered(ask, loaded)
                    ask = self._prepared(ask, loaded)
                    told.answers = [Answer(loaded.version, slot.channel) for _ in range(choices)]
                    async with aclosing(merged(self._deltas(loaded, ask, told.answers), choices)) as deltas:
                        async for delta in deltas:
                            told.first()
                            if all(answer.finish for answer in told.answers):
                                await told.finished("answered", 200)
                            yield delta
            self._shadow(identity, ask, request, told)

    async def consult(
        self,
        identity: Identity,
        request: str,
        what: str,
        asked: str,
        work: Callable[[Loaded], Awaitable[dict[str, Any]]],
    ) -> dict[str, Any]:
        """Return what some other work with the served version finds, within the same limits and in the same log.

        Args:
            identity: who asks.
            request: the request's id.
            what: the kind of request, for the log.
            asked: what is asked, for the log.
            work: does it.
        """
        told = Told(self._ledger, identity, request, what, asked, time.monotonic())
        with told.outcome(), self.limiter.admitted(identity.key):
            async with self.served.main.lease() as loaded:
                told.version = loaded.version
                found = await work(loaded)
                told.answers = [Answer(loaded.version, "served", json.dumps(found))]
                await told.finished("answered", 200)
                return found

    @contextmanager
    def refusing(self, identity: Identity, request: str, what: str) -> Iterator[None]:
        """Keep in the log that a request was refused before anything was asked."""
        told = Told(self._ledger, identity, request, what, "", time.monotonic())
        with told.outcome():
            yield

    # --- one answer ---

    def _deltas(self, loaded: Loaded, ask: Ask, answers: Sequence[Answer]) -> list[AsyncGenerator[Delta, None]]:
        seeds = [(ask.sampling.seed + index) % _SHARES for index in range(len(answers))]
        return [
            self._delta(loaded, replace(ask, sampling=replace(ask.sampling, seed=seed)), index, answer)
            for index, (seed, answer) in enumerate(zip(seeds, answers, strict=True))
        ]

    async def _delta(self, loaded: Loaded, ask: Ask, index: int, answer: Answer) -> AsyncGenerator[Delta, None]:
        """Yield what is added to one answer, and last what was held back, with the reason of the end."""
        shaper = Shaper(opened=loaded.engine.opens_reasoning, stop=ask.stop, plain=not ask.turns)
        budget = ReasoningBudget(loaded.settings.evaluation.max_reasoning_tokens)
        finish: Finish = "stop"
        async with aclosing(loaded.engine.stream(ask)) as pieces:
            async for piece in self._in_time(pieces):
                answer.tokens += piece.tokens
                answer.prompt_tokens = max(answer.prompt_tokens, piece.prompt_tokens)
                answer.logprobs += piece.logprobs
                before, (reasoning, content) = shaper.part, shaper.feed(piece.text)
                if reasoning or content or piece.reasoning or piece.logprobs:
                    yield added(index, answer, piece.reasoning + reasoning, content, piece.logprobs)
                parts = ("reasoning", "reasoning") if piece.reasoning else (before, shaper.part)
                spent = bool(ask.turns) and budget.spend(piece.tokens, *parts)
                finish = piece.finish or finish
                if shaper.stopped:
                    finish = "stop"
                    break
                if spent and not piece.finish:
                    finish = "length"
                    break
        reasoning, content = shaper.end()
        answer.finish = finish
        yield added(index, answer, reasoning, content)

    async def _in_time(self, pieces: AsyncGenerator[Piece, None]) -> AsyncGenerator[Piece, None]:
        deadline = asyncio.get_running_loop().time() + self.settings.limits.answer_seconds
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    piece = await anext(pieces)
            except StopAsyncIteration:
                return
            except TimeoutError:
                most = f"{self.settings.limits.answer_seconds:g} s (serving.limits.answer_seconds)"
                raise Refused(504, f"the answer took longer than {most}", code="timeout") from None
            yield piece

    # --- what is asked of whom ---

    def _slot(self, identity: Identity) -> Slot:
        canary = self.served.canary
        if canary is None or canary.current is None or canary.version() == self.served.version():
            return self.served.main
        digest = hashlib.sha256(self._sessions.fingerprint("canary", identity.user).encode()).digest()
        share = int.from_bytes(digest[:4]) / _SHARES
        return canary if share < self.settings.channels.canary_share else self.served.main

    def _refuse_unoffered(self, ask: Ask, loaded: Loaded) -> None:
        limits = self.settings.limits
        length = len(ask.text) + sum(len(turn.content) for turn in ask.turns)
        if length > limits.prompt_characters:
            raise Refused(
                400,
                f"the messages have {length:,} characters; at most {limits.prompt_characters:,} are read",
                param="messages" if ask.turns else "prompt",
                code="context_length_exceeded",
            )
        if ask.top_logprobs is not None and not loaded.engine.logprobs:
            raise Refused(
                400, f"engine {loaded.engine.kind} tells no log-probabilities", param="logprobs", code="unsupported"
            )

    def _prepared(self, ask: Ask, loaded: Loaded) -> Ask:
        """Return an ask as the model was trained to read it, with the length of reasoning and answer together."""
        most = self.settings.limits.max_tokens
        wanted = ask.sampling.max_answer_tokens
        sampling = replace(ask.sampling, max_answer_tokens=min(most, wanted or most))
        return replace(ask, sampling=sampling, turns=conversation(ask.turns, loaded.settings.domain.task.instruction))

    # --- channels, log, counts ---

    def _shadow(self, identity: Identity, ask: Ask, request: str, told: Told) -> None:
        """Ask the shadow in the background, if it has time for it."""
        shadow = self.served.shadow
        if shadow is None or shadow.current is None or shadow.version() == self.served.version():
            return  # without a candidate, ``<domain>@shadow`` means the served version
        if self._shadows >= _MOST_SHADOWS:
            self._metrics.dropped.inc()
            return
        self._shadows += 1
        self._ledger.later(self._asked_too(shadow, identity, ask, request, told.what))

    async def _asked_too(self, shadow: Slot, identity: Identity, ask: Ask, request: str, what: str) -> None:
        told = Told(self._ledger, identity, request, what, _as_text(ask), time.monotonic(), channel=shadow.channel)
        try:
            with told.outcome():
                async with shadow.lease() as loaded:
                    told.version, told.answers = loaded.version, [Answer(loaded.version, shadow.channel)]
                    async for _ in self._delta(loaded, self._prepared(ask, loaded), 0, told.answers[0]):
                        pass
                    await told.finished("answered", 200)
        except Refused:
            return
        finally:
            self._shadows -= 1

    def _count_switch(self, slot: Slot, old: Loaded | None) -> None:
        if slot.problem:
            self._metrics.failures.labels(slot.channel).inc()
        if old and old is not slot.current:
            self._metrics.switches.labels(slot.channel).inc()
            self._metrics.served.remove(old.version, slot.channel)
        if slot.current:
            self._metrics.served.labels(slot.current.version, slot.channel).set(1)


def conversation(turns: Sequence[Turn], instruction: str) -> tuple[Turn, ...]:
    """Return a conversation as models are trained on it: the instruction opens the user's first turn (``opened``).

    The reasoning of earlier answers is left out, as R1's own template does.
    """
    kept = opened(turns, instruction)
    for number, turn in enumerate(kept):
        if turn.role == "assistant" and END_THINK in turn.content:
            kept[number] = replace(turn, content=turn.content.rpartition(END_THINK)[2].lstrip())
    return tuple(kept)


def _as_text(ask: Ask) -> str:
    return ask.text or "\n".join(f"{turn.role}: {turn.content}" for turn in ask.turns)

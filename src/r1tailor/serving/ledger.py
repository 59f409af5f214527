"""What became of each request: a line of the audit log and counts, once, however the request ends."""

import asyncio
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from r1tailor.redteam.refusals import refuses
from r1tailor.serving.access import Identity
from r1tailor.serving.answers import Answer
from r1tailor.serving.audit import Audit, Decision, Event
from r1tailor.serving.metrics import Metrics
from r1tailor.serving.refusals import Refused


class Ledger:
    """Keeps what became of requests.

    Args:
        audit: keeps a line of each.
        metrics: counted here.

    Attributes:
        metrics: as given.
        background: what is still being done although nobody waits for it.
    """

    def __init__(self, audit: Audit, metrics: Metrics) -> None:
        self._audit = audit
        self.metrics = metrics
        self.background: set[asyncio.Task[None]] = set()

    async def tell(self, event: Event) -> None:
        """Keep what became of a request."""
        self.metrics.requests.labels(event.what, event.decision, event.channel).inc()
        if event.decision == "answered":
            self.metrics.seconds.observe(event.seconds)
            self.metrics.tokens.labels(event.version).inc(event.tokens)
        await self._audit.record(event)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that must be done although nobody waits for it."""
        task = asyncio.get_running_loop().create_task(work)
        self.background.add(task)
        task.add_done_callback(self.background.discard)

    async def close(self) -> None:
        """Let the last lines be written, and close the log."""
        await asyncio.gather(*self.background, return_exceptions=True)
        self._audit.log.close()


@dataclass
class Told:
    """What became of one request, told once.

    Attributes:
        ledger: keeps it.
        identity: who asks.
        request: the request's id.
        what: the kind of request.
        prompt: what is asked.
        began: when, by the monotonic clock.
        version: id of the version that answers.
        channel: of it.
        answers: so far.
        done: whether it was told.
        has_begun: whether anything was answered.
    """

    ledger: Ledger
    identity: Identity
    request: str
    what: str
    prompt: str
    began: float
    version: str = ""
    channel: str = "served"
    answers: list[Answer] = field(default_factory=list)
    done: bool = False
    has_begun: bool = False

    @contextmanager
    def outcome(self) -> Iterator[None]:
        """Tell what happened where the block ends before the answer does."""
        try:
            yield
        except Refused as refused:
            decision: Decision = (
                "limited" if refused.status == 429 else "failed" if refused.status >= 500 else "refused"
            )
            self._broke_off(decision, refused.status)
            raise
        except (GeneratorExit, asyncio.CancelledError):
            self._broke_off("disconnected", 499)
            raise
        except Exception:
            self._broke_off("failed", 500)
            raise

    async def finished(self, decision: Decision, status: int) -> None:
        """Tell how the request ended, and wait until it is kept."""
        if not self.done:
            self.done = True
            await self.ledger.tell(self._event(decision, status))

    def first(self) -> None:
        """Count how long the first token took."""
        if not self.has_begun:
            self.has_begun = True
            self.ledger.metrics.first.observe(time.monotonic() - self.began)

    def _broke_off(self, decision: Decision, status: int) -> None:
        if not self.done:
            self.done = True
            self.ledger.later(self.ledger.tell(self._event(decision, status)))

    def _event(self, decision: Decision, status: int) -> Event:
        written = "\n".join(f"{answer.reasoning}\n{answer.content}".strip() for answer in self.answers)
        tokens = sum(answer.tokens for answer in self.answers)
        who: dict[str, Any] = {"user": self.identity.user, "key": self.identity.key}
        who |= {"version": self.version, "channel": self.channel, "what": self.what}
        who |= {"seconds": time.monotonic() - self.began, "refused": any(refuses(one.content) for one in self.answers)}
        who |= {"truncated": any(answer.finish == "length" for answer in self.answers)}
        return Event(
            self.request, decision=decision, status=status, prompt=self.prompt, answer=written, tokens=tokens, **who
        )

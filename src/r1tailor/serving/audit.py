"""What the audit log keeps of each request: who asked which version, keyed hashes of what, and what became of it.

A line is durable before the end of the answer is sent. Texts are kept only where ``serving.audit.text`` asks for them,
without what ``domain.cleaning.privacy`` takes out; a domain with privacy whose texts cannot be treated keeps none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from starlette.concurrency import run_in_threadpool

from r1tailor.chained import ChainedLog
from r1tailor.corpus.privacy import Deidentifier
from r1tailor.corpus.privacy.key import read
from r1tailor.schema.corpus import Privacy
from r1tailor.serving.sessions import Sessions

Decision = Literal["answered", "refused", "limited", "disconnected", "failed"]
Treat = Callable[[str], str]


def log_file(folder: Path) -> Path:
    """Return where the audit log of a serving folder lies."""
    return folder / "audit.jsonl"


@dataclass(frozen=True)
class Event:
    """One request, or what a channel made of it.

    Attributes:
        request: its id, which the response carries, too.
        user: who asked; empty where nobody is known.
        key: id of the key.
        version: which model answered; empty where none did.
        channel: served, canary or shadow; pages and studies name themselves.
        what: what was asked for, such as ``chat``.
        decision: what became of it.
        status: of the response.
        prompt: what was asked.
        answer: what was answered, reasoning included.
        tokens: written by the model.
        seconds: from the request to its end.
        truncated: whether an answer was cut at its length.
        refused: whether the opening of an answer refuses, by its words.
    """

    request: str
    user: str = ""
    key: str = ""
    version: str = ""
    channel: str = "served"
    what: str = "chat"
    decision: Decision = "answered"
    status: int = 200
    prompt: str = ""
    answer: str = ""
    tokens: int = 0
    seconds: float = 0.0
    truncated: bool = False
    refused: bool = False


class Audit:
    """The audit log of a serving folder.

    Args:
        folder: of keys, secret and log.
        sessions: makes the keyed hashes.
        treat: takes personal identifiers out of a text; None where no texts are kept.
    """

    def __init__(self, folder: Path, sessions: Sessions, treat: Treat | None = None) -> None:
        self.log = ChainedLog(log_file(folder))
        self._sessions = sessions
        self._treat = treat

    async def record(self, event: Event) -> None:
        """Add a line; it is durable when this returns."""
        await run_in_threadpool(self.log.append, self._line(event))

    def _line(self, event: Event) -> dict[str, Any]:
        line: dict[str, Any] = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "request": event.request,
            "user": event.user,
            "key": event.key,
            "version": event.version,
            "channel": event.channel,
            "what": event.what,
            "decision": event.decision,
            "status": event.status,
            "prompt": self._sessions.fingerprint("audit", event.prompt),
            "answer": self._sessions.fingerprint("audit", event.answer),
            "tokens": event.tokens,
            "seconds": round(event.seconds, 3),
            "truncated": event.truncated,
            "refused": event.refused,
        }
        if self._treat is not None:
            line |= {"prompt_text": self._treat(event.prompt), "answer_text": self._treat(event.answer)}
        return line


def treatment(privacy: Privacy | None, root: Path) -> Treat:
    """Return what takes personal identifiers out of texts that are kept.

    Raises:
        ConfigError: privacy needs a secret key and there is none.
    """
    if privacy is None:
        return lambda text: text
    treated = Deidentifier(privacy, read(privacy, root))
    return lambda text: treated.apply(text, "")[0]

"""A gateway with a scripted engine in the place of a model, and a client of it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from starlette.applications import Starlette
from starlette.testclient import TestClient

from r1tailor import config
from r1tailor.schema.settings import Settings
from r1tailor.serving.app import MODULES, build
from r1tailor.serving.context import Context, open_context
from r1tailor.serving.engine import Ask, Piece, TokenLogprob
from r1tailor.serving.served import Followed, Loaded, Served, Slot

ANSWER = "<think>\nbecause of 38.5 C\n</think>\n\nIt is I21.4."


@dataclass(eq=False)
class Scripted:
    """An engine that writes a given text, three characters a token.

    Attributes:
        write: what it answers to an ask.
        pause: seconds before each piece.
        asked: what it was asked.
    """

    write: Callable[[Ask], str] = lambda _: ANSWER
    pause: float = 0.0
    kind: str = "scripted"
    logprobs: bool = True
    opens_reasoning: bool = False
    asked: list[Ask] = field(default_factory=list)
    closed: bool = False
    active: int = 0

    async def stream(self, ask: Ask) -> AsyncGenerator[Piece, None]:
        assert not self.closed, "asked after it was freed"
        self.asked.append(ask)
        self.active += 1
        text = self.write(ask)
        tokens = [text[start : start + 3] for start in range(0, len(text), 3)]
        most = ask.sampling.max_answer_tokens or 10**9
        try:
            yield Piece(prompt_tokens=7)
            for number, token in enumerate(tokens[:most], 1):
                await asyncio.sleep(self.pause)
                assert not self.closed, "freed while it answers"
                told = (TokenLogprob(token, -0.5, ((token, -0.5),)),) if ask.top_logprobs is not None else ()
                finish = "length" if number == most < len(tokens) else "stop" if number == len(tokens) else None
                yield Piece(token, tokens=1, finish=finish, logprobs=told)
        finally:
            self.active -= 1

    async def close(self) -> None:
        assert not self.active, "freed while it answers"
        self.closed = True


@dataclass
class Shelf:
    """A registry without files: versions by name, and what the name means now."""

    current: str = "toy-1-0000000000"
    engines: dict[str, Scripted] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    settings: Settings = field(default_factory=lambda: config.load([]))

    def followed(self, name: str = "") -> Followed:
        """Return how a slot follows what is current, or always one version."""

        def load(version: str) -> Loaded:
            if version in self.broken:
                raise OSError(5, "Input/output error")
            like = self.engines.get(version, Scripted())
            engine = Scripted(like.write, like.pause, opens_reasoning=like.opens_reasoning)
            self.engines[version] = engine
            return Loaded(version, self.settings, engine)

        return Followed(lambda: (name or self.current, name or self.current), load, lambda: name or self.current)


@dataclass
class Harness:
    """A gateway and its client.

    Attributes:
        client: of the gateway; the application runs.
        context: what its routes share.
        shelf: the versions.
    """

    client: TestClient
    context: Context
    shelf: Shelf
    keys: dict[str, str] = field(default_factory=dict)

    def key(self, role: str = "user", user: str = "") -> dict[str, str]:
        """Return the headers of a key with a role."""
        name = user or f"{role}-1"
        if name not in self.keys:
            self.keys[name] = self.context.access.keys.add(name, role)
        return {"authorization": f"Bearer {self.keys[name]}"}

    @property
    def engine(self) -> Scripted:
        """The engine at work."""
        return self.shelf.engines[self.shelf.current]

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines of the audit log."""
        return list(self.context.audit.log.entries())

    def ask(self, text: str = "Which code?", headers: dict[str, str] | None = None, **more: Any) -> Any:  # noqa: ANN401
        """Post a chat completion."""
        body = {"model": self.shelf.settings.domain.name, "messages": [{"role": "user", "content": text}], **more}
        return self.client.post("/v1/chat/completions", json=body, headers=self.key() if headers is None else headers)


def application(
    folder: Path, shelf: Shelf, *overrides: str, modules: Sequence[ModuleType] = MODULES
) -> tuple[Starlette, Context]:
    """Return a gateway over a shelf, with a first version loaded."""
    own = [f"serving.folder={folder / 'serving'}", "serving.names=[testserver,localhost,127.0.0.1]"]
    settings = config.load([*own, *overrides])
    canary, shadow = settings.serving.channels.canary, settings.serving.channels.shadow
    served = Served(
        Slot("served", shelf.followed()),
        Slot("canary", shelf.followed(canary)) if canary else None,
        Slot("shadow", shelf.followed(shadow)) if shadow else None,
    )
    context = open_context(settings, config.ROOT, served)
    for slot in served.slots():
        asyncio.run(slot.start())
    return build(context, modules), context


@contextmanager
def gateway(
    folder: Path, *overrides: str, shelf: Shelf | None = None, modules: Sequence[ModuleType] = MODULES
) -> Iterator[Harness]:
    """Run a gateway with a scripted engine."""
    shelf = shelf or Shelf()
    app, context = application(folder, shelf, *overrides, modules=modules)
    with TestClient(app, raise_server_exceptions=True) as client:
        yield Harness(client, context, shelf)

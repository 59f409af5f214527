"""The version at work, and the switch to another one between two requests.

A slot follows a name, such as a domain: when its registry promotes or rolls back, the version that the name means then
is loaded next to the old one, takes new requests once it is ready, and the old one is freed when its last answer has
ended. A version that cannot be loaded changes nothing; the slot says why.
"""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool

from r1tailor.errors import TailorError, without_content
from r1tailor.schema.settings import Settings
from r1tailor.serving.engine import Engine
from r1tailor.serving.refusals import Refused

LOG = logging.getLogger("r1tailor.serving")
_LOOK = 0.5  # seconds between two looks at the registry


@dataclass(eq=False)
class Loaded:
    """A version with its engine.

    Attributes:
        version: its id.
        settings: the composition that it was trained with.
        engine: the model at work.
        measured: ``metrics.json`` of its evaluation; None where it was not evaluated.
    """

    version: str
    settings: Settings
    engine: Engine
    measured: Path | None = None
    leases: int = 0
    retired: bool = False


@dataclass(frozen=True)
class Followed:
    """How a slot finds what a name means.

    Attributes:
        meant: returns the id of the version that the name means now, and what ``load`` needs to open it.
        load: opens it; both are called in a thread.
        seen: returns something that changes when the name may mean another version; it is called often and is cheap.
        withdrawn: whether a version, by its id, may never be served again.
    """

    meant: Callable[[], tuple[str, Any]]
    load: Callable[[Any], Loaded]
    seen: Callable[[], object]
    withdrawn: Callable[[str], bool] = lambda _version: False


@dataclass(eq=False)
class Slot:
    """What answers in one channel.

    Attributes:
        channel: served, canary or shadow.
        followed: how to find what to serve.
        current: the version at work; None before the first is loaded.
        problem: why the version that the name means now is not at work, in words; empty while it is.
        switched: called after each switch and each failure.
    """

    channel: str
    followed: Followed
    current: Loaded | None = None
    problem: str = ""
    switched: Callable[["Slot", Loaded | None], None] = field(default=lambda _slot, _old: None)
    _seen: object = None
    _closing: set["asyncio.Task[None]"] = field(default_factory=set)

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[Loaded]:
        """Give the version at work, which stays loaded until the block ends.

        Raises:
            Refused: 503, nothing is loaded.
        """
        loaded = self.current
        if loaded is None:
            raise Refused(503, "no version is loaded", code="not_ready", headers={"retry-after": "5"})
        loaded.leases += 1
        try:
            yield loaded
        finally:
            loaded.leases -= 1
            self._free_if_done(loaded)

    async def start(self) -> None:
        """Load what the name means now.

        Raises:
            UserError: it cannot be loaded.
        """
        self._seen = await run_in_threadpool(self.followed.seen)
        _, found = await run_in_threadpool(self.followed.meant)
        self._take(await run_in_threadpool(self.followed.load, found))

    async def follow(self) -> None:
        """Look for another version until cancelled."""
        while True:
            await asyncio.sleep(_LOOK)
            await self.look()

    async def look(self) -> None:
        """Switch if the name means another version than the one at work."""
        seen = await run_in_threadpool(self.followed.seen)
        if seen == self._seen:
            return
        name = ""
        try:
            name, found = await run_in_threadpool(self.followed.meant)
            if self.current is None or name != self.current.version:
                self._take(await run_in_threadpool(self.followed.load, found))
            self.problem = ""
        except Exception as error:  # a version that cannot be loaded must not stop the one at work
            said = str(error) if isinstance(error, TailorError) else without_content(error)
            self.problem = f"{name or 'the registry'}: {said}"
            await self._drop_withdrawn()
            LOG.error("%s stays at work in channel %s: %s", self.version() or "nothing", self.channel, self.problem)
            self.switched(self, self.current)
        self._seen = seen

    def version(self) -> str:
        """Return the id of the version at work; empty while none is."""
        return self.current.version if self.current else ""

    async def close(self) -> None:
        """Free everything."""
        last, self.current = self.current, None
        if last:
            self._retire(last)
        if self._closing:
            await asyncio.wait(self._closing)

    async def _drop_withdrawn(self) -> None:
        """Serve nothing rather than a version that was withdrawn."""
        last = self.current
        if last is None:
            return
        gone: bool = await run_in_threadpool(self.followed.withdrawn, last.version)
        if gone:
            self.current = None
            self._retire(last)

    def _take(self, loaded: Loaded) -> None:
        old, self.current = self.current, loaded
        LOG.info("%s is at work in channel %s%s", loaded.version, self.channel, f" after {old.version}" if old else "")
        self.switched(self, old)
        if old:
            self._retire(old)

    def _retire(self, loaded: Loaded) -> None:
        loaded.retired = True
        self._free_if_done(loaded)

    def _free_if_done(self, loaded: Loaded) -> None:
        if loaded.retired and not loaded.leases:
            loaded.leases = -1  # once
            task = asyncio.get_running_loop().create_task(_free(loaded))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


async def _free(loaded: Loaded) -> None:
    await loaded.engine.close()
    await run_in_threadpool(gc.collect)
    LOG.info("%s is freed", loaded.version)


@dataclass(frozen=True)
class Served:
    """The slots of a gateway: the served version, and those next to it."""

    main: Slot
    canary: Slot | None = None
    shadow: Slot | None = None

    def slots(self) -> list[Slot]:
        """Return the slots that there are."""
        return [slot for slot in (self.main, self.canary, self.shadow) if slot]

    def version(self) -> str:
        """Return the id of the version at work; empty while none is."""
        return self.main.version()

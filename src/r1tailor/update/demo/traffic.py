"""A gateway in a process of its own, and a client that goes on asking it: which versions answered, what was lost."""

import asyncio
import json
import multiprocessing
import os
import signal
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from r1tailor import config, store
from r1tailor.errors import UserError
from r1tailor.schema.settings import Settings
from r1tailor.serving.keys import Keys
from r1tailor.serving.openai_api import VERSION

OPEN = {  # one client asks much; several versions follow one another
    "serving.port": "0",
    "serving.limits.requests_per_minute": "100000",
    "serving.limits.burst": "10000",
    "serving.limits.concurrent_per_key": "32",
    "update.promote.control.correction_rate": "0.99",  # all that is asked here is corrected
    "update.promote.control.truncation_rate": "0.99",
    "update.promote.control.refusal_rate": "0.99",
    "update.promote.control.latency_factor": "1000",  # training shares the processor
}
_START, _ANSWER, _SWITCH = 300.0, 300.0, 300.0  # seconds that are waited at most
_AT_ONCE = 16  # questions of people: as many as one step of the gateway answers


@dataclass
class Client:
    """Who asks a gateway.

    Attributes:
        url: of the gateway.
        key: of the user.
        domain: the model that is asked for.
        question: what is asked again and again.
        pause: seconds between two requests.
        versions: answers by version, in the order in which versions first answered.
        lost: requests without an answer, each with what happened.
    """

    url: str
    key: str
    domain: str
    question: str
    pause: float
    versions: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def ask(self, question: str) -> str | None:
        """Return the answer to a question; None where the request was lost, which is kept."""
        asked = {"model": self.domain, "messages": [{"role": "user", "content": question}]}
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        request = urllib.request.Request(f"{self.url}/v1/chat/completions", json.dumps(asked).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=_ANSWER) as answer:
                told = str(json.load(answer)["choices"][0]["message"]["content"] or "")
                self.versions[answer.headers[VERSION]] += 1
        except (OSError, ValueError, LookupError) as error:
            self.lost.append(f"{type(error).__name__}: {error}")
            return None
        return told

    def ask_all(self, questions: Sequence[str]) -> list[str | None]:
        """Return the answer to each question, several asked at once."""
        with ThreadPoolExecutor(_AT_ONCE) as people:
            return list(people.map(self.ask, questions))

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Ask one question again and again, until the block ends."""
        thread = threading.Thread(target=self._go_on, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join(_ANSWER)

    def _go_on(self) -> None:
        while not self._over.wait(self.pause):
            self.ask(self.question)

    def wait_for(self, version: str) -> None:
        """Wait until a version answers.

        Raises:
            UserError: it does not come.
        """
        until = time.monotonic() + _SWITCH
        while version not in self.versions:
            if time.monotonic() > until:
                raise UserError(f"the gateway did not begin to serve {version} within {_SWITCH:.0f} s")
            time.sleep(0.1)


@contextmanager
def gateway(settings: Settings, root: Path) -> Iterator[tuple[str, str]]:
    """Serve what a domain's name means in a project, in a process of its own; give its URL and a key.

    Raises:
        UserError: it does not start.
    """
    key, composition = Keys(root / settings.serving.folder).add("clinic"), root / "config.yaml"
    store.write_text(composition, config.as_yaml(settings))
    context = multiprocessing.get_context("spawn")
    heard, says = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(composition, root, says), daemon=True)
    process.start()
    says.close()
    try:
        yield _url(heard), key
    finally:
        process.terminate()
        process.join(30)
        if process.is_alive():
            process.kill()
            process.join()


def _url(heard: Connection) -> str:
    try:
        if heard.poll(_START):
            return str(heard.recv())
    except EOFError:
        raise UserError("the gateway ended before it served; its reason stands above") from None
    raise UserError(f"the gateway did not start within {_START:.0f} s")


def _serve(composition: Path, root: Path, says: Connection) -> None:
    """Be the gateway."""
    from r1tailor.serving import run
    from r1tailor.serving.context import open_context
    from r1tailor.serving.opening import open_served

    threading.Thread(target=_end_with_parent, daemon=True).start()
    settings = config.load_params(composition)

    async def served() -> None:
        slots = open_served(settings.domain.name, root, settings.serving)
        await slots.main.start()
        await run.serve(open_context(settings, root, slots), bound, says.send)

    with run.bind(settings.serving) as bound:
        asyncio.run(served())


def _end_with_parent() -> None:
    """Stop when the process that started this one is gone, however it ended."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)

"""A gateway in a process of its own, over a shelf of scripted versions: what the benchmark and a few tests ask.

Run as a program: ``python -m tests.support.served_process FOLDER PORT_FILE [override ...]``. The version at work is the
one that ``FOLDER/current`` names; a name with ``broken`` in it cannot be loaded.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIRST, SECOND = "toy-1-0000000000", "toy-2-0000000000"


@dataclass
class Process:
    """A gateway at work.

    Attributes:
        url: where it listens.
        folder: with ``current`` and ``serving``.
        popen: the process.
    """

    url: str
    folder: Path
    popen: "subprocess.Popen[bytes]"

    def switch(self, version: str) -> None:
        """Promote a version."""
        temporary = self.folder / "current.new"
        temporary.write_text(version)
        temporary.replace(self.folder / "current")

    def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(60)


@contextmanager
def process(folder: Path, *overrides: str) -> Iterator[Process]:
    """Run a gateway; it is killed at the end if it has not ended."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "current").exists():
        (folder / "current").write_text(FIRST)
    port = folder / "port"
    port.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tests.support.served_process", str(folder), str(port), *overrides]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    with (folder / "log").open("ab") as log:
        running = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        while not port.exists():
            assert running.poll() is None, (folder / "log").read_text()
            time.sleep(0.02)
        yield Process(port.read_text(), folder, running)
    finally:
        if running.poll() is None:
            running.kill()
        running.wait()


def _main(folder: Path, port: Path, overrides: list[str]) -> None:
    from r1tailor import config
    from r1tailor.serving import run
    from r1tailor.serving.context import open_context
    from r1tailor.serving.served import Followed, Loaded, Served, Slot
    from tests.support.serving import Scripted

    own = [f"serving.folder={folder / 'serving'}", "serving.port=0", *overrides]
    settings = config.load(own)

    def load(version: str) -> Loaded:
        if "broken" in version:
            raise OSError(5, "Input/output error")
        words = f"<think>\n{version} thinks\n</think>\n\n{version} says: "
        engine = Scripted(lambda ask: words + ask.turns[-1].content.rpartition("\n\n")[2], pause=0.001)
        return Loaded(version, settings, engine)

    def current() -> str:
        return (folder / "current").read_text()

    followed = Followed(lambda: (current(), current()), load, current)
    served = Served(Slot("served", followed))
    context = open_context(settings, config.ROOT, served)

    def announce(url: str) -> None:
        port.with_suffix(".new").write_text(url)
        port.with_suffix(".new").replace(port)

    async def all_of_it() -> None:
        await served.main.start()
        await run.serve(context, bound, announce)

    with run.bind(settings.serving) as bound:
        asyncio.run(all_of_it())


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])

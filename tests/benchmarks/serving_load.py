"""The gateway under load: requests from many clients while versions are promoted and rolled back, clients that read
slowly or go away, bodies that are faulty or too long; and a gateway that is killed at random moments.

``python tests/benchmarks/serving_load.py`` prints one line a figure. A request is *lost* if it has no whole answer
although its client waited for it, *mixed* if one answer holds words of two versions or of another request. The engine
is scripted, so that the gateway is measured and not a model.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import httpx2 as httpx
import psutil

from r1tailor import chained
from r1tailor.serving.audit import log_file
from r1tailor.serving.keys import Keys
from tests.support.served_process import FIRST, SECOND, Process, process

FREE = (
    "serving.limits.requests_per_minute=1000000",
    "serving.limits.burst=1000000",
    "serving.limits.concurrent_per_key=1000",
    "serving.limits.concurrent=1000",
    "serving.limits.body_bytes=100000",
)
PATH = "/v1/chat/completions"
KINDS = ("whole", "stream", "slow", "leaves", "faulty", "oversize")
WEIGHTS = (50, 30, 5, 5, 5, 5)


@dataclass
class Found:
    """What became of the requests.

    Attributes:
        kinds: how many of each kind were asked.
        versions: how many answers each version gave.
        lost: requests without a whole answer, in words.
        mixed: answers that hold what belongs to others.
        told: ids of the requests whose end was received.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    mixed: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


async def _client(
    running: Process, key: str, numbers: "asyncio.Queue[int]", chance: random.Random, found: Found, pause: float
) -> None:
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=running.url, headers=headers, timeout=120) as client:
        while not numbers.empty():
            number = numbers.get_nowait()
            (kind,) = chance.choices(KINDS, WEIGHTS)
            found.kinds[kind] += 1
            await asyncio.sleep(chance.uniform(0, 2 * pause))
            try:
                await _ask(client, number, kind, found)
            except httpx.HTTPError as error:
                found.lost.append(f"{number} ({kind}): {type(error).__name__}")


async def _ask(client: httpx.AsyncClient, number: int, kind: str, found: Found) -> None:
    question = f"question {number} {'x' * (number % 50)} end"
    body = {"model": "medical", "messages": [{"role": "user", "content": question}]}
    if kind in ("faulty", "oversize"):
        data = json.dumps(body)[:-3] if kind == "faulty" else json.dumps(body | {"pad": "x" * 200_000})
        got = await client.post(PATH, content=data, headers={"content-type": "application/json"})
        if got.status_code != (400 if kind == "faulty" else 413):
            found.lost.append(f"{number} ({kind}): status {got.status_code}")
    elif kind == "whole":
        got = await client.post(PATH, json=body)
        if got.status_code != 200:
            found.lost.append(f"{number}: status {got.status_code}")
            return
        answer = got.json()
        message = answer["choices"][0]["message"]
        _judge(number, question, answer["model"], message["content"], message["reasoning"], found)
        found.told.append(got.headers["x-request-id"])
    else:
        await _streamed(client, number, question, body | {"stream": True}, kind, found)


async def _streamed(
    client: httpx.AsyncClient, number: int, question: str, body: dict[str, object], kind: str, found: Found
) -> None:
    content = reasoning = version = ""
    done = False
    async with client.stream("POST", PATH, json=body) as got:
        if got.status_code != 200:
            found.lost.append(f"{number} ({kind}): status {got.status_code}")
            return
        async for line in got.aiter_lines():
            if kind == "slow":
                await asyncio.sleep(0.01)
            done = done or line == "data: [DONE]"
            if not line.startswith("data: {"):
                continue
            event = json.loads(line[6:])
            version = version or event["model"]
            delta = event["choices"][0]["delta"]
            content += delta.get("content") or ""
            reasoning += delta.get("reasoning") or ""
            if event["model"] != version:
                found.mixed.append(f"{number}: {version} and {event['model']}")
            if kind == "leaves" and content:
                return
        if not done:
            found.lost.append(f"{number} ({kind}): the stream broke off")
            return
        _judge(number, question, version, content, reasoning, found)
        found.told.append(got.headers["x-request-id"])


def _judge(number: int, question: str, version: str, content: str, reasoning: str, found: Found) -> None:
    found.versions[version] += 1
    if (content, reasoning) != (f"{version} says: {question}", f"{version} thinks"):
        found.mixed.append(f"{number}: {version}: {content[:60]!r} {reasoning[:60]!r}")


async def load(
    folder: Path, requests: int, clients: int, seed: int, every: float = 0.5, minutes: float = 0.0
) -> tuple[Found, list[float], int]:
    """Ask a gateway while it switches; return what was found, its memory (MB) over time, and how often it switched."""
    found, memory, switches = Found(), [], 0
    pause = 60 * minutes * clients / requests
    keys = [Keys(folder / "serving").add(f"client{number}") for number in range(clients)]
    numbers: asyncio.Queue[int] = asyncio.Queue()
    for number in range(requests):
        numbers.put_nowait(number)
    with process(folder, *FREE) as running:
        measured = psutil.Process(running.popen.pid)
        asking = asyncio.gather(
            *(_client(running, key, numbers, random.Random(seed + n), found, pause) for n, key in enumerate(keys))
        )
        names = [SECOND, "toy-9-broken0000", FIRST]
        while not asking.done():
            running.switch(names[switches % len(names)])
            switches += 1
            await asyncio.sleep(every)
            memory.append(measured.memory_info().rss / 1e6)
        await asking
        code = running.stop()
    if code != 0:
        found.lost.append(f"SIGTERM ended with code {code}")
    checked = chained.verify(log_file(folder / "serving"))
    found.lost += checked.damage
    logged = {line["request"] for line in chained.ChainedLog(log_file(folder / "serving")).entries()}
    found.lost += [f"{id_} is not in the audit log" for id_ in found.told if id_ not in logged]
    return found, memory, switches


def killed(folder: Path, seed: int, longest: float = 2.0) -> list[str]:
    """Kill a gateway at work; return what is wrong with its log, or was acknowledged and is not there."""
    key = Keys(folder / "serving").add("ana")
    chance, told = random.Random(seed), []

    async def ask(client: httpx.AsyncClient) -> None:
        body = {"model": "medical", "messages": [{"role": "user", "content": "a"}]}
        while True:
            try:
                got = await client.post(PATH, json=body)
            except httpx.HTTPError:
                return
            told.append(got.headers["x-request-id"])

    async def all_of_it(running: Process) -> None:
        async with httpx.AsyncClient(
            base_url=running.url, headers={"authorization": f"Bearer {key}"}, timeout=60
        ) as client:
            asking = asyncio.gather(*(ask(client) for _ in range(8)))
            while not told:
                await asyncio.sleep(0.01)
            await asyncio.sleep(chance.uniform(0, longest))
            running.popen.kill()
            await asking

    with process(folder, *FREE) as running:
        asyncio.run(all_of_it(running))
    path = log_file(folder / "serving")
    faults = chained.verify(path).damage
    chained.ChainedLog(path).append({"request": "after"})
    logged = {line["request"] for line in chained.ChainedLog(path).entries()}
    return faults + [f"{id_} was answered and is not in the log" for id_ in told if id_ not in logged]


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=0.0, help="over which the requests are spread")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        began = time.perf_counter()
        every = 5.0 if given.minutes else 0.5
        loading = load(Path(temporary) / "load", given.requests, given.clients, given.seed, every, given.minutes)
        found, memory, switches = asyncio.run(loading)
        print(
            f"requests {sum(found.kinds.values())} from {given.clients} clients in {time.perf_counter() - began:.0f} s"
        )
        print(f"kinds {dict(found.kinds)}; answers by version {dict(found.versions)}; promotions tried {switches}")
        print(f"lost {len(found.lost)}, mixed {len(found.mixed)} {(found.lost + found.mixed)[:5]}")
        tenth = max(1, len(memory) // 10)
        print(f"memory {sum(memory[tenth : 2 * tenth]) / tenth:.1f} MB after a tenth, {memory[-1]:.1f} MB at the end")
        faults = [fault for n in range(given.kills) for fault in killed(Path(temporary) / f"kill{n}", given.seed + n)]
        print(f"killed {given.kills} times: {len(faults)} faults {faults[:5]}")


if __name__ == "__main__":
    _main()

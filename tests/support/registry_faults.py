"""A registry whose writers are killed, cut off from power, or run at once; what it must hold afterwards."""

import random
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from r1tailor import durable, store
from r1tailor.registry import Registry, Version
from r1tailor.registry.verify import verify
from tests.support.killed import ended, forked
from tests.support.power_cut import Image, watched
from tests.support.versions import Shop

State = tuple[tuple[str, ...], tuple[str, ...]]  # ids registered; what was promoted, as a stack
ACTIONS = ("register", "promote", "rollback")


def state(registry: Registry) -> State:
    """Return what a registry holds."""
    return tuple(version.id for version in registry.versions("toy")), tuple(registry.promoted("toy"))


def wrong(registry: Registry, root: Path, allowed: tuple[State, ...]) -> str | None:
    """Return what is wrong with a registry after the next command, in words, or None."""
    with registry.writing():
        pass
    found = state(registry)
    if found not in allowed:
        return f"neither before nor after: {found}, not one of {allowed}"
    if registry.current("toy") != registry.deployed("toy").promoted():
        return f"current points to {registry.deployed('toy').promoted()}, the history says {registry.current('toy')}"
    left = [path for path in registry.folder.rglob(".*") if path.name != store.LOCK]
    if left:
        return f"a temporary is left: {left[0]}"
    damage = verify(registry, root, repair=False).damage
    return damage[0] if damage else None


@dataclass
class Tried:
    """One action to interrupt.

    Attributes:
        root: the project's root.
        act: what a writer does.
        before: what the registry holds before it.
        after: what it holds when it is done.
    """

    root: Path
    act: Callable[[Registry], object]
    before: State
    after: State


def project(folder: Path, action: str) -> Tried:
    """Return a project of three versions, two of them promoted, and what to do in it."""
    shop = Shop(folder / "project")
    made = [shop.register(str(number), phases=("1-a",)) for number in range(3)]
    for version in made[:2]:
        shop.registry.promote(version.id)
    fourth = shop.write("3", to="outputs/elsewhere/register")
    shutil.rmtree(shop.folder / "outputs" / "toy" / "register")
    act: Callable[[Registry], object] = {
        "register": lambda registry: registry.take_in(fourth),
        "promote": lambda registry: registry.promote(made[2].id),
        "rollback": lambda registry: registry.rollback("toy"),
    }[action]
    before = state(shop.registry)
    trial = folder / "trial"
    shutil.copytree(shop.registry.folder, trial, symlinks=True)
    act(Registry(trial))
    after = state(Registry(trial))
    shutil.rmtree(trial)
    assert before != after
    return Tried(shop.folder, act, before, after)


def killed(tried: Tried, folder: Path, chance: random.Random, longest: float) -> tuple[str | None, bool]:
    """Kill a writer at a moment of its work; return what is wrong, and whether it had not ended."""
    copy = folder / "registry"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(tried.root / "outputs" / "registry", copy, symlinks=True)
    child = forked(lambda: tried.act(Registry(copy)))
    time.sleep(chance.uniform(0, longest))
    child.kill()
    registry = Registry(copy)
    with registry.writing():
        pass
    interrupted = state(registry) == tried.before or bool(registry.swept)
    fault = wrong(registry, tried.root, (tried.before, tried.after))
    if fault is None and state(registry) == tried.before:
        tried.act(registry)
        fault = wrong(registry, tried.root, (tried.after,))
    return fault, interrupted


def seconds(tried: Tried, folder: Path) -> float:
    """Return how long an action takes in a child."""
    copy = folder / "timed"
    shutil.copytree(tried.root / "outputs" / "registry", copy, symlinks=True)
    begin = time.perf_counter()
    ended(forked(lambda: tried.act(Registry(copy))))
    return time.perf_counter() - begin


def cut(tried: Tried, folder: Path, chance: random.Random, most: int | None = None) -> tuple[list[str], int]:
    """Cut the power after every step of an action (or after some); return what is wrong, and how many were tried."""
    with watched(tried.root / "outputs" / "registry") as disk:
        tried.act(Registry(tried.root / "outputs" / "registry"))
        disk.step()
        done = len(disk.steps) - 1
        points = [(step, kind) for step in range(done + 1) for kind in ("least", "names", "mixed", "mixed")]
        if most is not None:
            points = [*chance.sample(points, most), (done, "least"), (done, "names")]
        images = [(step, disk.after(step, chance, kind), kind) for step, kind in points]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(durable, "_start", lambda _: "1")  # no process of before the cut lives
        checked = [(step, kind, _left(tried, folder, image, step == done)) for step, image, kind in images]
    faults = [f"after step {step} of {done} ({kind}): {fault}" for step, kind, fault in checked if fault]
    return faults, len(images)


def _left(tried: Tried, folder: Path, image: Image, done: bool) -> str | None:
    """Open what the cut left and do it again; return what is wrong."""
    place = folder / "disk"
    image.write(place)
    registry = Registry(place)
    fault = wrong(registry, tried.root, (tried.after,) if done else (tried.before, tried.after))
    if fault is None and state(registry) == tried.before:
        tried.act(registry)
        fault = wrong(registry, tried.root, (tried.after,))
    shutil.rmtree(place)
    return fault


@dataclass
class Round:
    """What was found of writers at once.

    Attributes:
        lost: versions or entries of the history that are not there, or writers that failed.
        duplicates: numbers that were given twice.
        gaps: how often a reader found no promoted version, half of one, or an error.
        reads: how often it looked.
    """

    lost: int
    duplicates: int
    gaps: int
    reads: int


def at_once(folder: Path, writers: int, each: int) -> Round:
    """Let writers register and promote at once, while a reader looks."""
    shop = Shop(folder)
    shop.registry.promote(shop.register("zero").id)
    folders = [[shop.write(f"{w} {n}", to=f"outputs/w{w}-{n}/register") for n in range(each)] for w in range(writers)]
    children = [forked(lambda mine=mine: _write(shop.registry.folder, mine)) for mine in folders]
    stop = folder / "stop"
    reads, gaps = folder / "reads", folder / "gaps"
    reader = forked(lambda: _read(shop.registry.folder, stop, reads, gaps))
    failed = sum(ended(child) != 0 for child in children)
    stop.touch()
    failed += ended(reader) != 0
    versions, history = shop.registry.versions("toy"), shop.registry.history("toy")
    expected = 1 + writers * each
    numbers = [version.number for version in versions]
    lost = failed + abs(expected - len(versions)) + abs(2 * expected - len(history))
    lost += len(verify(shop.registry, shop.folder, repair=False).damage)
    return Round(lost, len(numbers) - len(set(numbers)), int(gaps.read_text()), int(reads.read_text()))


def _write(folder: Path, mine: list[Path]) -> None:
    for version in mine:
        registry = Registry(folder)
        registry.promote(registry.take_in(version)[0].id)


def _read(folder: Path, stop: Path, reads: Path, gaps: Path) -> None:
    """Look at what is promoted until told to stop, without the lock."""
    seen, missed = 0, 0
    while not stop.exists():
        seen += 1
        missed += not _whole(folder)
    reads.write_text(str(seen))
    gaps.write_text(str(missed))


def _whole(folder: Path) -> bool:
    registry = Registry(folder)
    served = (folder / "toy" / "current").resolve()
    promoted = registry.current("toy")
    known: list[Version] = registry.versions("toy")
    named = promoted is not None and promoted in {version.id for version in known}
    return named and not registry.refused() and store.damage(served) is None

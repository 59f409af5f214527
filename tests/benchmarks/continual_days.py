"""Days of learning, one after the other: what is learnt, what is forgotten, what it costs (see ``continual.py``)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from r1tailor import artifact, store
from r1tailor.inference.answerer import Answerer
from r1tailor.inference.local import open_tuned
from r1tailor.update.day import Day
from r1tailor.update.prove import proof_of
from r1tailor.update.train import CHAIN
from tests.benchmarks.continual_project import Project, accuracy, champion, copied, decided, fast_disk, run_day, share
from tests.benchmarks.continual_rows import Row, Stream
from tests.benchmarks.continual_streams import stream_of
from tests.benchmarks.continual_tables import interval, table

FIRST = date(2026, 6, 1)
ASKED = 400  # most questions of a kind after each day
REFERENCE = "confident_rare"


@dataclass(frozen=True, slots=True)
class Arm:
    """One way of learning.

    Attributes:
        name: in tables.
        overrides: of the update's settings.
    """

    name: str
    overrides: tuple[str, ...] = ()


def policies(budget: int) -> list[Arm]:
    """Return every policy at an equal budget; the reference comes first."""
    of_budget = f"update.select.budget={budget}"
    return [
        Arm(name, (f"update.select.policy={name}", of_budget)) for name in (REFERENCE, "uncertain", "random", "all")
    ]


def replays() -> list[Arm]:
    """Return shares of replay, real and written by the champion itself, beside the pipeline's own."""
    found = []
    for size, own in ((0.0, 0.0), (0.05, 0.0), (0.05, 1.0), (0.10, 0.0), (0.10, 1.0)):
        name = f"replay {size:.0%}" + (", self-written" if own else ", real" if size else "")
        settings = (f"update.train.replay.share={size}", f"update.train.replay.self_written={own}")
        found.append(Arm(name, settings))
    return [*found, Arm("the pipeline's own")]


def anew(period: int) -> list[Arm]:
    """Return training anew from the base, each so many days, beside going on from the champion."""
    return [Arm(f"anew each {period} days", (f"update.train.anew_days={period}",))]


@dataclass(frozen=True)
class Chain:
    """Days of a world under one arm and one seed; what is finished is kept in a folder.

    Attributes:
        folder: of all chains.
        world: name of the stream.
        seed: of the stream, of the champion and of the days.
        arm: how it learns.
        fixed: overrides of the whole experiment, such as another model.
        sizes: rows of a day and of the first champion, where they are not the stream's own.
        steps: of the first champion.
    """

    folder: Path
    world: str
    seed: int
    arm: Arm
    fixed: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()
    steps: int | None = None

    @property
    def place(self) -> Path:
        """Where its project and its results lie."""
        name = "".join(c if c.isalnum() else "-" for c in self.arm.name)
        return self.folder / f"days-{self.world}-{self.seed}-{name}"

    def days(self, count: int) -> list[dict[str, Any]]:
        """Return what each day came to; days that are finished are read."""
        file = self.place / "days.jsonl"
        found = [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []
        if len(found) < count + 1:
            with fast_disk():
                for one in self._missing(len(found), count):
                    found.append(one)
                    store.write_text(file, "".join(f"{json.dumps(each)}\n" for each in found))
        return found[: count + 1]

    def _missing(self, done: int, count: int) -> Iterator[dict[str, Any]]:
        stream = stream_of(self.world, self.seed, *self.sizes)
        steps = {} if self.steps is None else {"steps": self.steps}
        overrides = (*self.fixed, *self.arm.overrides)
        made = champion(self.folder, stream, self.seed, *self.fixed, **steps)
        if done:
            project = made.at(self.place / "project", stream, self.seed, *overrides)
        else:
            project = copied(made, self.place / "project", stream, self.seed, *overrides)
            yield {"day": 0, "state": "", **asked(project.champion(), stream, 0)}
        for number in range(max(done, 1), count + 1):
            yield _day(project, stream, number)


def _day(project: Project, stream: Stream, number: int) -> dict[str, Any]:
    """Run a day, or finish it, and ask what serves afterwards."""
    name = (FIRST + timedelta(days=number - 1)).isoformat()
    project.bring_up_to([*stream.base, *(row for rows in stream.days[:number] for row in rows)])
    day = run_day(project, name)
    told = decided(project, name)
    found = {"day": number, "state": told["decision"], "reason": told.get("reason", "")}
    found |= asked(project.champion(), stream, number)
    return found | _trained(project, day, stream, number)


def asked(answerer: Answerer, stream: Stream, number: int) -> dict[str, float]:
    """Return accuracies after a day: on its own material, that of every day so far, what was known, and beyond."""
    so_far = [row for rows in stream.fresh[:number] for row in rows]
    kinds: Mapping[str, Sequence[Row]] = {
        "new": stream.fresh[number - 1] if number else stream.fresh[0],
        "so_far": so_far[:: max(1, len(so_far) // ASKED)],
        "old": stream.old[:ASKED],
        "general": stream.general[:ASKED],
    }
    return {kind: share(accuracy(answerer, rows)) for kind, rows in kinds.items()}


def _trained(project: Project, day: Day, stream: Stream, number: int) -> dict[str, Any]:
    """Return what training cost; where it was done anew, also the accuracies of both candidates."""
    costs = day.folder / "costs" / "train.json"
    if not costs.exists():
        return {}
    found: dict[str, Any] = {"seconds": store.read_json(costs)["seconds"], "items": len(day.selected())}
    chain = day.stage("train") / CHAIN / "model"
    if chain.is_dir():
        on = open_tuned(artifact.read(chain), project.settings, project.root)
        opened = {"anew": project.candidate(day), "chain": on}
        found["compared"] = {name: asked(one, stream, number) for name, one in opened.items()}
        found["held_out"] = proof_of(day)["chain"]["difference"]
    return found


# --- tables ---


def by_day(chains: Sequence[Sequence[Mapping[str, Any]]]) -> str:
    """Return a row for each day: means over seeds, and how many of the days were promoted."""
    rows = [("day", "promoted", "new", "all days so far", "old", "general")]
    for each in zip(*chains, strict=True):
        means = [share([float(one[kind]) for one in each]) for kind in ("new", "so_far", "old", "general")]
        promoted = sum(one["state"] == "promoted" for one in each)
        rows.append((str(each[0]["day"]), f"{promoted} of {len(each)}", *(f"{mean:.3f}" for mean in means)))
    return table(rows)


def summary(days: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return what a chain came to in the end: accuracies, what was lost, days promoted, seconds of training."""
    first, last = days[0], days[-1]
    return {
        "all days": last["so_far"],
        "old": last["old"],
        "general": last["general"],
        "lost of old": first["old"] - last["old"],
        "lost of general": first["general"] - last["general"],
        "promoted": share([float(one["state"] == "promoted") for one in days[1:]]),
        "seconds a day": share([sum(one["seconds"].values()) for one in days[1:] if "seconds" in one]),
    }


def by_arm(arms: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """Return a row for each arm: means over seeds with their intervals; differences from the first arm in brackets."""
    reference = next(iter(arms.values()))
    rows = [("arm", *reference[0])]
    for name, seeds in arms.items():
        cells = [
            interval([one[kind] for one in seeds], [one[kind] for one in reference] if seeds is not reference else None)
            for kind in reference[0]
        ]
        rows.append((name, *cells))
    return table(rows)


def against_anew(chains: Sequence[Sequence[Mapping[str, Any]]]) -> str:
    """Return a row for each comparison of going on from the champion with training anew."""
    rows = [("day", "how", "new", "all days so far", "old", "general", "seconds")]
    for days in chains:
        for one in days:
            for how in ("chain", "anew") if "compared" in one else ():
                found = one["compared"][how]
                cells = [f"{found[kind]:.3f}" for kind in ("new", "so_far", "old", "general")]
                rows.append((str(one["day"]), how, *cells, f"{one['seconds'][how]:.0f}"))
    return table(rows)

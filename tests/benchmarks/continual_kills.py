"""A day killed at random points with SIGKILL: run again it must end in the same bytes, and the champion serves on."""

import contextlib
import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from tqdm import tqdm
from tqdm.std import TqdmDefaultWriteLock

from r1tailor import store
from r1tailor.records import Example
from r1tailor.update import daily
from r1tailor.update.history import decisions
from tests.benchmarks.continual_project import Project, champion, copied, fast_disk, run_day, said_by
from tests.benchmarks.continual_rows import Stream
from tests.benchmarks.continual_streams import stream_of
from tests.benchmarks.continual_tables import proportion
from tests.support.killed import child, ended, forked

WORLD, DAY = "education", "2026-06-01"
PROMOTING = ("update.prove.improve=[]", "update.prove.margins.held_out=0.9")  # bytes are what counts, not accuracy
_LATE = (  # what a day imports when it needs it: forks are not to import it anew
    *("lightning.pytorch", "transformers.models.llama.modeling_llama", "sacrebleu", "sklearn.linear_model"),
    *("r1tailor.training.fit", "r1tailor.training.phase_run", "r1tailor.evaluation.compare_models"),
)
_PAUSE = 0.3  # seconds between two questions to what serves
_ASKED, _TOLD = 3, 500  # questions; characters of what a day that failed printed last
_UNSETTLED = ("costs", ".training", ".version")  # times, and what a finished day removes or may leave


@dataclass(frozen=True)
class Killed:
    """The points of one seed; what is finished is kept in a folder."""

    folder: Path
    seed: int
    fixed: tuple[str, ...] = ()
    sizes: tuple[int, ...] = (60, 500)  # rows of the day and of the first champion
    steps: int = 60

    def points(self, count: int) -> list[dict[str, Any]]:
        """Kill a day at so many points; return what became of each. Finished points are read."""
        file = self.folder / f"kills-{self.seed}.jsonl"
        found = [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []
        if len(found) < count:
            _prepare()
            with fast_disk():
                whole = self._whole()
                for number in range(len(found), count):
                    found.append(self._point(number, whole))
                    store.write_text(file, "".join(f"{json.dumps(one)}\n" for one in found))
        return found[:count]

    def _fresh(self) -> tuple[Project, Stream]:
        """Return a project with a day's material; always at the same place, which the day's settings name."""
        stream = stream_of(WORLD, self.seed, *self.sizes)
        fixed = (*PROMOTING, *self.fixed)
        made = champion(self.folder, stream, self.seed, *fixed, steps=self.steps)
        project = copied(made, self.folder / "kills" / "project", stream, self.seed, *fixed)
        project.bring_up_to([*stream.base, *stream.days[0]])
        return project, stream

    def _whole(self) -> Mapping[str, Any]:
        """Return what an undisturbed day leaves, how long it takes, and what both versions answer."""
        file = self.folder / f"kills-{self.seed}-whole.json"
        if not file.exists():
            project, stream = self._fresh()
            before = project.current
            answers = {before: said_by(project.champion(), _questions(stream))}
            began = time.monotonic()
            assert ended(forked(lambda: _quietly(project))) == 0, (project.root / "day.log").read_text("utf-8")
            seconds = time.monotonic() - began
            answers[project.current] = said_by(project.champion(), _questions(stream))
            store.write_json(file, {"seconds": seconds, "left": left(project), "answers": answers, "before": before})
        found: Mapping[str, Any] = store.read_json(file)
        return found

    def _point(self, number: int, whole: Mapping[str, Any]) -> dict[str, Any]:
        """Kill a day at a random point, look at what serves, and run the day again."""
        project, stream = self._fresh()
        at = random.Random(f"{self.seed} {number}").uniform(0, whole["seconds"])
        log = project.root / "served.jsonl"
        with child(lambda: _serve(project, stream, log), log):
            running = forked(lambda: _quietly(project))
            time.sleep(at)
            running.kill()
            stage = reached(project)
            again = ended(forked(lambda: _quietly(project)))
            time.sleep(2 * _PAUSE)
        served = [json.loads(line) for line in log.read_text("utf-8").splitlines() if line.endswith("}")]
        wrong = [one for one in served if one["said"] != whole["answers"].get(one["version"])]
        why = (project.root / "day.log").read_text("utf-8")[-_TOLD:] if again else ""
        missing = [name for name, sha256 in whole["left"].items() if left(project).get(name) != sha256]
        return {
            "at": at,
            "stage": stage,
            "code": again,
            "why": why,
            "differs": missing,
            "asked": len(served),
            "wrong": len(wrong),
        }


def _prepare() -> None:
    """Import what forks need; progress bars lock among threads alone: a killed fork would keep what all forks share."""
    TqdmDefaultWriteLock.mp_lock = None
    for name in _LATE:
        import_module(name)
    tqdm.set_lock(threading.RLock())


def _quietly(project: Project) -> None:
    """Run the day; what it prints goes to a file."""
    with (project.root / "day.log").open("a", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        run_day(project, DAY)


def _serve(project: Project, stream: Stream, log: Path) -> None:
    """Answer the same questions with what the domain's name means, over and over; keep version and answers."""
    opened: dict[str, Any] = {}
    while True:
        version = project.current
        if version not in opened:
            opened[version] = project.champion()
        said = said_by(opened[version], _questions(stream))
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"version": version, "said": said}) + "\n")
        time.sleep(_PAUSE)


def _questions(stream: Stream) -> list[Example]:
    return [Example(f"served/{n}", row.instruction, row.input, "") for n, row in enumerate(stream.old[:_ASKED])]


def left(project: Project) -> dict[str, str]:
    """Return the hash of each file that a day leaves, what was decided, and what serves."""
    places = [project.places.days, project.places.path / "held_out", project.places.path / "base"]
    files = [file for place in places for file in place.rglob("*") if file.is_file()]
    names = {file.relative_to(project.places.path): file for file in sorted(files)}
    kept = {name.as_posix(): store.sha256_file(file) for name, file in names.items() if not _is_unsettled(name)}
    return kept | {"decided": json.dumps(decisions(project.places.history)), "serves": project.current}


def _is_unsettled(name: Path) -> bool:
    return any(part in _UNSETTLED or part.endswith((".tmp", ".old")) for part in name.parts)


def reached(project: Project) -> str:
    """Return what a killed day was at."""
    if DAY not in project.places.names():
        return "gather"
    day = project.places.day(DAY)
    with contextlib.suppress(OSError):
        if decisions(project.places.history).get(DAY) == "promoted":
            return "done"
    open_ = [name for name in daily.STAGES if not (day.stage(name) / store.MANIFEST).exists()]
    return open_[0] if open_ else "promote"


def told(points: Sequence[Mapping[str, Any]]) -> str:
    """Return what became of all points, in lines."""
    stages = ", ".join(f"{count} in {stage}" for stage, count in Counter(one["stage"] for one in points).items())
    same = sum(not one["differs"] and one["code"] == 0 for one in points)
    lines = [
        f"killed: {len(points)} ({stages})",
        f"finished by running it again, to the same bytes: {proportion(same, len(points))}",
        f"questions asked meanwhile: {sum(one['asked'] for one in points)}, "
        f"of which wrong or unanswered: {sum(one['wrong'] for one in points)}",
    ]
    lines += [
        f"  at {one['at']:.2f} s: code {one['code']}, {one['differs'][:5]} {one['why']}"
        for one in points
        if one["differs"]
    ]
    return "\n".join(lines)

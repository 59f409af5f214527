"""Writers of a registry killed, cut off from power and run at once: ``python -m tests.benchmarks.registry_kills``.

Prints how many states were wrong: of 200 kills at random moments of register, promote and rollback; of power cuts
after every step of each; of 50 rounds of four concurrent writers and a reader. Exits with 1 if any was.
"""

import random
import sys
import tempfile
from pathlib import Path

from tests.support.registry_faults import ACTIONS, at_once, cut, killed, project, seconds

KILLS, ROUNDS, WRITERS = 200, 50, 4


def main() -> None:
    """Run all of it."""
    with tempfile.TemporaryDirectory() as folder:
        wrong = kills(Path(folder)) + cuts(Path(folder)) + rounds(Path(folder))
    sys.exit(1 if wrong else 0)


def kills(folder: Path) -> int:
    """Kill writers; return the number of wrong states."""
    chance, faults, interrupted = random.Random(0), [], 0
    places = {action: folder / f"kill-{action}" for action in ACTIONS}
    projects = {action: project(place, action) for action, place in places.items()}
    longest = {action: seconds(tried, places[action]) for action, tried in projects.items()}
    for number in range(KILLS):
        action = ACTIONS[number % len(ACTIONS)]
        fault, midway = killed(projects[action], places[action], chance, longest[action])
        interrupted += midway
        faults += [f"{action}: {fault}"] if fault else []
    return _report(f"{KILLS} kills ({interrupted} before the end)", faults)


def cuts(folder: Path) -> int:
    """Cut the power after every step; return the number of wrong states."""
    faults, tried = [], 0
    for action in ACTIONS:
        place = folder / f"cut-{action}"
        found, count = cut(project(place, action), place, random.Random(action))
        faults += [f"{action}: {fault}" for fault in found]
        tried += count
    return _report(f"{tried} power cuts", faults)


def rounds(folder: Path) -> int:
    """Run writers at once; return how much was lost, given twice or missing."""
    found = [at_once(folder / f"round-{number}", WRITERS, 1) for number in range(ROUNDS)]
    lost, duplicates, gaps = (sum(getattr(one, name) for one in found) for name in ("lost", "duplicates", "gaps"))
    print(f"{ROUNDS} rounds of {WRITERS} writers: {lost} lost, {duplicates} duplicates, ", end="")
    print(f"{gaps} gaps in {sum(one.reads for one in found)} reads")
    return lost + duplicates + gaps


def _report(what: str, faults: list[str]) -> int:
    print(f"{what}: {len(faults)} wrong states")
    for fault in faults[:20]:
        print(f"  {fault}")
    return len(faults)


if __name__ == "__main__":
    main()

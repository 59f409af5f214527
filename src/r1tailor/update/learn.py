"""One whole day: what was chosen is trained on, the candidate proven, promoted or refused; and what happens meanwhile.

Whatever interrupts it, doing it again finishes it: stages are whole or not there, decisions are read from the log.
"""

from collections.abc import Iterator
from pathlib import Path

from r1tailor import store
from r1tailor.confidential import confidential
from r1tailor.registry import open_registry
from r1tailor.schema.settings import Settings
from r1tailor.update import daily, page, promote
from r1tailor.update.day import Day, update_folder
from r1tailor.update.promote import Step
from r1tailor.update.train import clear

LEARNING = ("train", "prove")


def whole_day(settings: Settings, root: Path, name: str | None = None) -> Iterator[str]:
    """Run a day as far as it goes, with what is due before it; yield what came of it, a line each.

    Args:
        settings: the composition.
        root: the project's root.
        name: see ``daily.begun``.

    Raises:
        UserError: the day cannot be run, or another process runs one.
        Interrupted: a signal came; the same command finishes the day.
    """
    places = daily.places_of(settings, root)
    with confidential(settings, places.path), store.held(places.path):
        yield from before(settings, root)
        day = daily.begun(settings, name, root)
        if day is None:
            yield f"nothing new came in for {settings.domain.name}"
            return
        trains = daily.run(day, root=root)
        yield from daily.told(day)
        yield from map(str, learn(day, root) if trains else ())
        shown = page.write(settings, root)
    if not trains:
        yield f"{day.name}: empty, nothing was left to train on"
    yield f"the days: {shown.relative_to(root).as_posix()}"


def before(settings: Settings, root: Path) -> list[str]:
    """Do what is due before a day begins; return it in words.

    Days whose version somebody rolled back leave the training set; a version that is out of control is rolled back; a
    candidate that waits takes its next step where ``update.promote.mode`` lets it.
    """
    domain = settings.domain.name
    gone = promote.reconcile(update_folder(settings, root), open_registry(root), domain)
    told = [f"{name}: rolled back in the registry; its data left the training set" for name in gone]
    _, undone = promote.watch(settings, root)
    steps = [undone, *advanced(settings, root, yes=False)]
    return told + [str(step) for step in steps if step]


def learn(day: Day, root: Path) -> list[Step]:
    """Train, prove and decide a day whose material was chosen; return what was decided.

    Raises:
        UserError: the champion cannot be trained further, or another process writes to the registry.
        Interrupted: a signal came; the same command finishes the day.
    """
    for name in LEARNING:
        if not daily.finished(day, name):
            daily.run_stage(day, name, root=root)
    clear(day)
    decided = promote.conclude(day, root)
    return [decided, *(advanced(day.settings, root, yes=False) if decided.state in ("waiting", "proven") else [])]


def advanced(settings: Settings, root: Path, *, yes: bool) -> list[Step]:
    """Take every step that may be taken with the candidate that waits; return them.

    Args:
        settings: the composition.
        root: the project's root.
        yes: whether a person said yes to the next step.
    """
    steps: list[Step] = []
    while (step := promote.advance(settings, root, yes=yes)) is not None:
        if steps and step == steps[-1]:
            break
        steps.append(step)
        if step.state in ("waiting", "refused", "promoted") or yes:
            break
    return steps


def successor(settings: Settings, root: Path, name: str | None = None) -> list[Step]:
    """Learn again what earlier days left, without new material; nothing where they left nothing."""
    day = daily.begun(settings, name, root, again=True)
    return learn(day, root) if day is not None and daily.run(day, root=root) else []

"""One day from what came in to what is trained on, whatever interrupted it before: each stage is whole or not there.

A stage is finished when its folder has a manifest that was made from what the stage before it left. A day that was
interrupted is finished by running it again, to the same bytes.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from r1tailor import config, durable, store
from r1tailor.errors import UserError
from r1tailor.inference import open_located
from r1tailor.inference.answerer import Answerer
from r1tailor.inference.lazily import Lazily
from r1tailor.schema.settings import Settings
from r1tailor.update.admit import admit
from r1tailor.update.day import Day, Quarantined, UpdateFolder, free_name, order, read_lines, update_folder
from r1tailor.update.gather import gather
from r1tailor.update.history import decide, decisions
from r1tailor.update.prove import prove
from r1tailor.update.select import select
from r1tailor.update.standing import pending_items
from r1tailor.update.train import train

Stage = Callable[[Day, Path, Answerer, Path], None]
STAGES: dict[str, Stage] = {"admit": admit, "select": select, "train": train, "prove": prove}
CHOOSING = ("admit", "select")  # the stages that decide what is trained on


def champion_of(day: Day, root: Path = config.ROOT) -> Answerer:
    """Return the champion of a day; it is loaded when it is first asked."""
    return Lazily(lambda: open_located(day.located(root), root=root))


def begun(settings: Settings, name: str | None = None, root: Path = config.ROOT, *, again: bool = False) -> Day | None:
    """Return the day to work on: the one that is named, the newest that decided nothing yet, or a new one.

    Args:
        settings: the composition of a new day.
        name: of an existing day, or the date of a new one; None for today's.
        root: the project's root.
        again: whether a day begins without new material as well, to learn what earlier days left.

    Raises:
        UserError: the name is no day's, or an earlier day is not decided.
    """
    places = update_folder(settings, root)
    names, decided = places.names(), decisions(places.history)
    if name is not None and name in names:
        return places.day(name)
    open_ = [one for one in names if one not in decided]
    if open_ and name is None:
        return places.day(open_[-1])
    if open_:
        raise UserError(f"day {open_[-1]} is not finished; run it again first: r1tailor update {settings.domain.name}")
    date = order(name)[0] if name else datetime.now(UTC).date().isoformat()
    new = free_name(names, date)
    if name not in (None, new):
        raise UserError(f"there is no day {name}; the next one of that date would be {new}")
    if names and order(new) < order(names[-1]):
        raise UserError(f"day {new} would come before {names[-1]}, which is decided; days follow one another")
    return gather(settings, root, new, again=again)


def run(day: Day, answerer: Answerer | None = None, root: Path = config.ROOT) -> bool:
    """Finish the stages that choose; return whether anything is trained on.

    A day that leaves nothing to train on is decided: ``empty``.
    """
    answerer = answerer or champion_of(day, root)
    for name in CHOOSING:
        if not finished(day, name):
            run_stage(day, name, answerer, root)
    if day.selected() or (not day.material() and any(pending_items(day).values())):
        return True
    if day.name not in decisions(day.places.history):
        decide(day.places.history, day.name, "empty", {"reason": "nothing was left to train on"})
    return False


def run_stage(day: Day, name: str, answerer: Answerer | None = None, root: Path = config.ROOT) -> None:
    """Run one stage of a day, as DVC does it.

    Raises:
        UserError: there is no such stage, or the stage before it is not finished.
    """
    if name not in STAGES:
        raise UserError(f"--stage {name}: a day has {', '.join(STAGES)}")
    made_from = _made_from(day, name)
    if made_from is None:
        raise UserError(f"day {day.name}: {_before(name)} is not finished. Run it first: --stage {_before(name)}")
    facts = {"stage": name, "made_from": made_from}
    with store.replaced_folder(day.stage(name), facts) as temporary:
        STAGES[name](day, temporary, answerer or champion_of(day, root), root)


def finished(day: Day, name: str) -> bool:
    """Whether a stage of a day is whole, and made from what the stage before it left."""
    folder = day.stage(name)
    store.recover(folder)
    if store.damage(folder) is not None:
        return False
    made_from: Any = store.read_json(folder / store.MANIFEST).get("made_from")
    return made_from is not None and made_from == _made_from(day, name)


def _before(name: str) -> str:
    names = list(STAGES)
    place = names.index(name)
    return names[place - 1] if place else ""


def _made_from(day: Day, name: str) -> str | None:
    """Return the hash of what a stage reads: the day's, or the seal of the stage before; None where that is missing."""
    before = _before(name)
    seal = day.stage(before) / store.MANIFEST if before else day.folder / "day.json"
    return store.sha256_file(seal) if seal.is_file() else None


def told(day: Day) -> list[str]:
    """Return what a day came to so far, a line a stage."""
    lines = [f"{day.name}: champion {day.champion.version}; came in: {listed(day.facts['came'])}"]
    if day.facts["skipped"]:
        lines.append(f"{day.name}: passed over: {listed(day.facts['skipped'])}")
    for name in (name for name in STAGES if (day.stage(name) / "counts.json").is_file()):
        counts = store.read_json(day.stage(name) / "counts.json")
        if name == "admit":
            refused = listed(counts["quarantined"])
            lines.append(f"{day.name}: admitted: {listed(counts['admitted'])}; in quarantine: {refused}")
            lines += [f"{day.name}: {detail}: vocabulary or a trigger?" for detail in _asked_of_people(day)]
        else:
            where = f"{counts['people']:,} left for people" if counts["people"] else "nothing left for people"
            lines.append(
                f"{day.name}: {counts['train']:,} to train on ({counts['policy']}, "
                f"{counts['self_labelled']:,} self-labelled), {counts['held_out']:,} kept out, {where}, "
                f"{counts['left_out']:,} left out"
            )
    return lines


def _asked_of_people(day: Day) -> list[str]:
    """Return what each new word of a day decides, and which setting lets the word in."""
    refused = read_lines(day.stage("admit") / "quarantine.jsonl", Quarantined)
    return [*dict.fromkeys(one.detail for one in refused if one.reason == "new_word")]


def listed(counts: dict[str, int]) -> str:
    """Return counts in words.

    >>> listed({"leak": 2, "quota_of_user": 1}), listed({})
    ('2 leak, 1 quota of user', 'nothing')
    """
    return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items()) or "nothing"


def places_of(settings: Settings, root: Path = config.ROOT) -> UpdateFolder:
    """Return where a composition's daily update lies; it is created."""
    places = update_folder(settings, root)
    durable.make_folder(places.path)
    return places

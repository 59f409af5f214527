"""The version that days start from, and what is frozen once before the first day: training data and held-out items."""

from pathlib import Path

from r1tailor import store
from r1tailor.errors import UserError
from r1tailor.inference.locate import Located, locate
from r1tailor.registry import open_registry
from r1tailor.registry.version import with_phase
from r1tailor.update.day import DOMAIN_ITEMS, Champion, UpdateFolder, order
from r1tailor.update.history import decisions

_HELD_OUT = ("test.jsonl", "validation.jsonl")


def champion(domain: str, root: Path) -> tuple[Champion, Located]:
    """Return the promoted version of a domain, or its newest one where none is promoted.

    Raises:
        UserError: the domain has no version, or the version holds no examples.
    """
    found = open_registry(root).of_domain(domain)
    if found is None:
        raise UserError(
            f"domain {domain} has no version to learn from. Train and register one: dvc repro, or python train.py "
            "and r1tailor register RUN"
        )
    version, phase, _ = found
    name = with_phase(version.id, phase)
    located = locate(name, root)
    if not (located.model.parent / "data" / "train.jsonl").is_file():
        raise UserError(f"{name} holds no examples (data/train.jsonl); the daily update needs them")
    return Champion(name, store.sha256_file(located.model / store.MANIFEST)), located


def freeze(places: UpdateFolder, located: Located) -> None:
    """Keep the examples of the first champion: what it was trained on, and the held-out items, which stay for good."""
    data = located.model.parent / "data"
    for folder, names in ((places.base.parent, ("train.jsonl",)), (places.held_out(), _HELD_OUT)):
        if (folder / store.MANIFEST).exists():
            continue
        with store.replaced_folder(folder, {"version": located.name}) as temporary:
            for name in names:
                text = (data / name).read_text(encoding="utf-8") if (data / name).is_file() else ""
                store.write_text(temporary / name, text)


def frozen_sets(places: UpdateFolder, before: str) -> dict[str, dict[str, str]]:
    """Return the sha256 of each file of the held-out sets before a day: the domain's, then each earlier day's."""
    days = [name for name in places.names() if order(name) < order(before)]
    folders = {name: places.held_out(name) for name in (DOMAIN_ITEMS, *days)}
    return {name: _files(folder) for name, folder in folders.items() if folder.is_dir()}


def trained_days(places: UpdateFolder, before: str) -> dict[str, str]:
    """Return the sha256 of what was trained on each earlier day whose candidate was promoted and stands."""
    standing = [day for day, decision in decisions(places.history).items() if decision == "promoted"]
    files = {day: places.days / day / "select" / "selected.jsonl" for day in sorted(standing, key=order)}
    return {day: store.sha256_file(file) for day, file in files.items() if order(day) < order(before)}


def _files(folder: Path) -> dict[str, str]:
    return {file.name: store.sha256_file(file) for file in sorted(folder.glob("*.jsonl"))}

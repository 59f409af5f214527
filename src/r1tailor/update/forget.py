"""Forget: the texts of a day or of a user are deleted everywhere, and what learnt from them is withdrawn.

The log of decisions keeps that they were there, by salted hashes; their texts lie outside of it. Versions that learnt
from them are never served, promoted or rolled back to again. Their other days are learnt again, without them.
"""

import json
import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from r1tailor import store
from r1tailor.errors import UserError
from r1tailor.record_files import read_examples, read_json_lines
from r1tailor.registry import Registry, Version, open_registry
from r1tailor.registry.withdrawal import withdraw
from r1tailor.schema.settings import Settings
from r1tailor.serving.feedback.log import FeedbackLog
from r1tailor.update.day import CORRECTION, Day, Material, UpdateFolder, order, read_lines, update_folder
from r1tailor.update.history import decide, decisions, entries
from r1tailor.update.replay import WRITTEN
from r1tailor.update.standing import KEPT, PENDING, salted
from r1tailor.update.train import WORK

_CACHES = ("predictions", "tokens")  # what models made of texts, and texts as tokens; made again when needed


@dataclass
class Forgotten:
    """What was deleted.

    Attributes:
        items: ids of the material.
        days: that it came in.
        learnt: days whose candidates learnt from it.
        withdrawn: versions.
        again: days that are learnt again, without it.
        feedback: ids of feedback whose texts were removed.
        by_hand: commands for what lies elsewhere.
    """

    items: list[str] = field(default_factory=list)
    days: list[str] = field(default_factory=list)
    learnt: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    feedback: list[str] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return what was done, a line each."""
        told = [
            f"{len(self.items):,} items of {_listed(self.days)} and {len(self.feedback):,} pieces of feedback deleted",
            f"withdrawn: {_listed(self.withdrawn)}; their weights go with: r1tailor registry gc --withdrawn",
        ]
        if self.again:
            told.append(f"learnt again without them, with the next candidate: {_listed(self.again)}")
        if self.by_hand:
            told.append("what lies elsewhere is deleted by hand:")
        return told + [f"  {command}" for command in self.by_hand]


def forget(settings: Settings, root: Path, *, day: str | None = None, user: str | None = None) -> Forgotten:
    """Forget what came in on a day, or from a user; an interrupted one is finished by doing it again.

    Args:
        settings: the composition; names domain and serving folder.
        root: the project's root.
        day: name of a day.
        user: name of a user, as in keys and feedback.

    Raises:
        UserError: not one of the two is given, there is no such day, or nothing is known of the user.
    """
    if (day is None) == (user is None):
        raise UserError("forget: give --day or --user, one of them")
    places = update_folder(settings, root)
    found = Forgotten()
    of_day = _items_of_day(places, day) if day else _items_of_user(places, user or "")
    found.days, found.items = [name for name, ids in of_day.items() if ids], sorted(_every(of_day))
    feedback = _feedback(settings, root)
    if feedback is not None:
        found.feedback = _of_feedback(feedback, found.items, user)
    if not found.items and not found.feedback and day is None:
        name = settings.domain.name
        raise UserError(f"nothing is known of user {user!r} in the daily update or the feedback of domain {name}")
    found.learnt = _learnt_from(places, set(found.days))
    _note(places, found, of_day, whole=day)
    registry = open_registry(root)
    found.withdrawn = _withdraw(registry, places, found)
    found.again = _learn_again(places, found, whole=day)
    _delete(places, found, whole=day)
    if feedback is not None and found.feedback:
        feedback.forget(found.feedback)
    for cache in _CACHES:
        shutil.rmtree(store.cache_folder() / cache, ignore_errors=True)
    found.by_hand = _by_hand(root)
    return found


def _items_of_day(places: UpdateFolder, name: str) -> dict[str, set[str]]:
    folder = places.day(name).folder
    return {name: {item.id for item in _material(folder)}}


def _items_of_user(places: UpdateFolder, user: str) -> dict[str, set[str]]:
    hashed = places.hashed(user)
    found = {name: _material(places.days / name) for name in places.names()}
    return {name: {item.id for item in items if item.user == hashed} for name, items in found.items()}


def _material(folder: Path) -> list[Material]:
    file = folder / "material.jsonl"
    return list(read_lines(file, Material)) if file.is_file() else []


def _every(of_day: dict[str, set[str]]) -> set[str]:
    return {id_ for ids in of_day.values() for id_ in ids}


def _learnt_from(places: UpdateFolder, days: set[str]) -> list[str]:
    """Return the days whose candidates learnt from some days: their own, replayed, pending, or through the champion."""
    found = set[str]()
    for name in sorted(places.names(), key=order):
        facts = Day(places, name).facts
        read = {name, *facts.get("trained", {}), *facts.get(PENDING, {})}
        if read & (days | found):
            found.add(name)
    return sorted(found, key=order)


def _note(places: UpdateFolder, found: Forgotten, of_day: dict[str, set[str]], whole: str | None) -> None:
    """Keep in the log what is forgotten, by salted hashes of its ids, before anything goes."""
    for name in found.days or ([whole] if whole else []):
        if whole and decisions(places.history).get(name) == "forgotten":
            continue
        salt = secrets.token_hex(16)
        hashes = sorted(salted(salt, id_) for id_ in of_day.get(name, ()))
        decide(places.history, name, "forgotten", {"items": hashes, "salt": salt, "whole": bool(whole)})


def _withdraw(registry: Registry, places: UpdateFolder, found: Forgotten) -> list[str]:
    """Withdraw the versions that learnt from what is forgotten, and every version that was trained from one of them."""
    ids = {one["version"] for one in entries(places.history) if one["day"] in found.learnt and "version" in one}
    versions = {version.id: version for version in registry.versions()}
    gone = [versions[id_] for id_ in sorted(ids) if id_ in versions]
    gone += _descendants(list(versions.values()), gone)
    withdraw(registry, gone, f"learnt from {len(found.items)} items that were forgotten")
    return [version.id for version in gone]


def _descendants(versions: list[Version], gone: list[Version]) -> list[Version]:
    found: list[Version] = []
    while True:
        artifacts = {sha256 for version in (*gone, *found) for sha256 in version.artifacts}
        known = {version.id for version in (*gone, *found)}
        more = [version for version in versions if version.parent in artifacts and version.id not in known]
        if not more:
            return found
        found += more


def _learn_again(places: UpdateFolder, found: Forgotten, whole: str | None) -> list[str]:
    """Leave the days whose promoted version was withdrawn to the next candidate; return their names."""
    newest = {one["day"]: one for one in entries(places.history)}
    standing = {one["day"]: one for one in entries(places.history) if one["decision"] != "forgotten"}
    again = []
    for name in found.learnt:
        last = standing.get(name)
        if name == whole or last is None or newest[name].get(KEPT):
            continue
        if last["decision"] in ("promoted", "proven") or last.get(KEPT):
            again.append(name)
            decide(places.history, name, "refused", {KEPT: True, "reason": "its version was withdrawn"})
    return again


def _delete(places: UpdateFolder, found: Forgotten, whole: str | None) -> None:
    """Delete texts: a day as a whole, else every line that is about one of the items; and what was trained on them.

    Material goes last: it tells an interrupted deletion what to delete.
    """
    ids = set(found.items)
    if whole:
        ids |= {example.id for file in places.held_out(whole).glob("*.jsonl") for example in read_examples(file)}
    for name in found.learnt:
        folder = places.days / name
        for trained in (folder / "train" / "model", folder / "train" / "chain", folder / WORK):
            shutil.rmtree(trained, ignore_errors=True)
    for file in sorted(places.path.rglob("*.jsonl"), key=lambda file: (file.name == "material.jsonl", file)):
        if file != places.history and places.base.parent not in file.parents:
            _without(file, ids)
    if whole:
        for stage in ("admit", "select", "train", "prove"):
            shutil.rmtree(places.days / whole / stage, ignore_errors=True)
        shutil.rmtree(places.held_out(whole), ignore_errors=True)
        store.write_text(places.days / whole / "material.jsonl", "")


def _without(file: Path, ids: set[str]) -> None:
    """Write a file again without the lines that are about some items."""
    lines = [value for _, value in read_json_lines(file)]
    kept = [line for line in lines if not ids & set(_ids(line))]
    if len(kept) < len(lines):
        store.write_text(file, "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in kept))


def _ids(value: Any) -> Iterator[str]:  # noqa: ANN401
    """Yield the ids that a line is about: its own, those of its material and example, and what it was made of."""
    if not isinstance(value, dict):
        return
    for key in ("id", "of"):
        if isinstance(value.get(key), str):
            yield value[key].removesuffix(WRITTEN)
    for key in ("material", "example", "item"):
        yield from _ids(value.get(key))


def _feedback(settings: Settings, root: Path) -> FeedbackLog | None:
    folder = root / settings.serving.folder / "feedback" / settings.domain.name
    return FeedbackLog(folder) if folder.is_dir() else None


def _of_feedback(log: FeedbackLog, items: Iterable[str], user: str | None) -> list[str]:
    """Return the ids of feedback whose texts go: a user's, or that the items were made of."""
    made = {id_.removeprefix(CORRECTION) for id_ in items if id_.startswith(CORRECTION)}
    kept = [record for record in log.records() if record.texts is not None]
    return [record.id for record in kept if record.user == user or record.id in made]


def _by_hand(root: Path) -> list[str]:
    """Return the commands for what lies in DVC's cache and at its remotes."""
    if not (root / ".dvc" / "config").is_file():
        return []
    config = (root / ".dvc" / "config").read_text(encoding="utf-8")
    remotes = [line.split('"')[1] for line in config.splitlines() if line.startswith("['remote") and '"' in line]
    return ["dvc gc --workspace", *(f"dvc gc --workspace --cloud --remote {name}" for name in remotes)]


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"

"""A day: one frozen input of the daily update, from which the stages after it follow to the byte.

::

    outputs/<domain>/update/
      base/             training examples of the first champion
      held_out/domain/  its validation and test items; no day's material joins them
      held_out/<day>/   what a day keeps out for good
      days/<day>/       config.yaml, day.json, material.jsonl, labels.json, and a folder a stage
      history.jsonl     what each day decided

A folder below ``days`` appears whole or not at all. Whoever gave an item is known by a salted hash alone; the salt lies
outside of the days.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from r1tailor import config, store
from r1tailor.errors import DataError, UserError
from r1tailor.inference.locate import Located, locate
from r1tailor.record_files import read_examples, read_json_lines
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from r1tailor.thinking import parted

Kind = Literal["document", "correction", "label"]
CORRECTION = "correction/"  # the ids of corrections begin so
DOMAIN_ITEMS = "domain"  # the held-out set of the domain itself
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:-([2-9]|[1-9]\d+))?")
_SALT = ".salt"
_HASH = 24  # hex digits of a salted hash
Line = TypeVar("Line")


@dataclass(frozen=True, slots=True)
class Material:
    """One item of a day, as it came in.

    Attributes:
        id: unique over all days.
        kind: where it comes from.
        example: question and answer; the answer is empty where nobody gave one.
        original: of a correction, the answer that was corrected.
        user: who gave it, as a salted hash; empty for a document.
        source: name of the source in the domain's YAML, ``feedback`` or ``annotation``.
        version: of a correction, which version gave the original answer.
        available_at: ISO date from which it could have been known.
    """

    id: str
    kind: Kind
    example: Example
    source: str
    available_at: str
    user: str = ""
    original: str = ""
    version: str = ""

    @property
    def labelled(self) -> bool:
        """Whether it brings an answer."""
        return bool(self.example.output or self.example.tool_calls)


@dataclass(frozen=True, slots=True)
class Admitted:
    """An item that may be learnt from.

    Attributes:
        material: the item, cleaned.
        replaces: ids of training examples that answer the same question otherwise and no longer count.
    """

    material: Material
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An item that is not learnt from, and why."""

    material: Material
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Selected:
    """An item that is trained on.

    Attributes:
        material: the item; its answer is the champion's own where ``basis`` is ``agreement`` or ``likelihood`` and
            ``written`` is true.
        why: for people.
        confidence: that the answer is right, in [0, 1].
        basis: what the confidence rests on: ``person``, ``verifier``, ``agreement``, ``likelihood``.
        frequency: examples of training with the same label, output, field or cluster.
        written: whether the champion wrote the answer.
        replaces: see ``Admitted``.
    """

    material: Material
    why: str
    confidence: float
    basis: str
    frequency: int
    written: bool = False
    replaces: tuple[str, ...] = ()

    @property
    def example(self) -> Example:
        """The item as it is trained on.

        An edited answer is preferred to the one that it corrects. The reasoning that led to that one is left out, and
        training masks the block.
        """
        example, original = self.material.example, self.material.original
        if self.material.kind != "correction" or original in ("", example.output):
            return example
        return replace(example, reasoning="", rejected=parted(original)[1])


@dataclass(frozen=True, slots=True)
class Champion:
    """The version that a day starts from: its id (with a phase), and the sha256 of its model's manifest."""

    version: str
    manifest: str


@dataclass(frozen=True)
class UpdateFolder:
    """The places of a domain's daily update."""

    path: Path

    @property
    def days(self) -> Path:
        """Folder of the days."""
        return self.path / "days"

    @property
    def base(self) -> Path:
        """File of the training examples of the first champion."""
        return self.path / "base" / "train.jsonl"

    def held_out(self, name: str = DOMAIN_ITEMS) -> Path:
        """Folder of a held-out set: that of the domain, or of a day."""
        return self.path / "held_out" / name

    @property
    def history(self) -> Path:
        """Log of what each day decided."""
        return self.path / "history.jsonl"

    def names(self) -> list[str]:
        """Return the names of all days, the earliest first."""
        found = [place.name for place in self.days.glob("*") if _DAY.fullmatch(place.name)]
        return sorted(found, key=order)

    def day(self, name: str) -> "Day":
        """Return a frozen day.

        Raises:
            UserError: there is none of this name; lists those there are.
        """
        if not _DAY.fullmatch(name) or not (self.days / name / "day.json").is_file():
            raise UserError(f"no day {name!r} in {self.days}. Days: {', '.join(self.names()[-10:]) or 'none'}")
        return Day(self, name)

    def hashed(self, user: str) -> str:
        """Return the salted hash of a user; empty for nobody. The salt is made when it is first needed."""
        if not user:
            return ""
        salt = self.path / _SALT
        if not salt.exists():
            store.write_text(salt, secrets.token_hex(32), 0o600)
        return hmac.new(salt.read_bytes(), user.encode(), hashlib.sha256).hexdigest()[:_HASH]


def update_folder(settings: Settings, root: Path = config.ROOT) -> UpdateFolder:
    """Return the places of the daily update of a composition's domain."""
    return UpdateFolder(root / "outputs" / settings.domain.name / "update")


@dataclass(frozen=True)
class Day:
    """One frozen day.

    Attributes:
        places: of the domain's update.
        name: an ISO date, or ``<date>-2`` for the second day of a date.
    """

    places: UpdateFolder
    name: str

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self.places.days / self.name

    def stage(self, name: str) -> Path:
        """Return the folder of a stage: ``admit``, ``select``, ``train``, ``prove``."""
        return self.folder / name

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What ``day.json`` holds.

        Raises:
            DataError: it cannot be read, or the composition was changed after the day was frozen.
        """
        try:
            facts: dict[str, Any] = store.read_json(self.folder / "day.json")
            unchanged = store.sha256_file(self.folder / "config.yaml") == facts["config"]
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise DataError(f"{self.folder / 'day.json'} cannot be read; the day cannot be repeated") from error
        if not unchanged:
            raise DataError(f"{self.folder / 'config.yaml'} was changed after the day was frozen")
        return facts

    @property
    def seed(self) -> int:
        """Seed of every random choice of the day."""
        return int(self.facts["seed"])

    def seed_of(self, seed: int) -> int:
        """Return the seed (32 bits) of this day in a composition with a seed."""
        return int.from_bytes(hashlib.sha256(f"{seed} {self.name}".encode()).digest()[:4])

    @property
    def date(self) -> str:
        """Its ISO date."""
        return order(self.name)[0]

    @cached_property
    def settings(self) -> Settings:
        """The composition of the day."""
        _ = self.facts
        return config.load_params(self.folder / "config.yaml")

    @property
    def champion(self) -> Champion:
        """The version that the day starts from."""
        return Champion(**self.facts["champion"])

    def located(self, root: Path = config.ROOT) -> Located:
        """Return the champion's model.

        Raises:
            UserError: the version is gone, or its model is not the one that the day was frozen with.
        """
        found = locate(self.champion.version, root)
        if store.sha256_file(found.model / store.MANIFEST) != self.champion.manifest:
            raise DataError(f"{found.model} is not the model that day {self.name} was frozen with")
        return found

    def material(self) -> list[Material]:
        """Return what came in.

        Raises:
            DataError: it was changed after the day was frozen.
        """
        path = self.folder / "material.jsonl"
        refuse_changed(path, self.facts["material"])
        return list(read_lines(path, Material))

    def labels(self) -> dict[str, Any]:
        """Return the closed set of the domain's answers (``closed``), and those of single examples by id (``own``).

        Raises:
            DataError: they were changed after the day was frozen.
        """
        refuse_changed(self.folder / "labels.json", self.facts["labels"])
        found: dict[str, Any] = store.read_json(self.folder / "labels.json")
        return found

    def admitted(self) -> list[Admitted]:
        """Return what the stage ``admit`` let in."""
        return list(read_lines(self.stage("admit") / "admitted.jsonl", Admitted))

    def selected(self) -> list[Selected]:
        """Return what the stage ``select`` chose, in training order."""
        return list(read_lines(self.stage("select") / "selected.jsonl", Selected))

    def trained_before(self) -> list[Example]:
        """Return all training examples before this day: the base's, and those of the days that were promoted.

        What a later correction replaced is left out.
        """
        refuse_changed(self.places.base, self.facts["base"])
        found = {example.id: example for example in read_examples(self.places.base)}
        for name, sha256 in self.facts["trained"].items():
            earlier = Day(self.places, name)
            refuse_changed(earlier.stage("select") / "selected.jsonl", sha256)
            for one in earlier.selected():
                for replaced in one.replaces:
                    found.pop(replaced, None)
                found[one.material.example.id] = one.example
        return list(found.values())

    def held_out_sets(self) -> dict[str, list[Example]]:
        """Return the held-out items before this day, by set: ``domain``, then each earlier day."""
        sets: dict[str, list[Example]] = {}
        for name, files in self.facts["held_out"].items():
            for file, sha256 in files.items():
                refuse_changed(self.places.held_out(name) / file, sha256)
            sets[name] = [e for file in sorted(files) for e in read_examples(self.places.held_out(name) / file)]
        return sets

    def own_slice(self) -> list[Example]:
        """Return the items of this day that are kept out for good; the stage ``select`` draws them."""
        return read_examples(self.places.held_out(self.name) / "items.jsonl")


def order(name: str) -> tuple[str, int]:
    """Return what days are sorted by: the date, and the number of the day on it.

    Raises:
        UserError: it is not the name of a day.
    """
    found = _DAY.fullmatch(name)
    if not found:
        raise UserError(f"{name!r} names no day: an ISO date such as 2026-01-31, or 2026-01-31-2 for a second one")
    return found[1], int(found[2] or 1)


def free_name(taken: Iterable[str], date: str) -> str:
    """Return the name of a new day of a date.

    >>> free_name([], "2026-01-31"), free_name(["2026-01-31", "2026-01-31-2"], "2026-01-31")
    ('2026-01-31', '2026-01-31-3')
    """
    numbers = [number for found, number in map(order, taken) if found == date]
    return f"{date}-{max(numbers) + 1}" if numbers else date


def refuse_changed(path: Path, sha256: str) -> None:
    """Refuse a frozen file that is not what it was.

    Raises:
        DataError: names it.
    """
    if not path.is_file():
        raise DataError(f"{path} is missing; the day was frozen with it (was its data forgotten?)")
    if store.sha256_file(path) != sha256:
        raise DataError(f"{path} was changed after the day was frozen (was its data forgotten?)")


def write_lines(path: Path, lines: Iterable[Any]) -> int:
    """Write dataclasses as JSONL; return how many."""
    texts = [json.dumps(asdict(line), ensure_ascii=False) for line in lines]
    store.write_text(path, "".join(f"{text}\n" for text in texts))
    return len(texts)


def read_lines(path: Path, kind: type[Line]) -> Iterator[Line]:
    """Yield the dataclasses of a JSONL file.

    Raises:
        DataError: it is missing, or a line holds something else; names the line.
    """
    adapter = TypeAdapter(kind)
    for number, value in read_json_lines(path):
        try:
            yield adapter.validate_python(value)
        except ValidationError:
            raise DataError(f"{path}, line {number}: this is no {kind.__name__} of a day") from None

"""What a version is: its files by hash, its metrics, its goals.

``Content`` travels with the files; ``Version`` adds what is local to a registry.
"""

import hashlib
import json
import math
import re
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from r1tailor import store
from r1tailor.errors import RegistryError

PART_NAMES = (
    "model",
    "phases",
    "data",
    "teach",
    "evaluation",
    "redteam",
    "config.yaml",
    "provenance.json",
    "README.md",
    "EVIDENCE.md",
    "SHA256SUMS",
)
AT = "@"  # <version>@<phase>: a version as it was at the end of a phase of its training
DOMAIN = re.compile(r"[a-z0-9][a-z0-9_]*")
ID = re.compile(r"[a-z0-9][a-z0-9_]*-[1-9][0-9]{0,8}-[0-9a-f]{10}")
HASH_LENGTH = 10  # hex digits of the content hash in an id
_PHASE = re.compile(r"phases/[1-9][0-9]?-[a-z0-9_]+/.+")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Content:
    """A version without number or time: equal content is equal to the byte, wherever it was made.

    Attributes:
        domain: name of the domain.
        parent: sha256 of the manifest of the artifact that training started from; None for a base model.
        model: name of the base model.
        strategy: what trained (``lora``, ``full``).
        files: relative path -> sha256. Paths begin with model/, phases/<key>/ (the models at the ends of the phases
            before the last), data/, evaluation/ or are config.yaml, provenance.json.
        metrics: the content of ``evaluation/metrics.json``.
        goals: name of the metric of each of the domain's goals, in their order.
        missed_goals: the goals it misses, in words; promotion then needs a reason.
    """

    domain: str
    parent: str | None = None
    model: str = ""
    strategy: str = ""
    files: dict[str, str]
    metrics: dict[str, Any]
    goals: list[str] = field(default_factory=list)
    missed_goals: list[str]

    @cached_property
    def description(self) -> str:
        """The whole content as JSON; equal content gives equal text."""
        values = {one.name: getattr(self, one.name) for one in fields(Content)}
        return json.dumps(values, sort_keys=True)

    @cached_property
    def sha256(self) -> str:
        """Hash over the whole content: files, metrics, goals, missed goals, parent, model, strategy, domain."""
        return hashlib.sha256(self.description.encode()).hexdigest()

    @cached_property
    def files_sha256(self) -> str:
        """What the ids of earlier releases were made from: the names and hashes of all files, and nothing else."""
        return hashlib.sha256(json.dumps(self.files, sort_keys=True).encode()).hexdigest()

    @property
    def phases(self) -> list[str]:
        """The phases before the last whose models it holds, in their order; empty if training had one phase."""
        found = {name.split("/")[1] for name in self.files if name.startswith("phases/")}
        return sorted(found, key=lambda key: (int(key.partition("-")[0]), key))

    @property
    def artifacts(self) -> dict[str, str | None]:
        """The artifacts it holds: sha256 of the manifest -> phase at whose end it was saved, None for the last."""
        phases: dict[str, str | None] = {f"phases/{phase}": phase for phase in self.phases}
        manifests = {f"{place}/{store.MANIFEST}": phase for place, phase in (phases | {"model": None}).items()}
        return {self.files[name]: phase for name, phase in manifests.items() if name in self.files}

    @property
    def headline(self) -> tuple[str, float] | None:
        """The metric to show where there is room for one: the first goal's, or else the first; None without metrics."""
        values = tuned_values(self.metrics)
        name = next((goal for goal in self.goals if goal in values), next(iter(values), None))
        return None if name is None else (name, values[name])


@dataclass(frozen=True, kw_only=True)
class Version(Content):
    """A version as one registry records it.

    Attributes:
        id: ``<domain>-<number>-<hash>``; the number is this registry's, the hash is over the whole content.
        registered_at: UTC, ISO 8601.
    """

    id: str
    registered_at: str

    @property
    def content(self) -> Content:
        """The version without what is local to the registry."""
        return Content(**{one.name: getattr(self, one.name) for one in fields(Content)})

    @property
    def short_id(self) -> str:
        """``<domain>-<number>``: unique in this registry."""
        return self.id.rpartition("-")[0]

    @property
    def number(self) -> int:
        """The number of the version in this registry."""
        return number_of(self.id)

    def files_at(self, phase: str | None) -> dict[str, str]:
        """Return name -> sha256 of what is deployed; with a phase, its model takes the place of ``model/``.

        Raises:
            RegistryError: training had no such phase before its last.
        """
        deployed = {name: sha256 for name, sha256 in self.files.items() if not name.startswith("phases/")}
        if phase is None:
            return deployed
        if phase not in self.phases:
            known = f"only its end, and {', '.join(self.phases)}" if self.phases else "one phase only: its end"
            raise RegistryError(f"{self.id} has no phase {phase}; it has {known}")
        begin = f"phases/{phase}/"
        model = {f"model/{n.removeprefix(begin)}": sha for n, sha in self.files.items() if n.startswith(begin)}
        return {name: sha256 for name, sha256 in deployed.items() if not name.startswith("model/")} | model


def number_of(id_: str) -> int:
    """Return the number in an id."""
    return int(id_.split("-")[-2])


def with_phase(id_: str, phase: str | None) -> str:
    """Return ``<id>``, or ``<id>@<phase>``."""
    return f"{id_}{AT}{phase}" if phase else id_


def is_of(id_: str, content: Content) -> bool:
    """Whether an id is that of a content, whatever number it has."""
    return _has_hash(id_, content, content.sha256)


def is_earlier_id_of(id_: str, content: Content) -> bool:
    """Whether an earlier release, whose ids covered files alone, gave an id to a content."""
    return _has_hash(id_, content, content.files_sha256)


def _has_hash(id_: str, content: Content, sha256: str) -> bool:
    named = bool(ID.fullmatch(id_)) and id_.rpartition("-")[0].rpartition("-")[0] == content.domain
    return named and id_.endswith(f"-{sha256[:HASH_LENGTH]}")


def tuned_values(metrics: dict[str, Any]) -> dict[str, float]:
    """Return metric -> value of the tuned model; NaN where it is not defined, which is null in JSON."""
    tuned = metrics.get("models", {}).get("tuned", {})
    return {name: math.nan if entry["value"] is None else entry["value"] for name, entry in tuned.items()}


def as_record(version: Version) -> dict[str, Any]:
    """Return the fields of a version for JSON."""
    return asdict(version)


def content_from(facts: dict[str, Any], origin: str) -> Content:
    """Return the content that a version's manifest describes; its names and hashes are checked, its files are not.

    Raises:
        RegistryError: it is not what ``register`` writes.
    """
    try:
        content = Content(**{one.name: facts[one.name] for one in fields(Content)})
        fault = content_fault(content)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise RegistryError(f"{origin} does not describe a version: {error}") from error
    if fault:
        raise RegistryError(f"{origin} does not describe a version: {fault}")
    return content


def read_version(path: Path) -> Version:
    """Read a version's record; it decides where files are copied to, so every name and hash in it is checked.

    The hash in its id is computed again, over all that it says.

    Raises:
        RegistryError: it is not what was registered.
    """
    try:
        version = Version(**store.read_json(path))
        fault = _record_fault(version, path)
    except (ValueError, TypeError, AttributeError, KeyError, OSError, RecursionError) as error:
        raise RegistryError(f"{path} is no record of a version: {error}") from error
    if fault:
        raise RegistryError(f"{path} is no record of a version: {fault}")
    return version


def _record_fault(version: Version, path: Path) -> str | None:
    if version.domain != path.parent.parent.name:
        return f"domain must be {path.parent.parent.name}, the name of its folder"
    if version.id != path.stem or not ID.fullmatch(version.id):
        return "id must be the name of the file, <domain>-<number>-<hash>"
    if not isinstance(version.registered_at, str):
        return "registered_at must be text"
    return content_fault(version) or _hash_fault(version)


def _hash_fault(version: Version) -> str | None:
    """Return why a record is not what was registered under its id, or None."""
    if is_of(version.id, version):
        return None
    if is_earlier_id_of(version.id, version):
        return "an earlier release registered it, whose ids cover no metrics and goals; run: r1tailor registry rebuild"
    return (
        "its content is not what was registered under its id (files, metrics, goals, composition or parent were "
        "changed); run: r1tailor registry verify"
    )


def content_fault(content: Content) -> str | None:
    """Return the first field that no version can have been registered with, or None."""
    if not DOMAIN.fullmatch(content.domain):
        return "domain must be a name of lower-case letters, digits and _"
    if not isinstance(content.files, dict) or not all(_may_be_copied(*item) for item in content.files.items()):
        return f"files must be relative paths below {', '.join(PART_NAMES)}, each with its sha256"
    if not isinstance(content.missed_goals, list) or not isinstance(content.goals, list):
        return "goals and missed_goals must be lists"
    texts = (content.model, content.strategy, *content.goals, *content.missed_goals, content.parent or "")
    if not all(isinstance(text, str) for text in texts):
        return "parent, model, strategy, goals and missed_goals must be text"
    if not all(isinstance(value, (int, float)) for value in tuned_values(content.metrics).values()):
        return "metrics must be numbers"
    return None


def _may_be_copied(name: str, sha256: Any) -> bool:  # noqa: ANN401
    is_hash = isinstance(sha256, str) and _SHA256.fullmatch(sha256) is not None
    of_a_part = name.split("/")[0] in PART_NAMES and (not name.startswith("phases") or _PHASE.fullmatch(name))
    return is_hash and not store.leads_out(name) and bool(of_a_part)

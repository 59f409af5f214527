"""One registry: which versions it has seen, under which numbers, and which one of each domain is promoted.

A registry folder holds files by content (``objects/<sha256>``), one JSON record a version, a history that only grows,
and ``current``: a link to the files of the promoted version. Promotion and rollback copy out of ``objects`` and check
every hash, so a version comes back byte for byte or not at all.
"""

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from r1tailor import store
from r1tailor.errors import RegistryError
from r1tailor.registry import names
from r1tailor.registry.files import Objects, read_folder
from r1tailor.registry.version import (
    AT,
    DOMAIN,
    HASH_LENGTH,
    ID,
    Content,
    Version,
    as_record,
    number_of,
    read_version,
    tuned_values,
)


class Registry:
    """The versions below one folder.

    Args:
        folder: usually ``outputs/registry``; created when something is registered.

    Attributes:
        notes: what was taken in or left out when the registry was opened, in words.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.objects = Objects(folder / "objects")
        self.notes: list[str] = []

    # --- reading ---

    def versions(self, domain: str | None = None) -> list[Version]:
        """Return the versions of a domain (or of all), oldest first.

        Raises:
            RegistryError: a record is not what was registered.
        """
        found = [read_version(path) for path in self.records(domain)]
        return sorted(found, key=lambda version: (version.domain, version.number))

    def version(self, name: str) -> Version:
        """Return the version of any of the names in ``registry/names.py``.

        Raises:
            RegistryError: there is none, or more than one; lists those there are.
        """
        return self.resolve(name)[0]

    def resolve(self, name: str, domain: str | None = None) -> tuple[Version, str | None]:
        """Return the version of a name (of one domain's, if given), and the phase that the name asks for.

        Raises:
            RegistryError: there is none, or more than one; lists those there are.
        """
        return names.resolve(name, self.versions(domain), self.current)

    def of_domain(self, domain: str) -> tuple[Version, str | None, str] | None:
        """Return what a domain's bare name means: its promoted version (and phase), else its newest; None without any.

        The third value says so in words.
        """
        versions = self.versions(domain)
        promoted, _, phase = (self.current(domain) or "").partition(AT) if versions else ("", "", "")
        for version in versions:
            if version.id == promoted:
                return version, phase or None, f"the promoted version {self.current(domain)}"
        if not versions:
            return None
        return versions[-1], None, f"the newest version {versions[-1].id}; none is promoted"

    def current(self, domain: str) -> str | None:
        """Return the id of the promoted version (``<id>@<phase>`` at the end of an earlier phase), or None."""
        link = self.folder / domain / "current"
        return link.resolve().name if link.is_symlink() and link.exists() else None

    def parent(self, version: Content) -> str | None:
        """Return what training started from: a version's id if it is registered, else the hash; None: a base model."""
        for other in self.versions() if version.parent else ():
            if version.parent in other.artifacts:
                return _with_phase(other.id, other.artifacts[version.parent])
        return version.parent

    def folder_of(self, version: Version, phase: str | None = None) -> Path:
        """Return a folder with a version's files, every hash checked; nothing is promoted by it.

        Raises:
            RegistryError: there is no such phase, or a stored file is damaged or missing.
        """
        files, folder = version.files_at(phase), self._deployed(version, phase)
        if store.damage(folder) is None and store.read_json(folder / store.MANIFEST)["files"] == files:
            return folder
        return self._copied_out(version, phase)

    def history(self, domain: str) -> list[dict[str, Any]]:
        """Return what happened to the versions of a domain, oldest first.

        Raises:
            RegistryError: it is not what was recorded.
        """
        path = self._history_file(domain)
        if not DOMAIN.fullmatch(domain) or not path.exists():
            return []
        return _history(path)

    # --- taking in ---

    def take_in(self, folder: Path) -> tuple[Version, bool]:
        """Register the version that a folder holds; return it, and whether it is new here.

        Its files are stored and its record is written; the same content again is the same version. Files of a known
        version that are missing from the store are stored again.

        Raises:
            RegistryError: the folder holds no version, or is damaged.
        """
        content = read_folder(folder)
        known = self.known(content)
        if known is None or self.objects.missing(content):
            damage = store.damage(folder)
            if damage:
                raise RegistryError(f"{folder}: {damage}; nothing was registered")
        self.objects.keep(content, folder)
        return (known, False) if known else (self.record(content), True)

    def record(self, content: Content) -> Version:
        """Number a version whose files are stored, under the number that the history knows it by or the next one."""
        registered = [entry for entry in self.history(content.domain) if _is_of(entry["version"], content)]
        version = Version(
            **as_record(content),
            id=registered[0]["version"] if registered else self._next_id(content),
            registered_at=registered[0]["at"] if registered else _now(),
        )
        store.write_json(self._record_file(version), as_record(version))
        if not registered:
            self._note(content.domain, "register", version.id, None)
        return version

    def records(self, domain: str | None = None) -> list[Path]:
        """Return the files of the records of a domain, or of all."""
        if domain is not None and not DOMAIN.fullmatch(domain):
            return []
        return sorted(self.folder.glob(f"{domain or '*'}/versions/*.json"))

    def known(self, content: Content) -> Version | None:
        """Return the version with this content, or None if none is registered."""
        same = [path for path in self.records(content.domain) if _is_of(path.stem, content)]
        return read_version(same[0]) if same else None

    # --- promoting ---

    def promote(self, name: str, *, phase: str | None = None, force: bool = False, reason: str = "") -> Path:
        """Make a version, or its model at the end of a phase, the promoted one; return the folder of its files.

        Raises:
            RegistryError: it misses its domain's goals (as at the end of an earlier phase, where nothing was
                evaluated) and is not forced with a reason, its metrics are not finite, or a stored file is damaged.
        """
        version, named = self.resolve(name)
        phase = phase or named
        version.files_at(phase)
        broken = [metric for metric, value in tuned_values(version.metrics).items() if not math.isfinite(value)]
        if broken:
            raise RegistryError(f"{version.id} is not promoted: not finite: {', '.join(broken)}")
        unknown = [f"the model at the end of phase {phase} was not evaluated"] if phase else []
        if (unknown or version.missed_goals) and not (force and reason.strip()):
            goals = "; ".join(unknown or version.missed_goals)
            raise RegistryError(f"{version.id} is not promoted: {goals}. To promote it anyway: --force --reason '...'")
        return self._promote(version, phase, "promote", reason)

    def rollback(self, domain: str, name: str | None = None, *, phase: str | None = None, reason: str = "") -> Path:
        """Roll back to an earlier promoted version (the one before the current, or a given one).

        With a phase: to the end of that phase of the promoted version, or of a given one.

        Raises:
            RegistryError: there is nothing to roll back to, or a stored file is damaged.
        """
        if name is None:
            name, phase = self._before(domain, phase)
        version, named = self.resolve(name, domain)
        if version.id not in [entry["version"] for entry in self.history(domain) if entry["action"] == "promote"]:
            raise RegistryError(f"{version.id} was never promoted; promote it instead")
        return self._promote(version, phase or named, "rollback", reason)

    def _before(self, domain: str, phase: str | None) -> tuple[str, str | None]:
        """Return the version and phase that a rollback without a version means."""
        promoted = self._promoted(domain)
        if phase is not None and not promoted:
            raise RegistryError(
                f"domain {domain}: no version is promoted whose phase {phase} can be rolled back to; "
                f"first: registry promote VERSION, or, to promote the end of the phase at once, "
                f"registry promote VERSION --phase {phase} --force --reason '...'"
            )
        if phase is not None:
            return promoted[-1].partition(AT)[0], phase
        if len(promoted) < 2:
            raise RegistryError(f"domain {domain}: no version was promoted before the current one")
        id_, _, before = promoted[-2].partition(AT)
        return id_, before or None

    def _promoted(self, domain: str) -> list[str]:
        """Return what was promoted, as a stack: promotion pushes; rollback pops to its version, or pushes its phase."""
        stack: list[str] = []
        for entry in self.history(domain):
            promoted = _with_phase(entry["version"], entry.get("phase"))
            if entry["action"] == "rollback" and promoted in stack:
                del stack[stack.index(promoted) + 1 :]
            elif entry["action"] in ("promote", "rollback") and promoted not in stack[-1:]:
                stack.append(promoted)
        return stack

    def _promote(self, version: Version, phase: str | None, action: str, reason: str) -> Path:
        """Copy a version out of the objects, check every hash, then switch ``current`` to it."""
        folder = self._copied_out(version, phase)
        store.point_to(self.folder / version.domain / "current", folder)
        self._note(version.domain, action, version.id, reason or None, phase)
        return folder

    def _copied_out(self, version: Version, phase: str | None) -> Path:
        """Copy a version's files out of the objects and check every hash; return their folder."""
        folder = self._deployed(version, phase)
        with store.replaced_folder(folder, {"version": version.id, "phase": phase}) as temporary:
            for name, sha256 in version.files_at(phase).items():
                self.objects.copy_out(sha256, temporary / name, f"{version.id}: {name}")
        return folder

    # --- places and the record ---

    def _deployed(self, version: Version, phase: str | None) -> Path:
        return self.folder / version.domain / "deployed" / _with_phase(version.id, phase)

    def _record_file(self, version: Version) -> Path:
        return self.folder / version.domain / "versions" / f"{version.id}.json"

    def _history_file(self, domain: str) -> Path:
        return self.folder / domain / "history.jsonl"

    def _next_id(self, content: Content) -> str:
        """Return the next id: no number that a record or the history has used is used again."""
        used = [path.stem for path in self.records(content.domain)]
        used += [entry["version"] for entry in self.history(content.domain)]
        number = max((number_of(id_) for id_ in used if ID.fullmatch(id_)), default=0) + 1
        return f"{content.domain}-{number}-{content.sha256[:HASH_LENGTH]}"

    def _note(self, domain: str, action: str, id_: str, reason: str | None, phase: str | None = None) -> None:
        """Add an entry to the history of a domain."""
        path = self._history_file(domain)
        entry = {
            "action": action,
            "version": id_,
            "at": _now(),
            "reason": reason,
            **({"phase": phase} if phase else {}),
        }
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        store.write_text(path, f"{before}{json.dumps(entry, ensure_ascii=False)}\n")


def open_registry(root: Path) -> Registry:
    """Return a project's registry, with the versions of its pipeline taken in: those that DVC brought, too.

    Args:
        root: the project's root.
    """
    registry = Registry(root / "outputs" / "registry")
    for folder in pipeline_versions(root):
        try:
            version, new = registry.take_in(folder)
        except (RegistryError, OSError) as error:
            registry.notes.append(f"not registered: {error}")
        else:
            if new:
                registry.notes.append(f"{version.id} was taken in from {folder.relative_to(root)}")
    return registry


def pipeline_versions(root: Path) -> Iterator[Path]:
    """Yield the folders of the versions that ``dvc repro`` wrote or DVC restored, of every domain."""
    for manifest in sorted((root / "outputs").glob(f"*/register/{store.MANIFEST}")):
        if manifest.parents[1].name not in ("runs", "sweeps", "registry"):
            yield manifest.parent


def _is_of(id_: str, content: Content) -> bool:
    hash_ = content.sha256[:HASH_LENGTH]
    return bool(ID.fullmatch(id_)) and id_.startswith(f"{content.domain}-") and id_.endswith(f"-{hash_}")


def _with_phase(id_: str, phase: str | None) -> str:
    return f"{id_}{AT}{phase}" if phase else id_


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _history(path: Path) -> list[dict[str, Any]]:
    try:
        entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        texts = [entry[key] for entry in entries for key in ("action", "version", "at")]
        texts += [entry["phase"] for entry in entries if "phase" in entry]
    except (ValueError, TypeError, KeyError, OSError, RecursionError) as error:
        raise RegistryError(f"{path} is no history of a registry: {error}") from error
    if not all(isinstance(text, str) for text in texts):
        raise RegistryError(f"{path} is no history of a registry: action, version, at and phase must be text")
    return entries

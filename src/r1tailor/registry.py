"""Versions: what was trained, from which data and settings, how good it is, and which one serves.

A registry folder holds files by content (``objects/<sha256>``), one JSON a version, a history that is only
ever appended to, and ``current``: a link to the promoted version's files. Promotion and rollback copy out of
``objects`` and check every hash, so a version comes back byte for byte or not at all.
"""

import hashlib
import json
import math
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from r1tailor import store
from r1tailor.errors import RegistryError

_PART_NAMES = ("model", "phases", "data", "evaluation", "config.yaml", "provenance.json")
_AT = "@"  # <version>@<phase>: a version as it was at the end of a phase of its training
_NAME = re.compile(r"[a-z0-9][a-z0-9_]*")
_ID = re.compile(r"[a-z0-9][a-z0-9_]*-[1-9][0-9]{0,8}-[0-9a-f]{10}")
_PHASE = re.compile(r"phases/[1-9][0-9]?-[a-z0-9_]+/.+")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Version:
    """One registered version.

    Attributes:
        id: ``<domain>-<number>-<hash>``; the hash is over all its files.
        domain: name of the domain.
        parent: the version that served when this one was registered, or None.
        registered_at: UTC, ISO 8601.
        files: relative path -> sha256; paths begin with model/, phases/<key>/ (the models at the ends of the phases
            before the last), data/, evaluation/ or are config.yaml, provenance.json.
        metrics: what ``evaluation/metrics.json`` says.
        missed_goals: the goals it misses, in words; promotion asks for a reason then.
    """

    id: str
    domain: str
    parent: str | None
    registered_at: str
    files: dict[str, str]
    metrics: dict[str, Any]
    missed_goals: list[str]

    @property
    def phases(self) -> list[str]:
        """The phases before the last whose models it holds, in their order; empty where training had one phase."""
        found = {name.split("/")[1] for name in self.files if name.startswith("phases/")}
        return sorted(found, key=lambda key: (int(key.partition("-")[0]), key))

    def files_at(self, phase: str | None) -> dict[str, str]:
        """Return name -> sha256 of what serves: at the end of a phase, the model of that time under ``model/``.

        Raises:
            RegistryError: training had no such phase before its last.
        """
        served = {name: sha256 for name, sha256 in self.files.items() if not name.startswith("phases/")}
        if phase is None:
            return served
        if phase not in self.phases:
            known = f"only its end, and {', '.join(self.phases)}" if self.phases else "one phase only: its end"
            raise RegistryError(f"{self.id} has no phase {phase} to go back to; it has {known}")
        begin = f"phases/{phase}/"
        model = {f"model/{n.removeprefix(begin)}": sha for n, sha in self.files.items() if n.startswith(begin)}
        return {name: sha256 for name, sha256 in served.items() if not name.startswith("model/")} | model


class Registry:
    """The versions below one folder.

    Args:
        folder: usually ``outputs/registry``; created when something is registered.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def register(
        self, domain: str, parts: dict[str, Path], metrics: dict[str, Any], missed_goals: Sequence[str]
    ) -> Version:
        """Store a version's files and record it; the same content again is the same version.

        Args:
            domain: name of the domain.
            parts: files and folders by the name they get in the version.
            metrics: as evaluated.
            missed_goals: in words.

        Raises:
            RegistryError: a part is missing, or is a symbolic link.
        """
        sources = self._files_of(parts)
        files = {name: store.sha256_file(path) for name, path in sorted(sources.items())}
        content = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
        known = self.versions(domain)
        for name, sha256 in files.items():
            self._keep(sources[name], sha256)
        for version in known:
            if version.id.endswith(content[:10]):
                return version
        number = len(known) + 1
        version = Version(
            id=f"{domain}-{number}-{content[:10]}",
            domain=domain,
            parent=self.current(domain),
            registered_at=datetime.now(UTC).isoformat(timespec="seconds"),
            files=files,
            metrics=metrics,
            missed_goals=list(missed_goals),
        )
        store.write_json(self.folder / domain / "versions" / f"{version.id}.json", asdict(version))
        self._note(domain, "register", version.id, None)
        return version

    def versions(self, domain: str | None = None) -> list[Version]:
        """Return the versions of a domain (or of all), oldest first.

        Raises:
            RegistryError: a record is not what was registered.
        """
        if domain is not None and not _NAME.fullmatch(domain):
            return []
        pattern = f"{domain or '*'}/versions/*.json"
        found = [_version(path) for path in self.folder.glob(pattern)]
        return sorted(found, key=lambda version: (version.domain, int(version.id.split("-")[-2])))

    def version(self, id_: str) -> Version:
        """Return a version by id.

        Raises:
            RegistryError: there is none; lists those there are.
        """
        for version in self.versions():
            if version.id == id_:
                return version
        known = ", ".join(version.id for version in self.versions()) or "none yet"
        raise RegistryError(f"there is no version {id_}. Registered: {known}")

    def current(self, domain: str) -> str | None:
        """Return the id of the version that serves, or None."""
        link = self.folder / domain / "current"
        return link.resolve().name if link.is_symlink() and link.exists() else None

    def promote(self, id_: str, *, phase: str | None = None, force: bool = False, reason: str = "") -> Path:
        """Make a version, or it as it was at the end of a phase, the one that serves; return the folder of its files.

        Raises:
            RegistryError: it misses its domain's goals (as at the end of an earlier phase, where nothing was
                evaluated) and is not forced with a reason, its metrics are not finite, or a stored file is damaged.
        """
        version = self.version(id_)
        version.files_at(phase)
        broken = [name for name, value in _values(version.metrics) if not math.isfinite(value)]
        if broken:
            raise RegistryError(f"{id_} is not promoted: not finite: {', '.join(broken)}")
        unknown = [f"the model at the end of phase {phase} was not evaluated"] if phase else []
        if (unknown or version.missed_goals) and not (force and reason.strip()):
            goals = "; ".join(unknown or version.missed_goals)
            raise RegistryError(f"{id_} is not promoted: {goals}. To promote it all the same: --force --reason '...'")
        return self._serve(version, phase, "promote", reason)

    def rollback(self, domain: str, id_: str | None = None, *, phase: str | None = None, reason: str = "") -> Path:
        """Go back to an earlier promoted version (the one before the current, or a given one).

        With a phase: to the end of that phase of the version that serves, or of a given one.

        Raises:
            RegistryError: there is nothing to go back to, or a stored file is damaged.
        """
        served = self._served(domain)
        if id_ is None and phase is not None:
            if not served:
                raise RegistryError(
                    f"domain {domain}: no version serves whose phase {phase} could be gone back to; "
                    f"first: registry promote VERSION, or, to serve the end of the phase at once, "
                    f"registry promote VERSION --phase {phase} --force --reason '...'"
                )
            id_ = served[-1].partition(_AT)[0]
        elif id_ is None:
            if len(served) < 2:
                raise RegistryError(f"domain {domain}: no version was promoted before the current one")
            id_, _, before = served[-2].partition(_AT)
            phase = before or None
        version = self.version(id_)
        if id_ not in [entry["version"] for entry in self.history(domain) if entry["action"] == "promote"]:
            raise RegistryError(f"{id_} was never promoted; promote it instead")
        return self._serve(version, phase, "rollback", reason)

    def _served(self, domain: str) -> list[str]:
        """Return what served as a stack: promotion pushes, rollback goes down to its version, or pushes its phase."""
        stack: list[str] = []
        for entry in self.history(domain):
            name = _served_name(entry["version"], entry.get("phase"))
            if entry["action"] == "rollback" and name in stack:
                del stack[stack.index(name) + 1 :]
            elif entry["action"] in ("promote", "rollback") and name not in stack[-1:]:
                stack.append(name)
        return stack

    def history(self, domain: str) -> list[dict[str, Any]]:
        """Return what was registered, promoted and rolled back, oldest first.

        Raises:
            RegistryError: the history is not what was written.
        """
        path = self.folder / domain / "history.jsonl"
        if not _NAME.fullmatch(domain) or not path.exists():
            return []
        return _history(path)

    def _files_of(self, parts: dict[str, Path]) -> dict[str, Path]:
        files: dict[str, Path] = {}
        for name, path in parts.items():
            assert name.split("/")[0] in _PART_NAMES
            links = [found for found in (path, *path.rglob("*")) if found.is_symlink()]
            if links:
                raise RegistryError(f"{links[0]} is a symbolic link: only files of the run itself are registered")
            if path.is_dir():
                files |= {f"{name}/{f.relative_to(path).as_posix()}": f for f in path.rglob("*") if f.is_file()}
            elif path.is_file():
                files[name] = path
            else:
                raise RegistryError(f"{path} does not exist: run train and evaluate first")
        return files

    def _keep(self, source: Path, sha256: str) -> None:
        target = self.folder / "objects" / sha256
        if target.exists():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{sha256}.tmp")
        shutil.copyfile(source, temporary)
        if store.sha256_file(temporary) != sha256:
            temporary.unlink()
            raise RegistryError(f"{source} changed while it was being registered; register it again")
        temporary.replace(target)

    def _serve(self, version: Version, phase: str | None, action: str, reason: str) -> Path:
        """Copy a version out of the objects, check every hash, then switch ``current`` to it."""
        files = version.files_at(phase)
        folder = self.folder / version.domain / "deployed" / _served_name(version.id, phase)
        with store.replaced_folder(folder, {"version": version.id, "phase": phase}) as temporary:
            for name, sha256 in files.items():
                target = temporary / name
                target.parent.mkdir(parents=True, exist_ok=True)
                stored = self.folder / "objects" / sha256
                if not stored.exists():
                    raise RegistryError(f"{version.id}: {name} is missing from {stored.parent}; nothing was changed")
                shutil.copyfile(stored, target)
                if store.sha256_file(target) != sha256:
                    raise RegistryError(f"{version.id}: the stored {name} is damaged; nothing was changed")
        store.point_to(self.folder / version.domain / "current", folder)
        self._note(version.domain, action, version.id, reason or None, phase)
        return folder

    def _note(self, domain: str, action: str, id_: str, reason: str | None, phase: str | None = None) -> None:
        path = self.folder / domain / "history.jsonl"
        entry = {
            "action": action,
            "version": id_,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "reason": reason,
            **({"phase": phase} if phase else {}),
        }
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        store.write_text(path, f"{before}{json.dumps(entry, ensure_ascii=False)}\n")


def _served_name(id_: str, phase: str | None) -> str:
    return f"{id_}{_AT}{phase}" if phase else id_


def _version(path: Path) -> Version:
    """Read a version's record, which leads copies to their places: every name and hash in it is checked.

    Raises:
        RegistryError: it is not what ``register`` writes.
    """
    try:
        version = Version(**store.read_json(path))
        fault = _fault(version, path)
    except (ValueError, TypeError, AttributeError, KeyError, OSError, RecursionError) as error:
        raise RegistryError(f"{path} is no record of a version: {error}") from error
    if fault:
        raise RegistryError(f"{path} is no record of a version: {fault}")
    return version


def _fault(version: Version, path: Path) -> str | None:
    """Return what of a version cannot have been registered so."""
    domain = path.parent.parent.name
    if version.domain != domain or not _NAME.fullmatch(domain):
        return f"domain must be {domain}, the name of its folder"
    if version.id != path.stem or not _ID.fullmatch(version.id):
        return "id must be the name of the file, <domain>-<number>-<hash>"
    if not isinstance(version.files, dict) or not all(_may_be_copied(*item) for item in version.files.items()):
        return f"files must be relative paths below {', '.join(_PART_NAMES)}, each with its sha256"
    texts = (version.registered_at, *version.missed_goals, *([version.parent] if version.parent is not None else []))
    if not isinstance(version.missed_goals, list) or not all(isinstance(text, str) for text in texts):
        return "registered_at, parent and missed_goals must be text"
    if not all(isinstance(value, (int, float)) for _, value in _values(version.metrics)):
        return "metrics must be numbers"
    return None


def _may_be_copied(name: str, sha256: Any) -> bool:  # noqa: ANN401
    is_hash = isinstance(sha256, str) and _SHA256.fullmatch(sha256) is not None
    of_a_part = name.split("/")[0] in _PART_NAMES and (not name.startswith("phases") or _PHASE.fullmatch(name))
    return is_hash and not store.leads_out(name) and bool(of_a_part)


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


def _values(metrics: dict[str, Any]) -> list[tuple[str, float]]:
    return [(name, entry["value"]) for name, entry in metrics.get("models", {}).get("tuned", {}).items()]

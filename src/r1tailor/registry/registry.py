"""One registry: which versions it has seen, under which numbers, and which one of each domain is promoted.

A registry folder holds files by content (``objects/<sha256>``), one JSON record a version, a history that only grows,
and ``current``: a link to the files of the promoted version. Promotion and rollback copy out of ``objects`` and check
every hash, so a version comes back byte for byte or not at all.

One lock keeps writers apart; readers need none. A version is registered when its record is there. A promotion or a
rollback is done when its line is in the history; ``current`` follows, and whoever writes next (or opens the registry)
finishes what was interrupted.
"""

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from r1tailor import store
from r1tailor.errors import RegistryError, UserError
from r1tailor.model.licence import NOTICE
from r1tailor.registry import goals, names
from r1tailor.registry.deployed import Deployed
from r1tailor.registry.files import Objects, read_folder
from r1tailor.registry.history import History
from r1tailor.registry.version import (
    AT,
    DOMAIN,
    HASH_LENGTH,
    ID,
    Content,
    Version,
    as_record,
    is_earlier_id_of,
    is_of,
    number_of,
    read_version,
    tuned_values,
    with_phase,
)

_PATIENCE = 120.0  # seconds a writer waits for another
_PATIENCE_OF_A_READER = 5.0  # seconds a command that only reads waits, to take in what the pipeline wrote


class Registry:
    """The versions below one folder.

    Args:
        folder: usually ``outputs/registry``; created when something is registered.

    Attributes:
        notes: what was taken in, left out or mended, in words.
        patience: seconds to wait for another writer.
        swept: temporaries of interrupted writers that were removed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.objects = Objects(folder / "objects")
        self.notes: list[str] = []
        self.patience = _PATIENCE
        self.swept: list[Path] = []
        self._mine = threading.RLock()
        self._depth = 0

    # --- reading ---

    def versions(self, domain: str | None = None) -> list[Version]:
        """Return the versions of a domain (or of all), oldest first, without those that ``refused`` names."""
        return self._scan(domain)[0]

    def refused(self, domain: str | None = None) -> dict[str, str]:
        """Return the records that are not what was registered: id -> why, in words."""
        return self._scan(domain)[1]

    def _scan(self, domain: str | None) -> tuple[list[Version], dict[str, str]]:
        found: list[Version] = []
        refused: dict[str, str] = {}
        for path in self.records(domain):
            try:
                found.append(read_version(path))
            except RegistryError as error:
                refused[path.stem] = str(error)
        return sorted(found, key=lambda version: (version.domain, version.number)), refused

    def version(self, name: str) -> Version:
        """Return the version of any of the names in ``registry/names.py``.

        Raises:
            RegistryError: there is none, or more than one; lists those there are.
        """
        return self.resolve(name)[0]

    def resolve(self, name: str, domain: str | None = None) -> tuple[Version, str | None]:
        """Return the version of a name (of one domain's, if given), and the phase that the name asks for.

        Raises:
            RegistryError: there is none, or more than one (lists those there are), or its record is refused.
        """
        versions, refused = self._scan(domain)
        try:
            version, phase = names.resolve(name, versions, self.current)
        except RegistryError as error:
            meant = [why for id_, why in refused.items() if names.may_mean(name, id_)]
            if meant:
                raise RegistryError("\n".join(meant)) from error
            raise
        if names.LATEST in name.split(AT):
            self._refuse_hidden(version, refused)
        return version, phase

    def _refuse_hidden(self, newest: Version, refused: dict[str, str]) -> None:
        """Refuse to take a version for the newest of its domain where a newer one's record is refused."""
        for id_, why in refused.items():
            if ID.fullmatch(id_) and id_.rsplit("-", 2)[0] == newest.domain and number_of(id_) > newest.number:
                raise RegistryError(why)

    def of_domain(self, domain: str) -> tuple[Version, str | None, str] | None:
        """Return what a domain's bare name means: its promoted version (and phase), else its newest; None without any.

        The third value says so in words.

        Raises:
            RegistryError: the record of the version that is meant is refused or lost.
        """
        versions, refused = self._scan(domain)
        if not versions and not refused:
            return None
        current = self.current(domain)
        if current:
            version, phase = self.resolve(current, domain)
            return version, phase, f"the promoted version {current}"
        newest, _ = self.resolve(names.LATEST, domain)
        return newest, None, f"the newest version {newest.id}; none is promoted"

    def current(self, domain: str) -> str | None:
        """Return the id of the promoted version (``<id>@<phase>`` at the end of an earlier phase), or None."""
        promoted = self._promoted(domain)
        return promoted[-1] if promoted else None

    def parent(self, version: Content) -> str | None:
        """Return what training started from: a version's id if it is registered, else the hash; None: a base model."""
        for other in self.versions() if version.parent else ():
            if version.parent in other.artifacts:
                return with_phase(other.id, other.artifacts[version.parent])
        return version.parent

    def folder_of(self, version: Version, phase: str | None = None) -> Path:
        """Return a folder with a version's files, every hash checked; nothing is promoted by it.

        Raises:
            RegistryError: there is no such phase, or a stored file is damaged or missing.
        """
        deployed = self.deployed(version.domain)
        found = deployed.find(version, phase)
        if found:
            return found
        with self.writing():
            return deployed.find(version, phase) or deployed.make(version, phase)

    def history(self, domain: str) -> list[dict[str, Any]]:
        """Return what happened to the versions of a domain, oldest first.

        Raises:
            RegistryError: it is not what was recorded.
        """
        return self.history_of(domain).entries() if DOMAIN.fullmatch(domain) else []

    # --- writing ---

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep every other writer out, and finish first what an interrupted one began.

        Raises:
            UserError: another process writes and does not end in time; names it.
        """
        with self._mine:
            if self._depth:
                yield
                return
            with store.locked(self.folder, self.patience, "let it end, or end it"):
                self._depth = 1
                try:
                    self._settle()
                    yield
                finally:
                    self._depth = 0

    def _settle(self) -> None:
        """Finish what an interrupted writer began: torn lines, missing lines, ``current``, temporaries."""
        self.sweep()
        for domain in self.domains():
            try:
                cut = self.history_of(domain).cut()
                self.notes += [cut] if cut else []
                for version in self._unrecorded(domain):
                    self._note(domain, "register", version, None, at=version.registered_at)
                self._follow(domain)
            except (RegistryError, OSError) as error:
                self.notes.append(f"{domain}: {error}")

    def is_settled(self) -> bool:
        """Whether no writer was interrupted; no file of a version is read."""
        try:
            return not any(self._is_unsettled(domain) for domain in self.domains())
        except RegistryError:
            return True  # nothing that a writer could finish; whoever reads the history reports it

    def _is_unsettled(self, domain: str) -> bool:
        follows = self.current(domain) == self.deployed(domain).promoted()
        return self.history_of(domain).is_torn() or not follows or bool(self._unrecorded(domain))

    def _unrecorded(self, domain: str) -> list[Version]:
        """Return the versions whose registration is not in the history."""
        known = {entry["version"] for entry in self.history(domain)}
        return [version for version in self.versions(domain) if version.id not in known]

    def _follow(self, domain: str) -> None:
        """Make ``current`` point to what the history says is promoted, if it does not."""
        promoted, deployed = self.current(domain), self.deployed(domain)
        if promoted is None or promoted == deployed.promoted():
            return
        version, phase = self.resolve(promoted, domain)
        store.point_to(deployed.current, deployed.find(version, phase) or deployed.make(version, phase))
        self.notes.append(f"{promoted} is promoted by the history; current points to it again")

    def sweep(self) -> None:
        """Remove the temporaries of processes that have ended."""
        places = [self.folder, self.objects.folder]
        for domain in self.domains():
            places += [self.folder / domain, self.folder / domain / "versions", self.folder / domain / "deployed"]
        self.swept += [path for place in places for path in store.sweep(place)]

    # --- taking in ---

    def take_in(self, folder: Path) -> tuple[Version, bool]:
        """Register the version that a folder holds; return it, and whether it is new here.

        Its files are stored and its record is written; the same content again is the same version. Files of a known
        version that are missing from the store or damaged there are stored again.

        Raises:
            RegistryError: the folder holds no version, is damaged, or reports other metrics or goals than it holds.
            UserError: another process writes and does not end in time.
        """
        content = read_folder(folder)
        known = self.known(content)
        if known and not self.objects.wanting(content):
            return known, False
        with self.writing():
            known = self.known(content)
            wrong = store.damage(folder, hashes=False) or goals.contradiction(content, lambda name: folder / name)
            if wrong:
                raise RegistryError(f"{folder}: {wrong}; nothing was registered")
            self.objects.keep(content, folder)
            return (known, False) if known else (self.record(content), True)

    def record(self, content: Content) -> Version:
        """Number a version whose files are stored, under the number that the history knows it by or the next one."""
        with self.writing():
            entries = [entry for entry in self.history(content.domain) if is_of(entry["version"], content)]
            version = Version(
                **{name: getattr(content, name) for name in Content.__dataclass_fields__},
                id=entries[0]["version"] if entries else self._next_id(content),
                registered_at=entries[0]["at"] if entries else _now(),
            )
            store.write_json(self.record_file(version), as_record(version))
            if not entries:
                self._note(content.domain, "register", version, None, at=version.registered_at)
            return version

    def records(self, domain: str | None = None) -> list[Path]:
        """Return the files of the records of a domain, or of all."""
        if domain is not None and not DOMAIN.fullmatch(domain):
            return []
        found = self.folder.glob(f"{domain or '*'}/versions/*.json")
        return sorted(path for path in found if not path.name.startswith("."))

    def known(self, content: Content) -> Version | None:
        """Return the version with this content; None if none is registered, or its record is refused."""
        same = [path for path in self.records(content.domain) if is_of(path.stem, content)]
        try:
            return read_version(same[0]) if same else None
        except RegistryError as error:
            self.notes.append(f"{error}; it is written again")
            return None

    # --- promoting ---

    def promote(self, name: str, *, phase: str | None = None, force: bool = False, reason: str = "") -> Path:
        """Make a version, or its model at the end of a phase, the promoted one; return the folder of its files.

        Raises:
            RegistryError: it misses its domain's goals, or they cannot be computed again (nor at the end of an earlier
                phase, where nothing was evaluated), and it is not forced with a reason; its metrics are not finite;
                its record, goals or metrics are not what was evaluated; or a stored file is damaged.
            UserError: another process writes and does not end in time.
        """
        with self.writing():
            version, named = self.resolve(name)
            phase = phase or named
            version.files_at(phase)
            self._refuse_forged(version)
            broken = [metric for metric, value in tuned_values(version.metrics).items() if not math.isfinite(value)]
            if broken:
                raise RegistryError(f"{version.id} is not promoted: not finite: {', '.join(broken)}")
            against = _against(version, phase)
            if against and not (force and reason.strip()):
                raise RegistryError(
                    f"{version.id} is not promoted: {against}. To promote it anyway: --force --reason '...'"
                )
            return self._promote(version, phase, "promote", reason)

    def rollback(self, domain: str, name: str | None = None, *, phase: str | None = None, reason: str = "") -> Path:
        """Roll back to an earlier promoted version (the one before the current, or a given one).

        With a phase: to the end of that phase of the promoted version, or of a given one.

        Raises:
            RegistryError: there is nothing to roll back to, its record, goals or metrics are not what was evaluated,
                or a stored file is damaged.
            UserError: another process writes and does not end in time.
        """
        if not DOMAIN.fullmatch(domain) or not (self.folder / domain).is_dir():
            self._before(domain, phase)
        with self.writing():
            if name is None:
                name, phase = self._before(domain, phase)
            version, named = self.resolve(name, domain)
            if version.id not in [entry["version"] for entry in self.history(domain) if entry["action"] == "promote"]:
                raise RegistryError(f"{version.id} was never promoted; promote it instead")
            version.files_at(phase or named)
            self._refuse_forged(version)
            return self._promote(version, phase or named, "rollback", reason)

    def _refuse_forged(self, version: Version) -> None:
        """Refuse a version that is not what was registered, or reports other metrics and goals than it holds."""
        wrong = self.forgery(version) or goals.contradiction(version, lambda name: self._read(version, name))
        if wrong:
            raise RegistryError(f"{version.id} is refused: {wrong}; nothing was changed. Run: r1tailor registry verify")

    def _read(self, version: Version, name: str) -> Path:
        try:
            return self.objects.read(version.files[name], f"{version.id}: {name}")
        except RegistryError as error:
            raise RegistryError(f"{error}; nothing was changed") from error

    def notice(self, version: Version) -> str:
        """Return the notice of terms that goes with a version's model; empty where there is none.

        Raises:
            RegistryError: the stored file is damaged or missing.
        """
        if (name := f"model/{NOTICE}") not in version.files:
            return ""
        return self._read(version, name).read_text(encoding="utf-8").strip()

    def forgery(self, version: Version) -> str | None:
        """Return in words that the history knows another content by this id; None where it does not."""
        known = [entry.get("content") for entry in self.history(version.domain) if entry["version"] == version.id]
        if any(sha256 not in (None, version.sha256) for sha256 in known):
            return "the history registered another content under its id"
        return None

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
            promoted = with_phase(entry["version"], entry.get("phase"))
            if entry["action"] == "rollback" and promoted in stack:
                del stack[stack.index(promoted) + 1 :]
            elif entry["action"] in ("promote", "rollback") and promoted not in stack[-1:]:
                stack.append(promoted)
        return stack

    def _promote(self, version: Version, phase: str | None, action: str, reason: str) -> Path:
        """Lay out a version, every hash checked; note it in the history (then it is done); switch ``current``."""
        deployed = self.deployed(version.domain)
        folder = deployed.find(version, phase) if with_phase(version.id, phase) == deployed.promoted() else None
        folder = folder or deployed.make(version, phase)
        self._note(version.domain, action, version, reason or None, phase)
        store.point_to(deployed.current, folder)
        return folder

    # --- places and the record ---

    def domains(self) -> list[str]:
        """Return the domains of which something was registered or promoted."""
        found = {path.parent.name for what in ("versions", "history.jsonl") for path in self.folder.glob(f"*/{what}")}
        return sorted(name for name in found if DOMAIN.fullmatch(name))

    def deployed(self, domain: str) -> Deployed:
        """Return the folders of a domain's versions."""
        return Deployed(self.folder / domain, self.objects)

    def record_file(self, version: Version) -> Path:
        """Return where a version's record lies."""
        return self.folder / version.domain / "versions" / f"{version.id}.json"

    def history_of(self, domain: str) -> History:
        """Return the history of a domain."""
        return History(self.folder / domain / "history.jsonl")

    def _next_id(self, content: Content) -> str:
        """Return the next id: no number that a record or the history has used is used again.

        A version that an earlier release registered keeps its number.
        """
        used = [path.stem for path in self.records(content.domain)]
        used += [entry["version"] for entry in self.history(content.domain)]
        earlier = [id_ for id_ in used if is_earlier_id_of(id_, content)]
        numbers = [number_of(id_) for id_ in used if ID.fullmatch(id_) and id_ not in earlier]
        number = number_of(earlier[0]) if earlier else 0
        if not number or number in numbers:
            number = max([*numbers, number]) + 1
        return f"{content.domain}-{number}-{content.sha256[:HASH_LENGTH]}"

    def _note(
        self,
        domain: str,
        action: str,
        version: Version,
        reason: str | None,
        phase: str | None = None,
        at: str | None = None,
    ) -> None:
        """Add an entry to the history of a domain."""
        entry = {"action": action, "version": version.id, "at": at or _now(), "reason": reason}
        entry |= {"content": version.sha256, **({"phase": phase} if phase else {})}
        self.history_of(domain).add(entry)


def open_registry(root: Path) -> Registry:
    """Return a project's registry, with the versions of its pipeline taken in: those that DVC brought, too.

    What an interrupted writer began is finished. A registry that another process writes is read as it is.

    Args:
        root: the project's root.
    """
    registry = Registry(root / "outputs" / "registry")
    registry.patience = _PATIENCE_OF_A_READER
    registry.sweep()
    try:
        if not registry.is_settled():
            with registry.writing():
                pass
    except (UserError, OSError) as error:
        registry.notes.append(str(error))
    for folder in pipeline_versions(root):
        try:
            version, new = registry.take_in(folder)
        except (UserError, OSError) as error:
            registry.notes.append(f"not registered: {error}")
        else:
            if new:
                registry.notes.append(f"{version.id} was taken in from {folder.relative_to(root)}")
    registry.patience = _PATIENCE
    return registry


def pipeline_versions(root: Path) -> Iterator[Path]:
    """Yield the folders of the versions that ``dvc repro`` wrote or DVC restored, of every domain."""
    for manifest in sorted((root / "outputs").glob(f"*/register/{store.MANIFEST}")):
        if manifest.parents[1].name not in ("runs", "sweeps", "registry"):
            yield manifest.parent


def _against(version: Version, phase: str | None) -> str:
    """Return what speaks against a promotion, in words; empty if nothing does."""
    if phase:
        return f"the model at the end of phase {phase} was not evaluated"
    return "; ".join(version.missed_goals) or goals.unproven(version) or ""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

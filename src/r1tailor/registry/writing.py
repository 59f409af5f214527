"""One writer at a time: what an interrupted one began is finished first, versions are taken in and numbered."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from r1tailor import store
from r1tailor.errors import RegistryError
from r1tailor.registry import channels, goals
from r1tailor.registry.deployed import id_of
from r1tailor.registry.files import read_folder
from r1tailor.registry.reading import RegistryReader
from r1tailor.registry.version import (
    AT,
    HASH_LENGTH,
    ID,
    Content,
    Version,
    as_record,
    is_earlier_id_of,
    is_of,
    number_of,
    read_version,
)

PATIENCE = 120.0  # seconds a writer waits for another


class RegistryWriter(RegistryReader):
    """The versions below one folder, which this process may add to.

    Args:
        folder: usually ``outputs/registry``; created when something is registered.

    Attributes:
        notes: what was taken in, left out or mended, in words.
        patience: seconds to wait for another writer.
        swept: temporaries of interrupted writers that were removed.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.notes: list[str] = []
        self.patience = PATIENCE
        self.swept: list[Path] = []
        self._mine = threading.RLock()
        self._depth = 0

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
        """Make ``current`` point to what the history says is promoted, if it does not; never to a withdrawn version."""
        promoted, deployed = self.current(domain), self.deployed(domain)
        if promoted is None and deployed.current.is_symlink() and self._points_to_withdrawn(domain):
            deployed.current.unlink()
            self.notes.append(f"{domain}: no version is promoted any more; current is removed")
        if promoted is None or promoted == deployed.promoted():
            return
        version, phase = self.resolve(promoted, domain)
        store.point_to(deployed.current, deployed.find(version, phase) or deployed.make(version, phase))
        self.notes.append(f"{promoted} is promoted by the history; current points to it again")

    def _points_to_withdrawn(self, domain: str) -> bool:
        return id_of(self.deployed(domain).current.readlink()).partition(AT)[0] in self.withdrawn(domain)

    def sweep(self) -> None:
        """Remove the temporaries of processes that have ended."""
        places = [self.folder, self.objects.folder]
        for domain in self.domains():
            places += [self.folder / domain, self.folder / domain / "versions", self.folder / domain / "deployed"]
        self.swept += [path for place in places for path in store.sweep(place)]

    # --- taking in ---

    def folder_of(self, version: Version, phase: str | None = None) -> Path:
        """Return a folder with a version's files, every hash checked; nothing is promoted by it.

        Raises:
            RegistryError: there is no such phase, a stored file is damaged or missing, or the version is withdrawn.
        """
        self.refuse_withdrawn(version)
        deployed = self.deployed(version.domain)
        found = deployed.find(version, phase)
        if found:
            return found
        with self.writing():
            return deployed.find(version, phase) or deployed.make(version, phase)

    def refuse_withdrawn(self, version: Version) -> None:
        """Refuse a version that may never be used again.

        Raises:
            RegistryError: it was withdrawn; says why.
        """
        why = self.withdrawn(version.domain).get(version.id)
        if why is not None:
            raise RegistryError(f"{version.id} is withdrawn{': ' if why else ''}{why}; it is never used again")

    def note_withdrawn(self, version: Version, reason: str) -> None:
        """Keep in the history that a version was withdrawn; ``current`` leads elsewhere, or nowhere, from now on."""
        with self.writing():
            self._note(version.domain, channels.WITHDRAW, version, reason or None)
            self._follow(version.domain)

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
        if known and (self.is_withdrawn(known) or not self.objects.wanting(content)):
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

    def known(self, content: Content) -> Version | None:
        """Return the version with this content; None if none is registered, or its record is refused."""
        same = [path for path in self.records(content.domain) if is_of(path.stem, content)]
        try:
            return read_version(same[0]) if same else None
        except RegistryError as error:
            self.notes.append(f"{error}; it is written again")
            return None

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
        numbers: Mapping[str, Any] | None = None,
    ) -> None:
        """Add an entry to the history of a domain."""
        entry: dict[str, Any] = {"action": action, "version": version.id, "at": at or _now(), "reason": reason}
        entry |= {"content": version.sha256, **({"phase": phase} if phase else {})}
        entry |= {"numbers": dict(numbers)} if numbers else {}
        self.history_of(domain).add(entry)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

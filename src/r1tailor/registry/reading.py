"""What a registry holds: its versions by any of their names, what is promoted, what happened. No lock, no writing."""

from pathlib import Path
from typing import Any

from r1tailor.errors import RegistryError
from r1tailor.registry import channels, names
from r1tailor.registry.deployed import Deployed
from r1tailor.registry.files import Objects
from r1tailor.registry.history import History
from r1tailor.registry.version import AT, DOMAIN, ID, Content, Version, number_of, read_version, with_phase


class RegistryReader:
    """The versions below one folder, as they are read.

    Args:
        folder: usually ``outputs/registry``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.objects = Objects(folder / "objects")

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
            living = self._living(versions) if names.LATEST in name.split(AT) else versions
            version, phase = names.resolve(name, living, self.current, self.in_channel)
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
            RegistryError: the record of the version that is meant is refused or lost, or every version is withdrawn.
        """
        versions, refused = self._scan(domain)
        if not versions and not refused:
            return None
        if versions and not self._living(versions):
            raise RegistryError(f"every version of {domain} is withdrawn; train another: dvc repro, or python train.py")
        current = self.current(domain)
        if current:
            version, phase = self.resolve(current, domain)
            return version, phase, f"the promoted version {current}"
        newest, _ = self.resolve(names.LATEST, domain)
        return newest, None, f"the newest version {newest.id}; none is promoted"

    def current(self, domain: str) -> str | None:
        """Return the id of the promoted version (``<id>@<phase>`` at the end of an earlier phase), or None."""
        promoted = self.promoted(domain)
        return promoted[-1] if promoted else None

    def promoted(self, domain: str) -> list[str]:
        """Return what was promoted, as a stack: promotion pushes; rollback pops to its version, or pushes its phase.

        Withdrawn versions are not in it.
        """
        stack: list[str] = []
        entries = self.history(domain)
        withdrawn = channels.withdrawn(entries)
        for entry in entries:
            if entry["version"] in withdrawn:
                continue
            promoted = with_phase(entry["version"], entry.get("phase"))
            if entry["action"] == "rollback" and promoted in stack:
                del stack[stack.index(promoted) + 1 :]
            elif entry["action"] in ("promote", "rollback") and promoted not in stack[-1:]:
                stack.append(promoted)
        return stack

    def in_channel(self, domain: str, channel: str) -> str | None:
        """Return the id of the candidate in a channel (``shadow``, ``canary``); None while there is none."""
        return channels.candidate(self.history(domain)).get(channel)

    def withdrawn(self, domain: str) -> dict[str, str]:
        """Return the withdrawn versions of a domain: id -> why."""
        return channels.withdrawn(self.history(domain))

    def is_withdrawn(self, version: Version) -> bool:
        """Whether a version may never be served, promoted or rolled back to again."""
        return version.id in self.withdrawn(version.domain)

    def _living(self, versions: list[Version]) -> list[Version]:
        gone = {id_ for domain in {version.domain for version in versions} for id_ in self.withdrawn(domain)}
        return [version for version in versions if version.id not in gone]

    def parent(self, version: Content) -> str | None:
        """Return what training started from: a version's id if it is registered, else the hash; None: a base model."""
        for other in self.versions() if version.parent else ():
            if version.parent in other.artifacts:
                return with_phase(other.id, other.artifacts[version.parent])
        return version.parent

    def history(self, domain: str) -> list[dict[str, Any]]:
        """Return what happened to the versions of a domain, oldest first.

        Raises:
            RegistryError: it is not what was recorded.
        """
        return self.history_of(domain).entries() if DOMAIN.fullmatch(domain) else []

    def forgery(self, version: Version) -> str | None:
        """Return in words that the history knows another content by this id; None where it does not."""
        known = [entry.get("content") for entry in self.history(version.domain) if entry["version"] == version.id]
        if any(sha256 not in (None, version.sha256) for sha256 in known):
            return "the history registered another content under its id"
        return None

    # --- places ---

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

    def records(self, domain: str | None = None) -> list[Path]:
        """Return the files of the records of a domain, or of all."""
        if domain is not None and not DOMAIN.fullmatch(domain):
            return []
        found = self.folder.glob(f"{domain or '*'}/versions/*.json")
        return sorted(path for path in found if not path.name.startswith("."))

    def history_of(self, domain: str) -> History:
        """Return the history of a domain."""
        return History(self.folder / domain / "history.jsonl")

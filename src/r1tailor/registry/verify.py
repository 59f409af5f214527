"""``registry verify``: every hash, record, history and link, and what can be repaired from what the pipeline wrote."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from r1tailor import store
from r1tailor.errors import RegistryError
from r1tailor.registry import goals
from r1tailor.registry.files import read_folder
from r1tailor.registry.rebuild import DAMAGED, version_folders
from r1tailor.registry.registry import Registry
from r1tailor.registry.version import AT, Content, Version, content_from, is_of


@dataclass
class Verified:
    """What was found.

    Attributes:
        versions: how many records were checked.
        files: how many stored files were hashed.
        size: their bytes.
        repaired: what was damaged and is whole again, in words.
        damage: what remains, in words.
    """

    versions: int = 0
    files: int = 0
    size: int = 0
    repaired: list[str] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)


def verify(registry: Registry, root: Path, *, repair: bool = True) -> Verified:
    """Check everything that a registry holds, with no remembered hash.

    Records come back from the stored descriptions or from the outputs, files from the outputs and from deployed
    folders, ``current`` from the history. A broken history is reported; nothing is put in its place.

    Args:
        registry: the registry of the project.
        root: the project's root.
        repair: False: nothing is changed.

    Raises:
        UserError: another process writes and does not end in time.
    """
    found = Verified()
    if not repair:
        _check(registry, found, [], repair=False)
        return found
    with registry.writing():
        found.repaired += registry.notes
        _check(registry, found, [*version_folders(root)], repair=True)
    return found


def _check(registry: Registry, found: Verified, folders: list[Path], *, repair: bool) -> None:
    sound: set[str] = set()
    for domain in registry.domains():
        try:
            registry.history(domain)
        except RegistryError as error:
            found.damage.append(str(error))
            continue
        _check_records(registry, domain, found, folders, repair=repair)
        for version in registry.versions(domain):
            found.versions += 1
            _check_version(registry, version, found, folders, sound, repair=repair)
        _check_current(registry, domain, found, repair=repair)


def _check_records(registry: Registry, domain: str, found: Verified, folders: list[Path], *, repair: bool) -> None:
    """Write the records again that are refused or lost and whose content is known."""
    refused = registry.refused(domain)
    lost = {entry["version"]: "its record is lost" for entry in _registered(registry, domain)}
    for version in registry.versions(domain):
        lost.pop(version.id, None)
    for id_, why in (lost | refused).items():
        content = _content_of(registry, domain, id_, folders) if repair else None
        if content is None:
            found.damage.append(f"{id_}: {why}")
            continue
        record = registry.folder / domain / "versions" / f"{id_}.json"
        if record.exists():
            record.replace(record.with_name(record.name + DAMAGED))
        registry.record(content)
        found.repaired.append(f"{id_}: {why}; its record was written again")


def _registered(registry: Registry, domain: str) -> Iterator[dict[str, str]]:
    """Yield the registrations whose ids cover the whole content."""
    return (e for e in registry.history(domain) if e["action"] == "register" and e.get("content"))


def _content_of(registry: Registry, domain: str, id_: str, folders: list[Path]) -> Content | None:
    """Return the content that was registered under an id: from its description, or from a folder of the outputs."""
    for entry in _registered(registry, domain):
        if entry["version"] == id_ and registry.objects.is_sound(entry["content"]):
            path = registry.objects.path(entry["content"])
            return content_from(store.read_json(path), str(path))
    for folder in folders:
        content = _read(folder)
        if content and is_of(id_, content):
            return content
    return None


def _read(folder: Path) -> Content | None:
    try:
        return read_folder(folder)
    except RegistryError:
        return None


def _check_version(
    registry: Registry, version: Version, found: Verified, folders: list[Path], sound: set[str], *, repair: bool
) -> None:
    objects, withdrawn = registry.objects, registry.is_withdrawn(version)
    for name, sha256 in ({"its description": version.sha256} | version.files).items():
        if sha256 in sound or (withdrawn and not objects.path(sha256).exists()):
            continue
        if not objects.is_sound(sha256):
            what = f"{version.id}: {name} is {'damaged' if objects.path(sha256).exists() else 'missing'}"
            if not (repair and _restore(registry, version, name, sha256, folders)):
                found.damage.append(f"{what} in {objects.folder}")
                continue
            found.repaired.append(f"{what}; it was stored again")
        sound.add(sha256)
        found.files += 1
        found.size += objects.path(sha256).stat().st_size
    wrong = registry.forgery(version)
    if not wrong and {version.files[name] for name in goals.PROVING if name in version.files} <= sound:
        wrong = goals.contradiction(version, lambda name: objects.path(version.files[name]))
    if wrong:
        found.damage.append(f"{version.id}: {wrong}")


def _restore(registry: Registry, version: Version, name: str, sha256: str, folders: list[Path]) -> bool:
    """Store a file again from a folder that has it; whether that was possible."""
    if sha256 == version.sha256:
        registry.objects.describe(version.content)
        return True
    deployed = (registry.folder / version.domain / "deployed").glob("*")
    for folder in (*folders, *deployed):
        source = folder / name
        if source.is_file() and not source.is_symlink() and store.sha256_file(source) == sha256:
            registry.objects.put({sha256: source})
            return True
    return False


def _check_current(registry: Registry, domain: str, found: Verified, *, repair: bool) -> None:
    """Check the link and the files that it leads to; lay them out again where they are damaged."""
    promoted, deployed = registry.current(domain), registry.deployed(domain)
    if promoted is None:
        return
    id_, _, phase = promoted.partition(AT)
    version = next((version for version in registry.versions(domain) if version.id == id_), None)
    if version is None:
        found.damage.append(f"{domain}: the promoted version {promoted} is not registered")
        return
    wrong = deployed.fault(version, phase or None)
    if wrong is None:
        return
    try:
        if not repair:
            raise RegistryError("--dry-run repairs nothing")
        store.point_to(deployed.current, deployed.find(version, phase or None) or deployed.make(version, phase or None))
        found.repaired.append(f"{domain}: {wrong}; {promoted} was laid out again")
    except RegistryError as error:
        found.damage.append(f"{domain}: {wrong} ({error})")

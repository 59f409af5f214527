"""``registry rebuild``: find every version again, from the pipeline, from direct runs and from the stored files."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from r1tailor import store
from r1tailor.errors import RegistryError
from r1tailor.registry.opening import pipeline_versions
from r1tailor.registry.registry import Registry
from r1tailor.registry.version import Version, read_version

DAMAGED = ".damaged"  # what the name of a record gets that is no record


@dataclass
class Rebuilt:
    """What was found.

    Attributes:
        known: versions that were registered before and are complete.
        taken: each new version, and where it was found.
        refused: what could not be taken in, in words.
    """

    known: list[Version] = field(default_factory=list)
    taken: list[tuple[Version, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def rebuild(registry: Registry, root: Path) -> Rebuilt:
    """Take in all versions that can be found; a faulty record is set aside. Promotions are those of the history.

    A version keeps the id that the history knows it by, and the number that an earlier release gave it.

    Args:
        registry: the registry of the project.
        root: the project's root.
    """
    with registry.writing():
        return _rebuilt(registry, root)


def _rebuilt(registry: Registry, root: Path) -> Rebuilt:
    found = Rebuilt()
    _set_faulty_records_aside(registry, found)
    before = {path.stem for path in registry.records()}
    for folder in version_folders(root):
        _take_in(registry, folder, folder.relative_to(root).as_posix(), found)
    _describe_known(registry)
    _take_in_described(registry, found)
    for version in registry.versions():
        wrong = None if registry.is_withdrawn(version) else registry.objects.damage(version)
        if wrong:
            found.refused.append(f"{version.id}: {wrong}")
        elif version.id in before:
            found.known.append(version)
    return found


def _set_faulty_records_aside(registry: Registry, found: Rebuilt) -> None:
    for path in registry.records():
        try:
            read_version(path)
        except RegistryError as error:
            path.replace(path.with_name(path.name + DAMAGED))
            found.refused.append(f"{error}; kept as {path.name}{DAMAGED}")


def version_folders(root: Path) -> Iterator[Path]:
    """Yield the folders of all versions outside the registry: of the pipeline, of direct runs and of sweeps."""
    yield from pipeline_versions(root)
    yield from _run_versions(root)


def _run_versions(root: Path) -> Iterator[Path]:
    """Yield the folders of the versions of direct runs and of sweeps."""
    outputs = root / "outputs"
    for pattern in (f"runs/*/register/{store.MANIFEST}", f"sweeps/*/**/register/{store.MANIFEST}"):
        for manifest in sorted(outputs.glob(pattern)):
            if not manifest.parents[1].is_symlink():  # outputs/runs/latest
                yield manifest.parent


def _take_in(registry: Registry, folder: Path, where: str, found: Rebuilt) -> None:
    try:
        version, new = registry.take_in(folder)
    except (RegistryError, OSError) as error:
        found.refused.append(str(error))
    else:
        if new:
            found.taken.append((version, where))


def _describe_known(registry: Registry) -> None:
    """Store the descriptions of versions that were registered when none were stored."""
    for version in registry.versions():
        registry.objects.describe(version.content)


def _take_in_described(registry: Registry, found: Rebuilt) -> None:
    for content in registry.objects.described():
        if registry.known(content) is not None:
            continue
        wrong = registry.objects.damage(content)
        if wrong:
            found.refused.append(f"version {content.sha256[:10]} of {content.domain}: {wrong}")
        else:
            found.taken.append((registry.record(content), f"the stored files in {registry.objects.folder.name}/"))

"""``registry gc``: remove what no version needs: stored files of none, old deployed folders, temporaries.

Of withdrawn versions the weights as well, where that is asked for.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from r1tailor import durable
from r1tailor.errors import RegistryError
from r1tailor.registry.registry import Registry
from r1tailor.registry.version import Content, is_earlier_id_of, is_of
from r1tailor.registry.withdrawal import unneeded

_IN_USE = 3600.0  # seconds; a deployed folder that somebody asked for since may be loaded at this moment


@dataclass
class Collected:
    """What is needed by no version.

    Attributes:
        objects: stored files.
        deployed: folders of versions that are not promoted; made again when they are asked for.
        temporaries: what interrupted writers left.
        size: bytes of all.
    """

    objects: list[Path] = field(default_factory=list)
    deployed: list[Path] = field(default_factory=list)
    temporaries: list[Path] = field(default_factory=list)
    size: int = 0


def collect(registry: Registry, *, dry_run: bool = False, withdrawn: bool = False) -> Collected:
    """Remove what no version needs, or only find it.

    Args:
        registry: the registry of the project.
        dry_run: whether nothing is removed.
        withdrawn: whether the files that withdrawn versions alone need go as well, weights included.

    Raises:
        RegistryError: a record or a history cannot be trusted, so that what is needed is not known.
        UserError: another process writes and does not end in time.
    """
    with registry.writing():
        found = Collected()
        needed = _needed(registry) - (unneeded(registry) if withdrawn else set())
        if registry.objects.folder.is_dir():
            stored = sorted(path for path in registry.objects.folder.iterdir() if not path.name.startswith("."))
            found.objects = [path for path in stored if path.name not in needed]
        for domain in registry.domains():
            found.deployed += registry.deployed(domain).unused(_IN_USE)
        found.size = sum(_size(path) for path in (*found.objects, *found.deployed))
        found.temporaries = registry.swept
        if not dry_run:
            _remove(found, registry)
        return found


def _needed(registry: Registry) -> set[str]:
    """Return the names of the stored files that a version needs, one included whose record was lost."""
    refused = registry.refused()
    if refused:
        first = next(iter(refused.values()))
        raise RegistryError(f"nothing is removed while records are refused (r1tailor registry verify): {first}")
    known = {entry["version"] for domain in registry.domains() for entry in registry.history(domain)}
    contents: list[Content] = [*registry.versions(), *_described(registry, known)]
    return {sha256 for content in contents for sha256 in (content.sha256, *content.files.values())}


def _described(registry: Registry, known: set[str]) -> Iterator[Content]:
    for content in registry.objects.described():
        if any(is_of(id_, content) or is_earlier_id_of(id_, content) for id_ in known):
            yield content


def _remove(found: Collected, registry: Registry) -> None:
    for path in found.objects:
        path.unlink(missing_ok=True)
    for folder in found.deployed:
        away = durable.temporary(folder)  # no reader finds half of it
        folder.replace(away)
        shutil.rmtree(away, ignore_errors=True)
    if found.objects:
        durable.sync_folder(registry.objects.folder)


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in files if not file.is_dir())

"""Withdraw versions: they are never served, promoted or rolled back to again, and what they learnt from is deleted.

The history keeps that they existed, their hashes and why they went. Their texts (examples, predictions, reports) are
deleted at once, their weights by ``registry gc --withdrawn``. What another version needs as well stays.
"""

import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from r1tailor import durable
from r1tailor.registry.deployed import id_of
from r1tailor.registry.goals import PROVING
from r1tailor.registry.registry import Registry
from r1tailor.registry.version import AT, Version

_WEIGHTS = ("model/", "phases/")


def withdraw(registry: Registry, versions: Sequence[Version], reason: str) -> list[Path]:
    """Withdraw versions and delete their texts; return the stored files that went.

    The history is written first: an interrupted withdrawal is finished by doing it again.

    Args:
        registry: the project's.
        versions: of any domains; those withdrawn before are only swept again.
        reason: kept in the history; without names and texts.

    Raises:
        UserError: another process writes and does not end in time.
    """
    with registry.writing():
        for version in versions:
            if not registry.is_withdrawn(version):
                registry.note_withdrawn(version, reason)
        removed = [registry.objects.path(sha256) for sha256 in texts(registry)]
        there = [path for path in removed if path.exists()]
        for path in there:
            path.unlink()
        for folder in _laid_out(registry, versions):
            shutil.rmtree(folder, ignore_errors=True)
        if there:
            durable.sync_folder(registry.objects.folder)
        return there


def texts(registry: Registry) -> set[str]:
    """Return the hashes of the files of withdrawn versions that may hold texts, and that no other version needs."""
    return _of_withdrawn(registry, lambda name: not name.startswith(_WEIGHTS) and name not in PROVING)


def unneeded(registry: Registry) -> set[str]:
    """Return the hashes of what withdrawn versions alone need, without the files that prove their record."""
    return _of_withdrawn(registry, lambda name: name not in PROVING)


def _of_withdrawn(registry: Registry, goes: Callable[[str], bool]) -> set[str]:
    versions = registry.versions()
    gone = {id_ for domain in registry.domains() for id_ in registry.withdrawn(domain)}
    kept = {sha256 for version in versions if version.id not in gone for sha256 in version.files.values()}
    kept |= {sha256 for version in versions for name, sha256 in version.files.items() if not goes(name)}
    return {sha256 for version in versions if version.id in gone for sha256 in version.files.values()} - kept


def _laid_out(registry: Registry, versions: Iterable[Version]) -> list[Path]:
    """Return the deployed folders of versions, and their other forms."""
    found: list[Path] = []
    for version in versions:
        deployed = registry.deployed(version.domain).folder
        found += [path for path in deployed.glob("*") if id_of(path).partition(AT)[0] == version.id]
        found += [path for path in [deployed.with_name("forms") / version.id] if path.exists()]
    return found

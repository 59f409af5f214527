"""The files of something that was evaluated: a version, a direct run, or what a domain's bare name means."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from r1tailor import store
from r1tailor.errors import RegistryError, UserError
from r1tailor.registry import Registry, Version
from r1tailor.registry.version import AT

_IN_A_RUN = {"data": "instruct"}  # names that differ between a version and the folder of a run


@dataclass(frozen=True)
class SubjectFiles:
    """Where the files of one subject lie.

    Attributes:
        name: how it is shown.
        meaning: what the name was taken to mean; empty where it can mean one thing only.
        path: name of a file in a version -> where it lies, None if there is none.
    """

    name: str
    meaning: str
    path: Callable[[str], Path | None]


def find(text: str, registry: Registry, root: Path) -> SubjectFiles:
    """Return the files of a folder (with a ``/``), a domain, or a version by any of its names.

    A domain means its promoted version, else its newest registered one, else its newest finished run.

    Args:
        text: what the user named.
        registry: the project's.
        root: the project's root.

    Raises:
        UserError: there is no such thing, or it was never evaluated.
    """
    found = _folder(text, root) if "/" in text else _domain(text, registry, root) or _version(text, registry)
    if found.path("evaluation/metrics.json") is None or found.path("config.yaml") is None:
        raise UserError(f"{text}: it was not evaluated; there is no config.yaml or no evaluation/metrics.json in it")
    return found


def _version(text: str, registry: Registry) -> SubjectFiles:
    try:
        version, phase = registry.resolve(text)
    except RegistryError as error:
        raise UserError(f"{error}. A run is named by its folder: outputs/runs/<name>") from error
    if phase:
        raise UserError(f"{text}: the model at the end of phase {phase} was not evaluated; name {version.short_id}")
    return _files(version, registry, "" if text in (version.id, version.short_id) else text)


def _files(version: Version, registry: Registry, meaning: str) -> SubjectFiles:
    def path(name: str) -> Path | None:
        return registry.objects.read(version.files[name], name) if name in version.files else None

    return SubjectFiles(version.short_id, meaning, path)


def _folder(text: str, root: Path) -> SubjectFiles:
    folder = root / text
    if not folder.is_dir():
        raise UserError(f"{text}: there is no such folder")
    return _run(folder.resolve(), root, "" if folder.resolve() == folder.absolute() else text)


def _run(folder: Path, root: Path, meaning: str) -> SubjectFiles:
    def path(name: str) -> Path | None:
        first, _, rest = name.partition("/")
        places = (folder / name, folder / _IN_A_RUN.get(first, first) / rest)
        return next((place for place in places if place.is_file()), None)

    shown = folder.relative_to(root) if folder.is_relative_to(root) else folder
    return SubjectFiles(shown.as_posix(), meaning, path)


def _domain(text: str, registry: Registry, root: Path) -> SubjectFiles | None:
    """Return what a domain's bare name means; None if no domain with versions or runs is called so."""
    versions = registry.versions(text)
    promoted = (registry.current(text) or "").partition(AT)[0] if versions else ""
    for version in versions:
        if version.id == promoted:
            return _files(version, registry, f"the promoted version of {text}")
    if versions:
        return _files(versions[-1], registry, f"the newest version of {text}; none is promoted")
    runs = list(_finished(text, root))
    if not runs:
        return None
    newest = max(runs, key=lambda record: record.stat().st_mtime_ns).parent
    return _run(newest, root, f"the newest finished run of {text}; no version is registered")


def _finished(domain: str, root: Path) -> Iterator[Path]:
    """Yield the records of the finished direct runs of a domain."""
    for record in (root / "outputs" / "runs").glob("*/run.json"):
        if record.parent.is_symlink():
            continue
        facts = store.read_json(record)
        if facts.get("status") == "done" and facts.get("domain") == domain:
            yield record

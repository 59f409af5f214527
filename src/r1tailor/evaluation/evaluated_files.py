"""The files of something that was evaluated: a version, a direct run, or what a domain's bare name means."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from r1tailor.errors import RegistryError, UserError
from r1tailor.layout import finished_runs
from r1tailor.registry import Registry, Version

_IN_A_RUN = {"data": "instruct"}  # names that differ between a version and the folder of a run


@dataclass(frozen=True)
class EvaluatedFiles:
    """Where the files of one subject lie.

    Attributes:
        name: how it is shown.
        meaning: what the name was taken to mean; empty where it can mean one thing only.
        path: name of a file in a version -> where it lies, None if there is none.
    """

    name: str
    meaning: str
    path: Callable[[str], Path | None]


def find(text: str, registry: Registry, root: Path) -> EvaluatedFiles:
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


def _version(text: str, registry: Registry) -> EvaluatedFiles:
    try:
        version, phase = registry.resolve(text)
    except RegistryError as error:
        raise UserError(f"{error}. A run is named by its folder: outputs/runs/<name>") from error
    if phase:
        raise UserError(f"{text}: the model at the end of phase {phase} was not evaluated; name {version.short_id}")
    return _files(version, registry, "" if text in (version.id, version.short_id) else text)


def _files(version: Version, registry: Registry, meaning: str) -> EvaluatedFiles:
    def path(name: str) -> Path | None:
        return registry.objects.read(version.files[name], name) if name in version.files else None

    return EvaluatedFiles(version.short_id, meaning, path)


def _folder(text: str, root: Path) -> EvaluatedFiles:
    folder = root / text
    if not folder.is_dir():
        raise UserError(f"{text}: there is no such folder")
    return _run(folder.resolve(), root, "" if folder.resolve() == folder.absolute() else text)


def _run(folder: Path, root: Path, meaning: str) -> EvaluatedFiles:
    def path(name: str) -> Path | None:
        first, _, rest = name.partition("/")
        places = (folder / name, folder / _IN_A_RUN.get(first, first) / rest)
        return next((place for place in places if place.is_file()), None)

    shown = folder.relative_to(root) if folder.is_relative_to(root) else folder
    return EvaluatedFiles(shown.as_posix(), meaning, path)


def _domain(text: str, registry: Registry, root: Path) -> EvaluatedFiles | None:
    """Return what a domain's bare name means; None if no domain with versions or runs is called so."""
    found = registry.of_domain(text)
    if found:
        version, phase, meaning = found  # of an earlier phase nothing was evaluated: its version stands for it
        return _files(version, registry, f"{meaning}, at its end" if phase else meaning)
    newest = next(finished_runs(root, text), None)
    if newest is None:
        return None
    return _run(newest, root, f"the newest finished run of {text}; no version is registered")

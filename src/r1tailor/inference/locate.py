"""Which saved model a name means: a folder, a version, or a domain's best model at hand. No torch."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import get_args

from r1tailor import artifact, config, store
from r1tailor.config_messages import did_you_mean
from r1tailor.errors import CheckpointError, RegistryError, UserError
from r1tailor.layout import RunFolder, finished_runs
from r1tailor.registry import Registry, Version, open_registry
from r1tailor.registry.deployed import id_of
from r1tailor.registry.names import CURRENT, LATEST
from r1tailor.registry.version import AT
from r1tailor.schema.compression import Form
from r1tailor.schema.settings import Settings

FORM = "+"  # <model>+<form>
FORMS = get_args(Form)
_MODEL, _COMPOSITION = "model", "config.yaml"


@dataclass(frozen=True)
class Located:
    """A saved model that was found.

    Attributes:
        name: short, for records: the id of a version, or its folder.
        meaning: what a bare name was taken to mean; empty where it can mean one thing only.
        model: folder of the saved model.
        composition: file with the settings that it was trained with.
        reports: where the data card of its examples may lie.
        forms: folder of its other forms (``compression/``), each in a folder of its name.
        parent: of a form, the folder of the model that it was made of.
    """

    name: str
    meaning: str
    model: Path
    composition: Path
    reports: tuple[Path, ...]
    forms: Path
    parent: Path | None = None

    @cached_property
    def settings(self) -> Settings:
        """The composition that it was trained with.

        Raises:
            ConfigError: the file is missing or faulty.
        """
        return config.load_params(self.composition)

    def labels(self) -> tuple[str, ...]:
        """Return the closed set of its domain's answers; empty where there is none or nobody recorded it."""
        if self.settings.domain.task.labels:
            return self.settings.domain.task.labels
        for report in self.reports:
            if report.is_file():
                return tuple(store.read_json(report).get("card", {}).get("labels") or ())
        return ()


def locate(what: str | Path, root: Path) -> Located:
    """Return the saved model that a name means.

    A path may lead to a model, a version, a direct run, or to what the pipeline wrote (``outputs/<domain>``). A
    domain's bare name means its promoted version, else its newest registered one, else its newest finished run, else
    what the pipeline trained. Anything else is a version by any of its names (``registry/names.py``). ``+<form>`` after
    any of them means that form of the model: ``medical@current+gguf_q8_0``.

    Args:
        what: the name, or a path (from the working directory, or from the project's root).
        root: the project's root.

    Raises:
        UserError: there is no such thing; lists what there is.
        RegistryError: a version's files are damaged.
    """
    text = str(what)
    name, plus, form = text.rpartition(FORM)
    if plus and form in FORMS:
        return _form(locate(name, root), form)
    if isinstance(what, Path) or "/" in text or text.startswith("."):
        return _at(text, root)
    registry = open_registry(root)
    found = _of_domain(text, registry, root)
    if found:
        return found
    try:
        version, phase = registry.resolve(text)
    except RegistryError as error:
        if (Path.cwd() / text).is_dir() or (root / text).is_dir():
            return _at(text, root)
        if AT in text or text in (LATEST, CURRENT):
            raise
        raise UserError(_not_found(text, registry, root)) from error
    meaning = "" if text in (version.id, version.short_id) else f"version {version.id}"
    return _version(registry, version, phase, meaning)


def _form(found: Located, form: str) -> Located:
    """Return a form of a model that was found.

    Raises:
        UserError: it was not made; lists those that were.
    """
    folder = found.forms / form
    if not (folder / store.MANIFEST).is_file():
        made = ", ".join(path.parent.name for path in sorted(found.forms.glob(f"*/{store.MANIFEST}"))) or "none"
        raise UserError(
            f"{found.name} has no form {form}; made: {made}. Make it: r1tailor compress {found.name} --to {form}"
        )
    return replace(found, name=f"{found.name}{FORM}{form}", model=folder, parent=found.model)


def _of_domain(domain: str, registry: Registry, root: Path) -> Located | None:
    """Return what a domain's bare name means; None if nothing of it was trained."""
    best = registry.of_domain(domain)
    if best:
        version, phase, meaning = best
        return _version(registry, version, phase, meaning)
    for run in finished_runs(root, domain):
        found = _folder(run, root)
        if found and _is_sound(found):
            return replace(found, meaning=f"the newest finished run {found.name}; no version is registered")
    found = _folder(root / "outputs" / domain, root)
    meaning = "what the pipeline trained; no version is registered and no run is finished"
    return replace(found, meaning=meaning) if found else None


def _version(registry: Registry, version: Version, phase: str | None, meaning: str) -> Located:
    folder = registry.folder_of(version, phase)
    name = f"{version.id}{AT}{phase}" if phase else version.id
    return _deployed(name, meaning, folder)


def _deployed(name: str, meaning: str, folder: Path) -> Located:
    """Return the model of a version's files; the forms of a registered one lie next to the folder of all of them."""
    registered = folder.parent.name == "deployed"
    forms = folder.parent.with_name("forms") / id_of(folder) if registered else RunFolder(folder.parent).compressed
    return Located(name, meaning, folder / _MODEL, folder / _COMPOSITION, (folder / "data" / "report.json",), forms)


def _at(text: str, root: Path) -> Located:
    """Return the model of a folder.

    Raises:
        UserError: there is no such folder, or no model in it.
    """
    folder = next((place for place in (Path.cwd() / text, root / text) if place.is_dir()), None)
    if folder is None:
        raise UserError(f"{text}: there is no such folder. {_there_is(open_registry(root), root)}")
    found = _folder(folder.resolve(), root)
    if found is None:
        raise UserError(
            f"{text}: there is no trained model in it. A model, a version, a run (outputs/runs/<name>) or a domain's "
            f"outputs are needed. {_there_is(open_registry(root), root)}"
        )
    return found


def _folder(folder: Path, root: Path) -> Located | None:
    """Return the model of a model's folder, a version's, a run's, or the pipeline's; None if it is none of them."""
    shown = (folder.relative_to(root) if folder.is_relative_to(root) else folder).as_posix()
    if (folder / _MODEL / store.MANIFEST).is_file() and (folder / _COMPOSITION).is_file():
        name = id_of(folder) if folder.parent.name == "deployed" else shown
        return _deployed(name, "", folder)
    above = _run_above(folder, root)
    if above is None:
        return None
    run, composition = above
    report = RunFolder(run).examples / "report.json"
    if (folder / store.MANIFEST).is_file():
        forms = RunFolder(run).compressed
        return Located(shown, "", folder, composition, (report, run / "data" / "report.json"), forms)
    if folder != run:
        return None
    model = RunFolder(run).phase(config.load_params(composition).curriculum.final) / _MODEL
    if not (model / store.MANIFEST).is_file():
        return None
    return Located(shown, "", model, composition, (report,), RunFolder(run).compressed)


def _run_above(folder: Path, root: Path) -> tuple[Path, Path] | None:
    """Return the run (or version, or pipeline) that a folder is or lies in, and the file of its composition."""
    for place in (folder, *folder.parents[:3]):
        if (place / _COMPOSITION).is_file():
            return place, place / _COMPOSITION
        if place.parent == root / "outputs" and (place / "train").is_dir():
            pipeline = config.PARAMS
            if pipeline.is_file() and config.load_params(pipeline).domain.name == place.name:
                return place, pipeline
            registered = place / "register" / _COMPOSITION
            return (place, registered) if registered.is_file() else None
    return None


def _is_sound(found: Located) -> bool:
    try:
        artifact.read(found.model)
    except CheckpointError:
        return False
    return True


def _not_found(text: str, registry: Registry, root: Path) -> str:
    known = [version.short_id for version in registry.versions()] + _domains(registry, root)
    return f"{text}: there is no such version, domain or folder.{did_you_mean(text, known)} {_there_is(registry, root)}"


def _there_is(registry: Registry, root: Path) -> str:
    versions = [version.short_id for version in registry.versions()][-10:]
    runs = [f"outputs/runs/{run.name}" for run in finished_runs(root)][:5]
    listed = {"domains": _domains(registry, root), "versions": versions, "runs": runs}
    there = "; ".join(f"{what}: {', '.join(names)}" for what, names in listed.items() if names)
    return f"There are {there}" if there else "Nothing is trained yet: python train.py"


def _domains(registry: Registry, root: Path) -> list[str]:
    """Return the names of the domains of which something was trained."""
    registered = {version.domain for version in registry.versions()}
    ran = {str(store.read_json(run / "run.json")["domain"]) for run in finished_runs(root)}
    trained = {path.parents[2].name for path in (root / "outputs").glob(f"*/train/*/{_MODEL}")}
    return sorted(registered | ran | (trained - {"runs", "registry"}))

"""Compose, load, validate, explain: the one way a configuration comes in.

With ``composing``, ``overrides`` and ``command_line``, the only modules that know Hydra or OmegaConf. A composition (or
``params.yaml``) becomes frozen ``schema.Settings``; every fault is found in one go and reported in the user's words,
before torch is imported.
"""

import hashlib
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError

from r1tailor import config_messages
from r1tailor.composing import STOPS_COMPOSING, Place, compose_at, one_line, resolved, shown, why_not, yaml_fault
from r1tailor.domain.declaration import context, declaration, unmeasured
from r1tailor.errors import ConfigError, ProjectError
from r1tailor.overrides import check, text_of
from r1tailor.schema.corpus import of_earlier_release
from r1tailor.schema.settings import Settings
from r1tailor.schema.sources import PackagedSource
from r1tailor.untrusted import read_text, refuse_hostile_file, refuse_hostile_option


def _project() -> Path | None:
    """Return the folder of ``train.py`` where that is running, or the nearest one from here up that has ``conf/``."""
    script = Path(sys.argv[0]).resolve()
    beside = (script.parent,) if script.name == "train.py" else ()
    candidates = (*beside, Path.cwd(), *Path.cwd().parents)
    return next((folder for folder in candidates if (folder / "conf" / "config.yaml").is_file()), None)


PACKAGED_CONF = Path(__file__).resolve().parent / "conf"
PROJECT = _project()
ROOT = PROJECT or Path.cwd()
CONF = PROJECT / "conf" if PROJECT else PACKAGED_CONF  # without a project there is still something to read
PARAMS = ROOT / "params.yaml"
_DOMAIN_NAME = re.compile(r"^name:\s*[\"']?(\w+)", re.MULTILINE)
# Sections that versions of earlier releases lack: the option that they take.
_LATER = {"serving": "embedded", "redteam": "none", "ability": "none", "update": "daily", "logger": "tensorboard"}
_COMPOSED_FROM = re.compile(r"# (conf/.+) ([0-9a-f]{64})")


def place_of(name: str, extra: tuple[Path, ...] = (), conf: Path | None = None) -> Place:
    """Return where a composition comes from: ``conf/``, unless another folder is given.

    Args:
        name: of the primary file.
        extra: further folders to search.
        conf: another folder of configuration.
    """
    return Place(conf or CONF, name, extra, CONF, ROOT)


def require_project() -> None:
    """Refuse what reads or writes a project where there is none.

    Raises:
        ProjectError: neither this folder nor one above it holds ``conf/config.yaml``.
    """
    if PROJECT is None:
        raise ProjectError(f"no project here: {Path.cwd()} and the folders above it hold no conf/. Run: r1tailor init")


def primary() -> str:
    """Return the name of the file that a composition starts from: the project's own, or the one that ships."""
    return "project" if (CONF / "project.yaml").is_file() else "config"


def load(overrides: list[str], config_name: str | None = None) -> Settings:
    """Compose ``conf/`` with overrides, from the project's own composition unless another is named; validate it.

    Raises:
        ConfigError: with every fault found.
    """
    return _settings(*_compose_or_raise(overrides, config_name or primary()))


def load_params(path: Path = PARAMS) -> Settings:
    """Read the composition that the DVC stages share, without composing again.

    Raises:
        ConfigError: the file is missing, not YAML, stale or faulty.
    """
    if not path.exists():
        how = "Write it with: python -m r1tailor use" if path == PARAMS else "Name the folder of a direct run"
        raise ConfigError([f"{path} does not exist. {how}"])
    refuse_hostile_file(path)
    refuse_stale(path)
    try:
        composition = _with_later_sections(resolved(OmegaConf.load(path)))
    except yaml.YAMLError as error:
        raise ConfigError([yaml_fault(error, ROOT)]) from error
    except (OmegaConfBaseException, OSError, ValueError, RecursionError) as error:
        raise ConfigError([f"{path.name}: {one_line(error)}"]) from error
    return _settings(composition, {})


def _with_later_sections(composition: Any) -> Any:  # noqa: ANN401
    """Return a composition with the sections and the names of keys that it lacks: an earlier release wrote it."""
    if isinstance(composition, dict):
        for section, option in _LATER.items():
            if section not in composition:
                composition[section] = resolved(OmegaConf.load(PACKAGED_CONF / section / f"{option}.yaml"))
        with suppress(KeyError, TypeError, AttributeError):  # no such section, or a faulty one: others report it
            cleaning = composition["domain"]["cleaning"]
            cleaning["privacy"] = of_earlier_release(cleaning["privacy"])
    return composition


def plain_values(path: Path) -> dict[str, Any]:
    """Return the values of a finished run's ``config.yaml`` as they stand, also if an earlier release wrote it.

    Raises:
        ConfigError: the file is missing, not YAML, or no mapping.
    """
    refuse_hostile_file(path)
    try:
        values = resolved(OmegaConf.load(path))
    except (yaml.YAMLError, OmegaConfBaseException, OSError, ValueError, RecursionError) as error:
        raise ConfigError([f"{path}: {one_line(error)}"]) from error
    if not isinstance(values, dict):
        raise ConfigError([f"{path}: a mapping is expected"])
    return {str(key): value for key, value in values.items()}


def from_hydra(composition: DictConfig) -> Settings:
    """Validate what Hydra composed for one job."""
    return _settings(resolved(composition), {})


@dataclass(frozen=True)
class SweepJob:
    """One job of a sweep.

    Attributes:
        folder: of the job.
        number: of the job.
        overrides: that made it.
        depth: how far below the sweep's folder its own lies.
        prunes: whether it ends early where it falls behind the others.
    """

    folder: Path
    number: int
    overrides: list[str]
    depth: int = 1
    prunes: bool = False


def sweep_job() -> SweepJob | None:
    """Return the job of a sweep that this process is running, or None."""
    if not HydraConfig.initialized() or HydraConfig.get().mode != RunMode.MULTIRUN:
        return None
    hydra = HydraConfig.get()
    overrides = [str(text).lstrip("+") for text in hydra.overrides.task]
    depth = len(Path(str(hydra.sweep.subdir)).parts)
    prunes = bool(hydra.sweeper.get("prune", False))
    return SweepJob(Path(hydra.runtime.output_dir), int(hydra.job.num), overrides, depth, prunes)


def packaged_sources() -> list[PackagedSource]:
    """Return the pinned sources of every domain in ``conf/``.

    Raises:
        ConfigError: a domain's YAML cannot be read or pins a source badly, or two pin a source of one name differently.
    """
    found: dict[str, tuple[PackagedSource, Path]] = {}
    for file in sorted((CONF / "domain").glob("*.yaml")):
        refuse_hostile_option(file, file.stat().st_mtime_ns)  # also what is not UTF-8, by name
        try:
            listed: Any = OmegaConf.to_container(OmegaConf.load(file))
            for entry in listed["sources"]:
                if entry["kind"] == "packaged":
                    source = PackagedSource.model_validate(entry)
                    earlier, there = found.setdefault(source.name, (source, file))
                    if earlier.provenance() != source.provenance():
                        both = f"{shown(there, ROOT)} and {shown(file, ROOT)}"
                        raise ConfigError([f"{both} pin source {source.name} differently. Rename it in one of them"])
        except yaml.YAMLError as error:
            raise ConfigError([yaml_fault(error, ROOT)]) from error
        except (KeyError, TypeError, ValidationError) as error:
            raise ConfigError([f"conf/domain/{file.name}: sources: {one_line(error)}"]) from error
    return [source for source, _ in found.values()]


def params_text() -> str:
    """Compose and validate what the stages share; return it as YAML, headed by the hashes of its files.

    Raises:
        ConfigError: with every fault found.
    """
    composition, choices = _compose_or_raise([], primary())
    _settings(composition, choices)
    header = ["# Composed by `r1tailor use` from these files; run it again after a change of one:"]
    header += [f"# {file.relative_to(ROOT).as_posix()} {sha256_of(file)}" for file in _composed_from(primary())]
    return "\n".join([*header, as_text(composition)])


def parsed(overrides: list[str]) -> list[tuple[str, Any]]:
    """Return key and value of each override that can be kept in a file; the value of a group is its option.

    Raises:
        ConfigError: with every override that is faulty or cannot be kept.
    """
    found, faults = check(overrides, [CONF])
    for override in found:
        if override.is_delete() or override.key_or_group.partition(".")[0].partition("/")[0] == "hydra":
            faults.append(f"{override.input_line}: conf/project.yaml cannot keep it; give it with each run")
    if faults:
        raise ConfigError(faults)
    return [(override.key_or_group, override.value()) for override in found]


def composed_with(choices: Mapping[str, str], values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return ``conf/config.yaml`` with other options and values, unresolved, and the chosen option of each group.

    Raises:
        ConfigError: it cannot be composed.
    """
    place = place_of("config")
    try:
        found = compose_at([f"{group}={option}" for group, option in choices.items()], place)
        merged: Any = OmegaConf.to_container(OmegaConf.merge(found.composition, values), resolve=False)
    except STOPS_COMPOSING as error:
        raise ConfigError([why_not(error, place)]) from error
    return {str(key): value for key, value in merged.items()}, found.choices


def validated(composition: Any, choices: dict[str, str]) -> Settings:  # noqa: ANN401
    """Resolve and validate a plain mapping.

    Raises:
        ConfigError: with every fault found.
    """
    return _settings(resolved(OmegaConf.create(composition)), choices)


def as_text(composition: Any) -> str:  # noqa: ANN401
    """Return a plain mapping as YAML that OmegaConf reads back as it is."""
    return OmegaConf.to_yaml(OmegaConf.create(composition))


def composed(overrides: list[str]) -> tuple[Any, dict[str, str]]:
    """Compose ``conf/`` without checking values; return the plain mapping and the chosen option of each group.

    Raises:
        ConfigError: an override cannot be parsed, or names an option that does not exist.
    """
    return _compose_or_raise(overrides, primary())


def as_yaml(settings: Settings) -> str:
    """Return the whole composition as YAML."""
    return OmegaConf.to_yaml(OmegaConf.create(settings.model_dump(mode="json", by_alias=True)))


def sha256_of(file: Path) -> str:
    """Return the hash of a small file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _composed_from(name: str) -> list[Path]:
    """Return the files of ``conf/`` that a composition without overrides is made from, the primary one last."""
    with _composing():
        loader = GlobalHydra.instance().config_loader()
        found = loader.compute_defaults_list(config_name=name, overrides=[], run_mode=RunMode.RUN).defaults
    files = (CONF / f"{entry.config_path}.yaml" for entry in found)
    return [file for file in dict.fromkeys(files) if file.is_file()]


@contextmanager
def _composing() -> Iterator[None]:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield


def explain(
    composition: Any,  # noqa: ANN401
    choices: dict[str, str],
    *,
    unknown_only: bool = False,
    folders: Sequence[Path] = (),
) -> list[str]:
    """Return every fault of a composed mapping, one sentence each; an empty list means it is valid.

    Args:
        composition: plain mapping as composed.
        choices: the chosen option of each config group, to name the file a section comes from.
        unknown_only: report keys that do not exist, not values that do not fit.
        folders: searched for domains next to ``conf/``.
    """
    declared = context(composition)
    faults = config_messages.explain(composition, choices, declared, unknown_only=unknown_only)
    if faults or unknown_only:
        return faults
    settings = Settings.model_validate(composition, context=declared)
    shared = _shared_name(settings.domain.name, choices.get("domain", ""), [CONF, *folders])
    unknown = unmeasured(
        settings.domain, settings.evaluation.samples, (*settings.redteam.metrics, *settings.ability.metrics)
    )
    return [*shared, *unknown, *_not_for_texts(settings), *_impossible_variants(settings)]


def _not_for_texts(settings: Settings) -> list[str]:
    """Return what does not go together with reading whole texts."""
    if settings.domain.task.kind != "text":
        return []
    faults = []
    if settings.objective.kind != "supervised":
        faults.append(
            f"objective.kind = {settings.objective.kind}: domain.task.kind = text has no answers; it takes supervised"
        )
    return faults


def _shared_name(name: str, chosen: str, folders: Sequence[Path]) -> list[str]:
    """Return a fault where another file of a domain has the name of the chosen one (of any, if that is not known)."""
    files = [file for folder in folders for file in sorted((folder / "domain").glob("*.yaml"))]
    named = [file for file in files if _DOMAIN_NAME.findall(file.read_text("utf-8", "replace"))[:1] == [name]]
    here = [file for file in files if file.stem == chosen][:1] or named[:1]
    others = [file for file in named if file.stem != here[0].stem]
    return [
        f"domain.name = {name}: {shown(here[0], ROOT)} and {shown(other, ROOT)} have the same name and would share "
        "outputs and registry. Give one of them another name"
        for other in others
    ]


def _impossible_variants(settings: Settings) -> list[str]:
    """Return why what is to be trained next to this composition cannot be trained."""
    try:
        variants = declaration(settings.domain.kind).variants(settings)
    except ConfigError as error:
        return error.faults
    if settings.evaluation.walk_forward and not variants:
        return [f"evaluation.walk_forward: domain.kind = {settings.domain.kind} knows no folds in time; it takes null"]
    if unknown := [name for name in settings.evaluation.variants if name not in variants]:
        offers = f"{settings.domain.name} offers {', '.join(variants) or 'none'} with these settings"
        return [f"evaluation.variants = {', '.join(unknown)}: {offers}; evaluation=split asks for none"]
    return []


def _settings(composition: Any, choices: dict[str, str]) -> Settings:  # noqa: ANN401
    faults = explain(composition, choices)
    if faults:
        raise ConfigError(faults)
    return Settings.model_validate(composition, context=context(composition))


def _compose_or_raise(overrides: list[str], config_name: str) -> tuple[Any, dict[str, str]]:
    place = place_of(config_name)
    checked, faults = check(overrides, place.folders)
    try:
        found = compose_at([*map(text_of, checked)], place)
        composition = resolved(found.composition)
    except STOPS_COMPOSING as error:
        raise ConfigError([*faults, why_not(error, place)]) from error
    if faults:
        raise ConfigError([*faults, *explain(composition, found.choices)])
    return composition, found.choices


def refuse_stale(path: Path) -> None:
    """Refuse a ``params.yaml`` that was composed from files which have changed since.

    One that DVC has composed itself (``dvc exp run -S``) has no header and is fresh by construction.
    """
    for line in read_text(path).splitlines() if path.is_file() else ():
        if not line.startswith("#"):
            return
        if found := _COMPOSED_FROM.fullmatch(line):
            file = ROOT / found[1]
            if not _is_file(file) or sha256_of(file) != found[2]:
                why = f"{path.name} was composed before {found[1][:200]} changed"
                raise ConfigError([f"{why}. Compose it again: python -m r1tailor use"])


def _is_file(file: Path) -> bool:
    try:
        return file.is_file()
    except (OSError, ValueError):  # no name that a file can have
        return False

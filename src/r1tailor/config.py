"""Compose, load, validate, explain: the one way a configuration comes in.

With ``overrides``, the only module that knows Hydra or OmegaConf. A composition (or ``params.yaml``) becomes frozen
``schema.Settings``; every fault is found in one go and reported in the user's words, before torch is imported.
"""

import errno
import hashlib
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException, MissingConfigException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError

from r1tailor import config_messages, run_folders
from r1tailor import overrides as command_line
from r1tailor.domain.declaration import context, declaration, unmeasured
from r1tailor.errors import ConfigError, ProjectError, TailorError
from r1tailor.overrides import Job, by_job
from r1tailor.schema.corpus import of_earlier_release
from r1tailor.schema.settings import Settings
from r1tailor.schema.sources import PackagedSource
from r1tailor.untrusted import (
    hydra_faults,
    interpolation_faults,
    not_utf8,
    read_text,
    refuse_hostile_file,
    refuse_hostile_folder,
    refuse_hostile_option,
    refuse_hydra_section,
)


def _project() -> Path | None:
    """Return the folder of ``train.py`` where that is running, or the nearest one from here up that has ``conf/``."""
    script = Path(sys.argv[0]).resolve()
    beside = (script.parent,) if script.name == "train.py" else ()
    candidates = (*beside, Path.cwd(), *Path.cwd().parents)
    return next((folder for folder in candidates if (folder / "conf" / "config.yaml").is_file()), None)


GROUPS = command_line.GROUPS
PACKAGED_CONF = Path(__file__).resolve().parent / "conf"
PROJECT = _project()
ROOT = PROJECT or Path.cwd()
CONF = PROJECT / "conf" if PROJECT else PACKAGED_CONF  # without a project there is still something to read
PARAMS = ROOT / "params.yaml"
_DOMAIN_NAME = re.compile(r"^name:\s*[\"']?(\w+)", re.MULTILINE)
_CHECKED_JOBS = 200  # of a sweep, before its first one starts: seconds
_STOPS_COMPOSING = (HydraException, OmegaConfBaseException, yaml.YAMLError, ValueError, RecursionError)
# Sections that versions of earlier releases lack: the option that they take.
_LATER = {"serving": "embedded", "redteam": "none"}
_COMPOSED_FROM = re.compile(r"# (conf/.+) ([0-9a-f]{64})")
_NO_WAY_TO_WRITE = {  # and what to do about it
    errno.ENOSPC: "free space there, then run the command again",
    errno.EDQUOT: "free space or raise the quota, then run the command again",
    errno.EFBIG: "choose a file system that takes larger files",
    errno.EROFS: "choose a folder that can be written",
    errno.EACCES: "choose a folder that can be written, or change its permissions",
    errno.EPERM: "choose a folder that can be written, or change its permissions",
    errno.EIO: "check the disk, then run the command again",
}


@contextmanager
def reported_errors() -> Iterator[None]:
    """Turn an error into one message on stderr and its exit code; never a traceback for a user's mistake."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then lets errors through to us instead of exiting with 1
    for stream in (sys.stdout, sys.stderr):  # one that is not UTF-8 shows an escape instead of stopping the run
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
    except TailorError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except (HydraException, OmegaConfBaseException) as error:
        print(f"error: {_one_line(error)}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:  # the reader of our output went away (`| head`)
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        if error.errno not in _NO_WAY_TO_WRITE:
            raise
        path, fault = error.filename or "a file", "read or written" if error.errno == errno.EIO else "written"
        print(f"error: {path} cannot be {fault}: {error.strerror}; {_NO_WAY_TO_WRITE[error.errno]}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped; what was finished is kept", file=sys.stderr)
        sys.exit(130)


def require_project() -> None:
    """Refuse what reads or writes a project where there is none.

    Raises:
        ProjectError: neither this folder nor one above it holds ``conf/config.yaml``.
    """
    if PROJECT is None:
        raise ProjectError(f"no project here: {Path.cwd()} and the folders above it hold no conf/. Run: r1tailor init")


@dataclass(frozen=True)
class _Place:
    """Where a composition comes from: a folder of configuration, its primary file, further folders to search."""

    conf: Path
    name: str
    extra: tuple[Path, ...] = ()

    @property
    def folders(self) -> list[Path]:
        return [self.conf, *self.extra]

    @property
    def ours(self) -> bool:
        return (self.conf / f"{self.name}.yaml").resolve().is_relative_to(CONF.resolve())


@dataclass(frozen=True)
class _Composed:
    """What Hydra composed, unresolved, its own section taken out; and the chosen option of each config group."""

    composition: DictConfig
    choices: dict[str, str]
    hydra: dict[str, Any]


def checked_arguments(arguments: list[str]) -> list[str]:
    """Return the command line for Hydra, or raise every fault in it.

    Of a sweep every job is composed and validated here, so that the last cannot fail on a value after hours.

    Raises:
        ConfigError: an unparsable override, an unknown option of a group, an unknown key, a bad value; or, alone,
            what would have Hydra run a program or write a file of somebody's choice.
    """
    parsed, _ = get_args_parser().parse_known_args(arguments)
    if parsed.shell_completion:
        return arguments
    if parsed.experimental_rerun:
        raise ConfigError(["--experimental-rerun is not offered: it reads a pickle, and a pickle may run any program"])
    conf = (ROOT / parsed.config_path).resolve() if parsed.config_path else CONF
    extra = (Path(parsed.config_dir).resolve(),) if parsed.config_dir else ()
    place = _Place(conf, (parsed.config_name or primary()).removesuffix(".yaml"), extra)
    file = conf / f"{place.name}.yaml"
    _refuse_hostile_files(file, place.extra)
    if parsed.help or parsed.hydra_help or parsed.info is not None:
        checked, _ = command_line.check(parsed.overrides, place.folders)
        with suppress(*_STOPS_COMPOSING):  # composed here for what Hydra itself must not be given
            _composed([*map(command_line.text_of, checked)], place)
        return arguments
    _refuse_stale(file)
    checked, faults = command_line.check(parsed.overrides, place.folders, sweep=bool(parsed.multirun))
    faults += (_sweep_faults if parsed.multirun else _faults)(checked, place)
    if faults:
        raise ConfigError([*faults, *_kept_of_another_option(checked, file)])
    replaced = dict(zip(parsed.overrides, map(command_line.text_of, checked), strict=True))
    composed_already = ["hydra.run.dir=.", "hydra.output_subdir=null"] if parsed.config_path else []
    return [*(replaced.get(argument, argument) for argument in arguments), *composed_already]


def _kept_of_another_option(overrides: Sequence[Override], primary: Path) -> list[str]:
    """Return a hint for each group whose option was chosen while the project keeps values of another option."""
    if primary != CONF / "project.yaml":
        return []
    kept = OmegaConf.load(primary)
    groups = [override.key_or_group for override in overrides if override.key_or_group in GROUPS]
    return [
        f"conf/project.yaml sets values of {group} for the option that it chooses; --config-name=config starts "
        f"without them, and `r1tailor use {group}=<option>` drops them"
        for group in groups
        if group in kept
    ]


def _refuse_hostile_files(primary: Path, folders: Iterable[Path]) -> None:
    """Look at the files of others before anything composes them; ``conf/`` is the project's own."""
    for folder in folders:
        refuse_hostile_folder(folder)
    if primary.is_file() and not primary.resolve().is_relative_to(CONF.resolve()):
        refuse_hostile_file(primary)
        refuse_hydra_section(primary)


def _faults(checked: list[Override], place: _Place) -> list[str]:
    try:
        found = _composed([*map(command_line.text_of, checked)], place)
        return explain(_resolved(found.composition), found.choices, folders=place.extra)
    except _STOPS_COMPOSING as error:
        return [_why(error, place)]


def _sweep_faults(checked: list[Override], place: _Place) -> list[str]:
    """Compose and validate the jobs of a sweep; return each fault with the jobs that it would stop."""
    fixed = [command_line.text_of(override) for override in checked if not override.is_sweep_override()]
    try:
        first = _composed(fixed, place)
    except _STOPS_COMPOSING as error:
        return [_why(error, place)]
    drawn = first.choices["hydra/sweeper"] != "basic"  # by a plug-in: nobody knows which values its jobs will have
    if drawn:
        checked = [o for o in checked if not o.is_sweep_override() or o.key_or_group in GROUPS]
    params: Mapping[str, Any] = first.hydra["sweeper"].get("params") or {}
    own = [] if drawn else command_line.check([f"{k}={v}" for k, v in params.items()], place.folders, sweep=True)[0]
    listed, total = command_line.jobs([*own, *checked], place.folders, _CHECKED_JOBS)
    if len(listed) < total:
        print(
            f"the sweep has {total:,} jobs: before the first, {len(listed)} were checked, which hold each value once; "
            "each of the others checks itself when it starts",
            file=sys.stderr,
        )
    composed = cache(lambda texts: _composed([*texts], place))  # jobs that choose the same options share it

    def faults(job: Job) -> list[str]:
        try:
            base = composed(job.composed)
            composition = job.put_into(deepcopy(base.composition))
            return explain(_resolved(composition), base.choices, unknown_only=drawn, folders=place.extra)
        except _STOPS_COMPOSING as error:
            return [_why(error, place)]

    return by_job(listed, [faults(job) for job in listed], numbered=len(listed) == total)


def given_values(arguments: list[str]) -> dict[str, Any]:
    """Return the values that the command line of a direct run sets, by key; of a sweep or a request for help, none."""
    parsed, _ = get_args_parser().parse_known_args(arguments)
    other = (parsed.multirun, parsed.help, parsed.hydra_help, parsed.cfg, parsed.shell_completion, parsed.info)
    if any(other) or parsed.experimental_rerun:
        return {}
    found = filter(None, map(command_line.parsed, parsed.overrides))  # what cannot be parsed, others report
    return {override.key_or_group: override.value() for override in found}


def with_overrides(settings: Settings, arguments: list[str]) -> Settings:
    """Return a composition with the overrides of a command line applied to it: options of groups, then values.

    An option's ``${key}`` takes the value that the composition has at that key.

    Raises:
        ConfigError: with every fault in the command line.
    """
    parsed, _ = get_args_parser().parse_known_args(arguments)
    place = _Place(CONF, primary(), (Path(parsed.config_dir).resolve(),) if parsed.config_dir else ())
    _refuse_hostile_files(CONF / "config.yaml", place.extra)
    overrides, faults = command_line.check(parsed.overrides, place.folders)
    groups = [override for override in overrides if override.key_or_group in GROUPS]
    try:
        chosen = _composed([*map(command_line.text_of, groups)], place).composition
    except _STOPS_COMPOSING as error:
        raise ConfigError([*faults, _why(error, place)]) from error
    if faults:
        raise ConfigError(faults)
    composition = OmegaConf.create(settings.model_dump(mode="json", by_alias=True))
    for override in groups:
        composition[override.key_or_group] = chosen[override.key_or_group]
    for override in overrides:
        if override.key_or_group not in GROUPS and not override.key_or_group.startswith("hydra"):
            OmegaConf.update(composition, override.key_or_group, override.value(), force_add=True)
    return _settings(_resolved(composition), {})


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
    _refuse_stale(path)
    try:
        composition = _with_later_sections(_resolved(OmegaConf.load(path)))
    except yaml.YAMLError as error:
        raise ConfigError([_yaml_fault(error)]) from error
    except (OmegaConfBaseException, OSError, ValueError, RecursionError) as error:
        raise ConfigError([f"{path.name}: {_one_line(error)}"]) from error
    return _settings(composition, {})


def _with_later_sections(composition: Any) -> Any:  # noqa: ANN401
    """Return a composition with the sections and the names of keys that it lacks: an earlier release wrote it."""
    if isinstance(composition, dict):
        for section, option in _LATER.items():
            if section not in composition:
                composition[section] = _resolved(OmegaConf.load(PACKAGED_CONF / section / f"{option}.yaml"))
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
        values = _resolved(OmegaConf.load(path))
    except (yaml.YAMLError, OmegaConfBaseException, OSError, ValueError, RecursionError) as error:
        raise ConfigError([f"{path}: {_one_line(error)}"]) from error
    if not isinstance(values, dict):
        raise ConfigError([f"{path}: a mapping is expected"])
    return {str(key): value for key, value in values.items()}


def from_hydra(composition: DictConfig) -> Settings:
    """Validate what Hydra composed for one job."""
    return _settings(_resolved(composition), {})


@dataclass(frozen=True)
class SweepJob:
    """One job of a sweep: its folder, its number and the overrides that made it."""

    folder: Path
    number: int
    overrides: list[str]


def sweep_job() -> SweepJob | None:
    """Return the job of a sweep that this process is running, or None."""
    if not HydraConfig.initialized() or HydraConfig.get().mode != RunMode.MULTIRUN:
        return None
    hydra = HydraConfig.get()
    overrides = [str(text).lstrip("+") for text in hydra.overrides.task]
    return SweepJob(Path(hydra.runtime.output_dir), int(hydra.job.num), overrides)


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
                        both = f"{_shown(there)} and {_shown(file)}"
                        raise ConfigError([f"{both} pin source {source.name} differently. Rename it in one of them"])
        except yaml.YAMLError as error:
            raise ConfigError([_yaml_fault(error)]) from error
        except (KeyError, TypeError, ValidationError) as error:
            raise ConfigError([f"conf/domain/{file.name}: sources: {_one_line(error)}"]) from error
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
    found, faults = command_line.check(overrides, [CONF])
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
    place = _Place(CONF, "config")
    try:
        found = _composed([f"{group}={option}" for group, option in choices.items()], place)
        merged: Any = OmegaConf.to_container(OmegaConf.merge(found.composition, values), resolve=False)
    except _STOPS_COMPOSING as error:
        raise ConfigError([_why(error, place)]) from error
    return {str(key): value for key, value in merged.items()}, found.choices


def validated(composition: Any, choices: dict[str, str]) -> Settings:  # noqa: ANN401
    """Resolve and validate a plain mapping.

    Raises:
        ConfigError: with every fault found.
    """
    return _settings(_resolved(OmegaConf.create(composition)), choices)


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
    unknown = unmeasured(settings.domain, settings.evaluation.samples, settings.redteam.metrics)
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
        f"domain.name = {name}: {_shown(here[0])} and {_shown(other)} have the same name and would share outputs and "
        "registry. Give one of them another name"
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
    place = _Place(CONF, config_name)
    checked, faults = command_line.check(overrides, place.folders)
    try:
        found = _composed([*map(command_line.text_of, checked)], place)
        composition = _resolved(found.composition)
    except _STOPS_COMPOSING as error:
        raise ConfigError([*faults, _why(error, place)]) from error
    if faults:
        raise ConfigError([*faults, *explain(composition, found.choices)])
    return composition, found.choices


def _composed(overrides: list[str], place: _Place) -> _Composed:
    """Compose with Hydra.

    Raises:
        ConfigError: the composition changes what Hydra itself does.
        HydraException, OmegaConfBaseException, yaml.YAMLError, ValueError, RecursionError: it cannot be composed.
    """
    for file in CONF.rglob("*.yaml"):
        refuse_hostile_option(file, file.stat().st_mtime_ns)
    search = [f"hydra.searchpath=[{','.join(f'file://{folder}' for folder in place.extra)}]"] if place.extra else []
    with initialize_config_dir(str(place.conf), version_base="1.3"):
        composition = compose(place.name, overrides=[*overrides, *search], return_hydra_config=True)
    chosen = composition.hydra.runtime.choices
    choices = {group: str(chosen.get(group, "")) for group in (*GROUPS, "hydra/sweeper")}
    hydra = _hydra_of(composition)
    faults = hydra_faults(hydra, _plain_hydra(command_line.of_plug_ins(overrides), ours=place.ours))
    faults += run_folders.hydra_faults(hydra, ROOT) if place.ours else []
    if faults:
        raise ConfigError(faults)
    OmegaConf.set_struct(composition, False)
    del composition["hydra"]
    return _Composed(composition, choices, hydra)


def _why(error: Exception, place: _Place) -> str:
    """Return in one sentence why Hydra could not compose."""
    match error:
        case MissingConfigException(missing_cfg_file=str(name)) if name == place.name:
            known = ", ".join(sorted(file.stem for file in place.conf.glob("*.yaml")))
            return f"--config-name={name}: there is no such file in {place.conf.name}/. It has: {known}"
        case MissingConfigException(missing_cfg_file=str(name), options=list(installed)) if name.startswith("hydra/"):
            group, _, option = name.rpartition("/")
            return f"{group}={option}: no plug-in of that name is installed. Installed: {', '.join(installed)}"
        case yaml.YAMLError():
            return _yaml_fault(error)
        case UnicodeDecodeError():
            return "; ".join(not_utf8(place.folders)) or _one_line(error)
        case _:
            return _one_line(error.__cause__ or error)


@cache
def _plain_hydra(chosen: tuple[str, ...], *, ours: bool) -> dict[str, Any]:
    """Return Hydra's own settings as ``conf/`` (or nobody) sets them, with options chosen for its groups by name."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return _hydra_of(compose("config" if ours else None, overrides=list(chosen), return_hydra_config=True))


def _hydra_of(composition: DictConfig) -> dict[str, Any]:
    found: Any = OmegaConf.to_container(composition.hydra, resolve=False)
    return {str(key): value for key, value in found.items()}


def _resolved(composition: Any) -> Any:  # noqa: ANN401
    """Return the plain mapping, every ``${key}`` followed, once nothing in it asks for more than other settings."""
    faults = interpolation_faults(OmegaConf.to_container(composition, resolve=False))
    if faults:
        raise ConfigError(faults)
    return OmegaConf.to_container(composition, resolve=True)


def _refuse_stale(path: Path) -> None:
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


def _yaml_fault(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error)
    if mark is None:
        return f"not YAML: {what}"
    return f"{_shown(Path(mark.name))}, line {mark.line + 1}: not YAML: {what}"


def _shown(file: Path) -> str:
    """Return a file as users know it."""
    return str(file.relative_to(ROOT) if file.is_relative_to(ROOT) else file)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())

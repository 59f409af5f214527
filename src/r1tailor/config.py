"""Compose, load, validate, explain: the one way a configuration comes in.

The only module that knows Hydra or OmegaConf. A composition (or ``params.yaml``) becomes frozen
``schema.Settings``; every fault is found in one go and said in the user's words, before torch is imported.
"""

import errno
import hashlib
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra._internal.utils import get_args_parser
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, Sweep
from hydra.errors import HydraException, MissingConfigException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError

from r1tailor.config_messages import did_you_mean, explain, shortened
from r1tailor.errors import ConfigError, TailorError
from r1tailor.schema.settings import Settings
from r1tailor.schema.sources import PackagedSource
from r1tailor.untrusted import (
    HYDRA_ALLOWED,
    hydra_faults,
    interpolation_faults,
    read_text,
    refuse_hostile_file,
    refuse_hostile_folder,
    refuse_hydra_section,
)

ROOT = Path.cwd() if (Path.cwd() / "conf" / "config.yaml").exists() else Path(__file__).resolve().parents[2]
CONF = ROOT / "conf"
GROUPS = ("domain", "model", "strategy", "optimizer", "scheduler", "curriculum", "trainer", "evaluation")
PARAMS = ROOT / "params.yaml"
_NO_WAY_TO_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES)


@contextmanager
def reported_errors() -> Iterator[None]:
    """Turn an error into one message on stderr and its exit code; never a traceback for a user's mistake."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then lets errors through to us instead of exiting with 1
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
        print(f"error: {error.filename or 'a file'} cannot be written: {error.strerror}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped; what was finished is kept", file=sys.stderr)
        sys.exit(130)


def checked_arguments(arguments: list[str]) -> list[str]:
    """Return the command line for Hydra, or raise every fault in it.

    A plain ``key=value`` becomes ``++key=value``, so that an unknown key reaches our schema (and its
    "did you mean") instead of stopping Hydra at the first one.

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
    folders = [conf, *([Path(parsed.config_dir).resolve()] if parsed.config_dir else [])]
    name = (parsed.config_name or "config").removesuffix(".yaml")
    _refuse_hostile_files(conf / f"{name}.yaml", folders[1:])
    if parsed.help or parsed.hydra_help or parsed.info is not None:
        checked, _ = _checked_overrides(parsed.overrides, folders)
        _composed([text for text, _ in checked], conf, name, folders[1:])  # for what Hydra itself must not be given
        return arguments
    _refuse_stale(conf / f"{name}.yaml")
    checked, faults = _checked_overrides(parsed.overrides, folders, sweep=bool(parsed.multirun))
    first = [text for text, override in checked if not (override and override.is_sweep_override())]
    composed, more = _composed(first, conf, name, folders[1:])
    unknown_only = bool(parsed.multirun)  # the jobs of a sweep check their own values, so that one may fail alone
    faults += [*more, *(explain(*composed, unknown_only=unknown_only) if composed else [])]
    faults += _swept_faults(checked, first, conf, name, folders[1:])
    if faults:
        raise ConfigError(faults)
    replaced = dict(zip(parsed.overrides, [text for text, _ in checked], strict=True))
    composed_already = ["hydra.run.dir=.", "hydra.output_subdir=null"] if parsed.config_path else []
    return [*(replaced.get(argument, argument) for argument in arguments), *composed_already]


def _refuse_hostile_files(primary: Path, folders: list[Path]) -> None:
    """Look at the files of others before anything composes them; ``conf/`` is the project's own."""
    for folder in folders:
        refuse_hostile_folder(folder)
    if primary.is_file() and not primary.resolve().is_relative_to(CONF.resolve()):
        refuse_hostile_file(primary)
        refuse_hydra_section(primary)


def _swept_faults(
    checked: list[tuple[str, Override | None]], first: list[str], conf: Path, name: str, folders: list[Path]
) -> list[str]:
    """Compose each option of a swept group once, where somebody's folder may have brought it; return its faults."""
    faults: list[str] = []
    for _, override in checked if folders else []:
        value = override.value() if override and override.is_sweep_override() else None
        if override and override.key_or_group in GROUPS and isinstance(value, Sweep):
            for option in getattr(value, "list", []):
                faults += _composed([*first, f"{override.key_or_group}={option}"], conf, name, folders)[1]
    return faults


def given_values(arguments: list[str]) -> dict[str, Any]:
    """Return the values that the command line of a direct run sets, by key; of a sweep or a request for help, none."""
    parsed, _ = get_args_parser().parse_known_args(arguments)
    other = (parsed.multirun, parsed.help, parsed.hydra_help, parsed.cfg, parsed.shell_completion, parsed.info)
    if any(other) or parsed.experimental_rerun:
        return {}
    parser, found = OverridesParser.create(), {}
    for text in parsed.overrides:
        with suppress(HydraException, RecursionError, ValueError):  # what is none of them, others report
            override = parser.parse_override(text)
            found[override.key_or_group] = override.value()
    return found


def with_overrides(settings: Settings, arguments: list[str]) -> Settings:
    """Return a composition with the overrides of a command line applied to it: options of groups, then values.

    An option's ``${key}`` takes the value that the composition has at that key.

    Raises:
        ConfigError: with every fault in the command line.
    """
    parsed, _ = get_args_parser().parse_known_args(arguments)
    folders = [CONF, *([Path(parsed.config_dir).resolve()] if parsed.config_dir else [])]
    _refuse_hostile_files(CONF / "config.yaml", folders[1:])
    checked, faults = _checked_overrides(parsed.overrides, folders)
    overrides = [override for _, override in checked if override]
    groups = [text for text, override in checked if override and override.key_or_group in GROUPS]
    _, more = _composed(groups, CONF, "config", folders[1:])
    if faults or more:
        raise ConfigError([*faults, *more])
    composition = OmegaConf.create(settings.model_dump(mode="json", by_alias=True))
    if groups:
        search = f"hydra.searchpath=[{','.join(f'file://{folder}' for folder in folders[1:])}]"
        with initialize_config_dir(str(CONF), version_base="1.3"):
            chosen = compose("config", overrides=[*groups, search])
        for override in overrides:
            if override.key_or_group in GROUPS:
                composition[override.key_or_group] = chosen[override.key_or_group]
    for override in overrides:
        if override.key_or_group not in GROUPS and not override.key_or_group.startswith("hydra"):
            OmegaConf.update(composition, override.key_or_group, override.value(), force_add=True)
    return _settings(_resolved(composition), {})


def as_override(key: str, value: str) -> str:
    """Return ``key=value``, the value quoted where Hydra's grammar asks for it.

    >>> as_override("output", "outputs/runs/a"), as_override("output", "runs/a (2)")
    ('output=outputs/runs/a', "output='runs/a (2)'")
    """
    if re.fullmatch(r"[\w./-]+", value, re.ASCII):
        return f"{key}={value}"
    escaped = re.sub(r"(\\*)'", r"\1\1\\'", value)
    return f"{key}='{escaped}'"


def load(overrides: list[str], config_name: str = "config") -> Settings:
    """Compose ``conf/`` with overrides and validate it.

    Raises:
        ConfigError: with every fault found.
    """
    return _settings(*_compose_or_raise(overrides, config_name))


def load_params(path: Path = PARAMS) -> Settings:
    """Read the composition that the DVC stages share, without composing again.

    Raises:
        ConfigError: the file is missing, not YAML, stale or faulty.
    """
    if not path.exists():
        how = "Write it with: python -m r1tailor params" if path == PARAMS else "Name the folder of a direct run"
        raise ConfigError([f"{path} does not exist. {how}"])
    refuse_hostile_file(path)
    _refuse_stale(path)
    try:
        composition = _resolved(OmegaConf.load(path))
    except yaml.YAMLError as error:
        raise ConfigError([_yaml_fault(error)]) from error
    except (OmegaConfBaseException, OSError, ValueError, RecursionError) as error:
        raise ConfigError([f"{path.name}: {_one_line(error)}"]) from error
    return _settings(composition, {})


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


def sweep_folder() -> Path | None:
    """Return the folder of this job if it belongs to a sweep."""
    if not HydraConfig.initialized() or HydraConfig.get().mode != RunMode.MULTIRUN:
        return None
    return Path(HydraConfig.get().runtime.output_dir)


def packaged_sources() -> list[PackagedSource]:
    """Return the pinned sources of every domain in ``conf/``.

    Raises:
        ConfigError: a domain's YAML cannot be read, or pins a source badly.
    """
    found: dict[str, PackagedSource] = {}
    for file in sorted((CONF / "domain").glob("*.yaml")):
        try:
            listed: Any = OmegaConf.to_container(OmegaConf.load(file))
            for entry in listed["sources"]:
                if entry["kind"] == "packaged":
                    found[entry["name"]] = PackagedSource.model_validate(entry)
        except yaml.YAMLError as error:
            raise ConfigError([_yaml_fault(error)]) from error
        except (KeyError, TypeError, ValidationError) as error:
            raise ConfigError([f"conf/domain/{file.name}: sources: {_one_line(error)}"]) from error
    return list(found.values())


def write_params(overrides: list[str], path: Path = PARAMS) -> None:
    """Compose, validate and write ``params.yaml``, headed by the hash of the ``conf/`` it follows from."""
    composition, choices = _compose_or_raise(overrides, "config")
    _settings(composition, choices)
    text = OmegaConf.to_yaml(OmegaConf.create(composition))
    header = f"# Composed from conf/ {conf_sha256()} by: python -m r1tailor params {' '.join(overrides)}".rstrip()
    path.write_text(f"{header}\n{text}", encoding="utf-8")


@dataclass(frozen=True)
class Option:
    """One option of a config group, as its file states it: nothing inherited, no ``${...}`` followed.

    Attributes:
        file: below the project.
        comment: what its first line says.
        values: the settings it sets.
    """

    file: str
    comment: str
    values: dict[str, Any]


def options(group: str) -> dict[str, Option]:
    """Return the options of a config group by name."""
    return {file.stem: _option(file) for file in sorted((CONF / group).glob("*.yaml"))}


def composed(overrides: list[str]) -> tuple[Any, dict[str, str]]:
    """Compose ``conf/`` without checking values; return the plain mapping and the chosen option of each group.

    Raises:
        ConfigError: an override cannot be parsed, or names an option that does not exist.
    """
    return _compose_or_raise(overrides, "config")


def set_in(key: str, overrides: list[str], choices: dict[str, str]) -> tuple[str, Any] | None:
    """Return where the value of a setting comes from, and what stands there before any ``${...}`` is followed.

    Args:
        key: dotted.
        overrides: of the command line; a later one wins.
        choices: the chosen option of each group.
    """
    for text in reversed(overrides):
        name, _, value = text.lstrip("+").partition("=")
        if key == name or (key.startswith(f"{name}.") and name not in GROUPS):
            return "the command line", (value,)
    group, _, below = key.partition(".")
    places = [(_option(CONF / "config.yaml"), key)]
    while group in choices and (option := options(group).get(choices[group])):
        places.append((option, below))
        choices = {group: _inherited(option)}
    found = ((option.file, value_at(option.values, path)) for option, path in places)
    return next(((file, value) for file, value in found if value is not None), None)


def _inherited(option: Option) -> str:
    """Return the option of the same group that an option starts from; empty where it starts from none."""
    defaults = option.values.get("defaults", [])
    return next((entry for entry in defaults if isinstance(entry, str) and entry != "_self_"), "")


def value_at(values: Any, path: str) -> Any:  # noqa: ANN401
    """Return what stands at a dotted path of a mapping: ``(value,)``, or None where there is nothing."""
    for part in path.split(".") if path else ():
        if isinstance(values, list) and part.isdigit() and int(part) < len(values):
            values = values[int(part)]
        elif isinstance(values, dict) and part in values:
            values = values[part]
        else:
            return None
    return (values,)


def _option(file: Path) -> Option:
    first = read_text(file).partition("\n")[0]
    values: Any = OmegaConf.to_container(OmegaConf.load(file), resolve=False)
    return Option(
        file.relative_to(ROOT).as_posix(), first.removeprefix("#").strip() if first[:1] == "#" else "", values
    )


def as_yaml(settings: Settings) -> str:
    """Return the whole composition as YAML."""
    return OmegaConf.to_yaml(OmegaConf.create(settings.model_dump(mode="json", by_alias=True)))


def conf_sha256() -> str:
    """Return one hash over every file below ``conf/`` (names and bytes)."""
    digest = hashlib.sha256()
    for file in sorted(CONF.rglob("*.yaml")):
        digest.update(file.relative_to(CONF).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _settings(composition: Any, choices: dict[str, str]) -> Settings:  # noqa: ANN401
    faults = explain(composition, choices)
    if faults:
        raise ConfigError(faults)
    return Settings.model_validate(composition)


def _compose_or_raise(overrides: list[str], config_name: str) -> tuple[Any, dict[str, str]]:
    checked, faults = _checked_overrides(overrides, [CONF])
    composed, more = _composed([text for text, _ in checked], CONF, config_name, [])
    if faults or more or composed is None:
        raise ConfigError([*faults, *more, *(explain(*composed) if composed else [])])
    return composed


def _checked_overrides(
    texts: list[str], folders: list[Path], *, sweep: bool = False
) -> tuple[list[tuple[str, Override | None]], list[str]]:
    """Return each override as Hydra shall see it, and the faults that are visible without composing."""
    parser = OverridesParser.create()
    checked: list[tuple[str, Override | None]] = []
    faults: list[str] = []
    for text in texts:
        try:
            override = parser.parse_override(text)
        except (HydraException, RecursionError, ValueError):  # ValueError: a number of thousands of digits
            faults.append(f"{shortened(text)} is not an override. Write key=value, or group=option.")
            continue
        key = override.key_or_group
        _refuse_hydras_own(text, override)
        if override.is_sweep_override() and not sweep:
            faults.append(f"{text}: several values are a sweep: add -m, or write a list as {key}=[...]")
        elif key in GROUPS:
            fault = _option_fault(key, override, folders)
            faults += fault
            if not fault:
                checked.append((text, override))
        else:
            plain = override.type is not None and override.type.name == "CHANGE" and not key.startswith("hydra")
            checked.append((f"++{text}" if plain else text, override))
    return checked, faults


def _refuse_hydras_own(text: str, override: Override) -> None:
    """Refuse at once what would act while Hydra composes, or in a job of a sweep that is not composed here."""
    key, package = override.key_or_group, override.package or ""
    of_hydra = re.match(r"hydra(\W|$)", key) or package
    if (
        key in ("hydra", "hydra.searchpath")
        or (of_hydra and override.is_sweep_override())
        or (key.startswith("hydra/") and not re.fullmatch(r"\+?hydra/\w+=[\w-]+", text))
    ):
        raise ConfigError([f"{shortened(text)}: Hydra's own settings are not to be changed this way; {HYDRA_ALLOWED}"])


def _option_fault(group: str, override: Override, folders: list[Path]) -> list[str]:
    options = sorted({file.stem for folder in folders for file in (folder / group).glob("*.yaml")})
    if not options:  # a composed file such as params.yaml: no groups to choose from
        return [f"{group}={override.get_value_element_as_str()}: params.yaml is composed already; use conf/"]
    value = override.value()
    chosen = [str(v) for v in value.list] if isinstance(value, Sweep) and hasattr(value, "list") else [str(value)]
    listed = ", ".join(options)
    return [
        f"{group}={option}: there is no such option.{did_you_mean(option, options)} conf/{group} has: {listed}"
        for option in chosen
        if option not in options
    ]


def _composed(
    overrides: list[str], conf: Path, name: str, extra: list[Path]
) -> tuple[tuple[Any, dict[str, str]] | None, list[str]]:
    """Return (composition, chosen option by group) or the faults that stopped Hydra."""
    search = [f"hydra.searchpath=[{','.join(f'file://{folder}' for folder in extra)}]"] if extra else []
    try:
        with initialize_config_dir(str(conf), version_base="1.3"):
            composition = compose(name, overrides=[*overrides, *search], return_hydra_config=True)
        choices = {group: str(composition.hydra.runtime.choices.get(group, "")) for group in GROUPS}
        chosen = tuple(text for text in overrides if text.lstrip("+").startswith("hydra/"))
        ours = (conf / f"{name}.yaml").resolve().is_relative_to(CONF.resolve())
        faults = hydra_faults(_hydra_of(composition), _plain_hydra(chosen, ours=ours))
        if faults:
            raise ConfigError(faults)
        OmegaConf.set_struct(composition, False)
        del composition["hydra"]
        return (_resolved(composition), choices), []
    except MissingConfigException as error:
        known = ", ".join(sorted(file.stem for file in conf.glob("*.yaml")))
        if error.missing_cfg_file == name:
            return None, [f"--config-name={name}: there is no such file in {conf.name}/. It has: {known}"]
        return None, [_one_line(error)]
    except yaml.YAMLError as error:
        return None, [_yaml_fault(error)]
    except (HydraException, OmegaConfBaseException, ValueError, RecursionError) as error:
        return None, [_one_line(error.__cause__ or error)]


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
    """Refuse a ``params.yaml`` that no longer follows from ``conf/``.

    One that DVC has composed itself (``dvc exp run -S``) carries no header and is fresh by construction.
    """
    header = read_text(path).partition("\n")[0] if path.is_file() else ""
    if header.startswith("# Composed from conf/ ") and header.split()[4:5] != [conf_sha256()]:
        again = header.partition(" by: ")[2].strip()
        raise ConfigError([f"{path.name} was composed before conf/ changed. Compose it again: {again}"])


def _yaml_fault(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error)
    if mark is None:
        return f"not YAML: {what}"
    file = Path(mark.name)
    shown = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
    return f"{shown}, line {mark.line + 1}: not YAML: {what}"


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())

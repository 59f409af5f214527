"""Hydra composes a folder of configuration; what it must not be given is refused, and why it cannot is one sentence.

With ``config``, ``overrides`` and ``command_line``, the only modules that know Hydra or OmegaConf.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from r1tailor import run_folders
from r1tailor.errors import ConfigError
from r1tailor.overrides import GROUPS, of_plug_ins
from r1tailor.untrusted import hydra_faults, interpolation_faults, not_utf8, refuse_hostile_option

STOPS_COMPOSING = (HydraException, OmegaConfBaseException, yaml.YAMLError, ValueError, RecursionError)


@dataclass(frozen=True)
class Place:
    """Where a composition comes from.

    Attributes:
        conf: a folder of configuration.
        name: of its primary file.
        extra: further folders to search.
        own: the project's folder of configuration.
        root: the project's.
    """

    conf: Path
    name: str
    extra: tuple[Path, ...]
    own: Path
    root: Path

    @property
    def folders(self) -> list[Path]:
        """All folders that are searched."""
        return [self.conf, *self.extra]

    @property
    def ours(self) -> bool:
        """Whether the primary file is the project's own."""
        return (self.conf / f"{self.name}.yaml").resolve().is_relative_to(self.own.resolve())


@dataclass(frozen=True)
class Composed:
    """What Hydra composed, unresolved, its own section taken out; and the chosen option of each config group."""

    composition: DictConfig
    choices: dict[str, str]
    hydra: dict[str, Any]


def compose_at(overrides: list[str], place: Place) -> Composed:
    """Compose with Hydra.

    Raises:
        ConfigError: the composition changes what Hydra itself does.
        HydraException, OmegaConfBaseException, yaml.YAMLError, ValueError, RecursionError: it cannot be composed.
    """
    for file in place.own.rglob("*.yaml"):
        refuse_hostile_option(file, file.stat().st_mtime_ns)
    search = [f"hydra.searchpath=[{','.join(f'file://{folder}' for folder in place.extra)}]"] if place.extra else []
    with initialize_config_dir(str(place.conf), version_base="1.3"):
        composition = compose(place.name, overrides=[*overrides, *search], return_hydra_config=True)
    chosen = composition.hydra.runtime.choices
    choices = {group: str(chosen.get(group, "")) for group in (*GROUPS, "hydra/sweeper")}
    hydra = _hydra_of(composition)
    faults = hydra_faults(hydra, _plain_hydra(of_plug_ins(overrides), place.own, ours=place.ours))
    faults += run_folders.hydra_faults(hydra, place.root) if place.ours else []
    if faults:
        raise ConfigError(faults)
    OmegaConf.set_struct(composition, False)
    del composition["hydra"]
    return Composed(composition, choices, hydra)


def why_not(error: Exception, place: Place) -> str:
    """Return in one sentence why Hydra could not compose."""
    match error:
        case MissingConfigException(missing_cfg_file=str(name)) if name == place.name:
            known = ", ".join(sorted(file.stem for file in place.conf.glob("*.yaml")))
            return f"--config-name={name}: there is no such file in {place.conf.name}/. It has: {known}"
        case MissingConfigException(missing_cfg_file=str(name), options=list(installed)) if name.startswith("hydra/"):
            group, _, option = name.rpartition("/")
            return f"{group}={option}: no plug-in of that name is installed. Installed: {', '.join(installed)}"
        case yaml.YAMLError():
            return yaml_fault(error, place.root)
        case UnicodeDecodeError():
            return "; ".join(not_utf8(place.folders)) or one_line(error)
        case _:
            return one_line(error.__cause__ or error)


@cache
def _plain_hydra(chosen: tuple[str, ...], own: Path, *, ours: bool) -> dict[str, Any]:
    """Return Hydra's own settings as the project (or nobody) sets them, with options chosen for its groups by name."""
    with initialize_config_dir(str(own), version_base="1.3"):
        return _hydra_of(compose("config" if ours else None, overrides=list(chosen), return_hydra_config=True))


def _hydra_of(composition: DictConfig) -> dict[str, Any]:
    found: Any = OmegaConf.to_container(composition.hydra, resolve=False)
    return {str(key): value for key, value in found.items()}


def resolved(composition: Any) -> Any:  # noqa: ANN401
    """Return the plain mapping, every ``${key}`` followed, once nothing in it asks for more than other settings."""
    faults = interpolation_faults(OmegaConf.to_container(composition, resolve=False))
    if faults:
        raise ConfigError(faults)
    return OmegaConf.to_container(composition, resolve=True)


def yaml_fault(error: yaml.YAMLError, root: Path) -> str:
    """Return where a file is not YAML, and why."""
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error)
    if mark is None:
        return f"not YAML: {what}"
    return f"{shown(Path(mark.name), root)}, line {mark.line + 1}: not YAML: {what}"


def shown(file: Path, root: Path) -> str:
    """Return a file as users know it."""
    return str(file.relative_to(root) if file.is_relative_to(root) else file)


def one_line(error: BaseException) -> str:
    """Return the text of an error on one line."""
    return " ".join(str(error).split())

"""The composition of this project: ``conf/project.yaml``, which ``r1tailor use`` writes and everything starts from.

It is a primary configuration of Hydra's: ``train.py``, ``params.yaml`` and ``dvc exp run -S`` are composed from it, and
an override changes what it names and nothing else.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from r1tailor import config, store
from r1tailor.errors import ConfigError
from r1tailor.overrides import GROUPS, as_override
from r1tailor.schema.settings import Settings
from r1tailor.untrusted import read_text, refuse_hostile_option

FILE = Path("conf") / "project.yaml"
_HEADER = """\
# The composition of this project. `python train.py`, the stages and `dvc exp run` start from it.
# Shown and changed by: r1tailor use [group=option ...] [key=value ...]
"""


@dataclass(frozen=True)
class Composition:
    """What a project composes: the options that it chooses, and the values that differ from theirs."""

    choices: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """Yield ``group=option`` and ``key=value`` as they are given to ``r1tailor use``."""
        yield from (f"{group}={option}" for group, option in self.choices.items())
        yield from _flat(self.values, "")


def read() -> Composition:
    """Return what ``conf/project.yaml`` says; where there is none, nothing differs from ``conf/config.yaml``.

    Raises:
        ConfigError: it is not of the form that ``use`` writes.
    """
    path = config.ROOT / FILE
    if not path.is_file():
        return Composition()
    try:
        refuse_hostile_option(path, path.stat().st_mtime_ns)
        values = yaml.safe_load(read_text(path))
        choices = [_choice(entry) for entry in values.pop("defaults") if entry not in ("config", "_self_")]
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
        form = "`defaults: [config, override <group>: <option>, ..., _self_]` and values"
        raise ConfigError([f"{FILE} is not of the form that `r1tailor use` writes: {form}"]) from error
    return Composition(dict(choices), values)


def changed(before: Composition, overrides: list[str]) -> tuple[Composition, list[str]]:
    """Return a composition with overrides, validated, and the keys of values that went with their option.

    A group whose option changes loses the values that were set on the option before.

    Raises:
        ConfigError: with every fault found.
    """
    given = config.parsed(overrides)
    choices = {key: str(value) for key, value in given if key in GROUPS}
    changing = {group for group, option in choices.items() if before.choices.get(group) != option}
    after = Composition(before.choices | choices, {k: v for k, v in before.values.items() if k not in changing})
    lost = [line.partition("=")[0] for line in _flat({k: v for k, v in before.values.items() if k in changing}, "")]
    values: Any = after.values
    for key, value in given:
        if key not in GROUPS:
            composed, _ = config.composed_with(after.choices, values)
            values = _put(values, composed, key.split("."), value, key)
    after = Composition(after.choices, values)
    settings(after)
    return after, lost


def settings(composition: Composition) -> Settings:
    """Compose and validate.

    Raises:
        ConfigError: with every fault found.
    """
    return config.validated(*config.composed_with(composition.choices, composition.values))


def write(composition: Composition) -> None:
    """Write ``conf/project.yaml``, and ``params.yaml`` from it.

    Raises:
        ConfigError: with every fault found.
    """
    defaults = ["config", *({f"override {group}": option} for group, option in composition.choices.items()), "_self_"]
    text = _HEADER + config.as_text({"defaults": defaults})
    if composition.values:
        text += "\n" + config.as_text(composition.values)
    store.write_text(config.ROOT / FILE, text)
    store.write_text(config.PARAMS, config.params_text())


def _choice(entry: dict[str, str]) -> tuple[str, str]:
    ((key, option),) = entry.items()
    override, group = key.split()
    if override != "override" or group not in GROUPS:
        raise ValueError(key)
    return group, option


def _put(kept: Any, composed: Any, parts: list[str], value: Any, key: str) -> Any:  # noqa: ANN401
    """Return what is kept with a value put into it; of a list all of it is kept, since YAML replaces lists whole."""
    if not parts:
        return _merged(kept, value)
    first, *rest = parts
    if isinstance(composed, list):
        if not first.isdigit() or int(first) >= len(composed):
            raise ConfigError([f"{key}: there is no {first} in a list of {len(composed)}"])
        whole = deepcopy(composed)
        whole[int(first)] = _put(whole[int(first)], whole[int(first)], rest, value, key)
        return whole
    inner = composed.get(first) if isinstance(composed, dict) else None
    mapping = kept if isinstance(kept, dict) else {}
    return {**mapping, first: _put(mapping.get(first), inner, rest, value, key)}


def _merged(kept: Any, value: Any) -> Any:  # noqa: ANN401
    if not isinstance(kept, dict) or not isinstance(value, dict):
        return value
    return kept | {str(key): _merged(kept.get(key), inner) for key, inner in value.items()}


def _flat(value: Any, key: str) -> Iterator[str]:  # noqa: ANN401
    if isinstance(value, dict) and (value or not key):
        for name, inner in value.items():
            yield from _flat(inner, f"{key}.{name}" if key else str(name))
    else:
        yield as_override(key, value) if isinstance(value, str) else f"{key}={json.dumps(value, ensure_ascii=False)}"

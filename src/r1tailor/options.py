"""What the files of ``conf/`` state: each option of a config group as it is written, before anything is composed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from r1tailor import config
from r1tailor.overrides import GROUPS
from r1tailor.untrusted import read_text, refuse_hostile_option


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
    return {file.stem: _option(file) for file in sorted((config.CONF / group).glob("*.yaml"))}


def shipped() -> Option:
    """Return what ``conf/config.yaml`` itself sets, outside the groups."""
    return _option(config.CONF / "config.yaml")


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
    places = [(_option(config.CONF / f"{name}.yaml"), key) for name in dict.fromkeys((config.primary(), "config"))]
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
    refuse_hostile_option(file, file.stat().st_mtime_ns)
    text = read_text(file)
    first = text.partition("\n")[0]
    values: Any = yaml.safe_load(text) or {}
    return Option(
        file.relative_to(config.CONF.parent).as_posix(),
        first.removeprefix("#").strip() if first[:1] == "#" else "",
        values,
    )

"""``r1tailor explain``: what a setting means, what it may be, what it is, and which file sets it."""

import argparse
import json
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.markup import escape

from r1tailor import config, options, reference
from r1tailor.commands.arguments import add_overrides
from r1tailor.domain.declaration import declarations
from r1tailor.overrides import GROUPS
from r1tailor.reference import MISSING, Setting
from r1tailor.schema.settings import Settings

_LONGEST = 60  # characters of a value in a list of settings


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command."""
    parser = commands.add_parser("explain", help="what a setting means, what it may be, and which file sets it")
    parser.add_argument("key", nargs="?", help="such as trainer.micro_batch_tokens, or a section (default: all)")
    add_overrides(parser)
    parser.set_defaults(run=_explain, project=False)


def _explain(parsed: argparse.Namespace) -> None:
    declarations()  # settings of the kinds of domains that this composition did not choose are explained too
    values, choices = config.composed(parsed.overrides)
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    if parsed.key is None:
        lines = _listed(list(reference.settings_of(Settings)), values, choices)
    else:
        lines = _lines(reference.find(parsed.key, values), parsed.overrides, choices)
    for line in lines:
        console.print(line)


def _lines(setting: Setting, overrides: list[str], choices: dict[str, str]) -> Iterator[str]:
    group = setting.key if setting.key in GROUPS else ""
    yield f"[bold]{escape(setting.key)}[/bold]"
    yield f"  {escape(setting.description)}"
    if setting.kinds:
        yield f"  of kind   {escape(', '.join(setting.kinds))}"
    yield f"  allowed   {escape(setting.allowed)}"
    yield from _value(setting, overrides, choices)
    yield from _options(setting.key, choices)
    chosen = _chosen(setting)
    if chosen is not None and not group:
        yield f"  section   {escape(reference.summary(chosen))}"
    if chosen is not None:
        yield "  settings"
        values = setting.value if isinstance(setting.value, dict) else {}
        yield from (f"  {line}" for line in _listed(list(reference.settings_of(chosen)), values, {}))


def _value(setting: Setting, overrides: list[str], choices: dict[str, str]) -> Iterator[str]:
    if setting.value is not MISSING and not setting.sections:
        yield f"  value     {escape(_shown(setting.value))}"
    found = options.set_in(setting.key, overrides, choices)
    if found is not None:
        file, (raw,) = found[0], found[1] if isinstance(found[1], tuple) else (found[1],)
        follows = f": {raw}" if isinstance(raw, str) and "${" in raw else ""
        yield f"  set in    {escape(file + follows)}"
    elif setting.value is MISSING:
        yield "  value     not set in this composition"


def _options(key: str, choices: dict[str, str]) -> Iterator[str]:
    """Yield the options of a group, or what each option of its group makes of a setting."""
    group, _, below = key.partition(".")
    if group not in choices:
        return
    listed = options.options(group)
    width = max(map(len, listed), default=0)
    for name, option in listed.items():
        found = options.value_at(option.values, below) if below else (option.values.get("title", option.comment),)
        if found is not None and not isinstance(found[0], dict | list):
            mark = "*" if name == choices[group] else " "
            yield f"  option {mark}  {escape(f'{group}={name.ljust(width)}  {_shown(found[0])}')}"


def _chosen(setting: Setting) -> Any:  # noqa: ANN401
    """Return the section that a composition chose; the only one there is; or none, for a plain value."""
    kind = setting.value.get("kind") if isinstance(setting.value, dict) else None
    by_kind = {reference.kind_of(section): section for section in setting.sections}
    return by_kind.get(kind or "", setting.sections[0] if len(setting.sections) == 1 else None)


def _listed(settings: list[Setting], values: Any, choices: dict[str, str]) -> Iterator[str]:  # noqa: ANN401
    """Yield a line for each setting: its name, its value or chosen option, its description."""
    names = [f"{setting.key}={choices[setting.key]}" if setting.key in choices else setting.key for setting in settings]
    width = max(map(len, names), default=0)
    for name, setting in zip(names, settings, strict=True):
        value = values.get(setting.key, MISSING)
        plain = value is not MISSING and not setting.sections
        shown = f" = {_cut(_shown(value))}" if plain else ""
        yield f"{escape(name.ljust(width) + shown)}  [dim]{escape(setting.description)}[/dim]"


def _shown(value: Any) -> str:  # noqa: ANN401
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

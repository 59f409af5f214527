"""What a YAML file of somebody else must not hold, found before Hydra or OmegaConf look at it.

Composing copies every alias, resolves every ``${...}`` and imports what a search path names, and Hydra calls what its
own settings name. Here the text and the plain mapping are looked at first; nothing here resolves or imports anything.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from r1tailor.errors import ConfigError

_DEEPEST, _LONGEST, _MOST_VALUES, _MOST_FILES, _MOST_INTERPOLATIONS = 40, 200_000, 50_000, 1000, 50
_RESOLVER = re.compile(r"\$\{[^}]*(?::|\$\{)")
_LEADS_OUT = re.compile(_RESOLVER.pattern + r"|(?:^|[/:@ ])\.\.(?:/|$)|//|\\|\0")
_FOLDERS = ("run.dir", "sweep.dir", "sweep.subdir")
_NATURAL = ("overrides", "runtime", "searchpath")  # differ by themselves; a search path is refused as an override
_NATURAL_OF_JOB = ("config_name", "override_dirname")
_ABSENT = object()
HYDRA_ALLOWED = (
    "allowed: hydra.sweep.dir, hydra.sweep.subdir, hydra.run.dir, hydra/launcher=<an installed one>, "
    "hydra/sweeper=<an installed one>, and their settings, such as hydra.launcher.timeout_min=60"
)


def refuse_hostile_folder(folder: Path) -> None:
    """Check every YAML file below a folder that was named on the command line.

    Raises:
        ConfigError: there are too many, or one is not fit to be composed.
    """
    for number, file in enumerate(folder.rglob("*.yaml")):
        if number == _MOST_FILES:
            raise ConfigError([f"{folder} holds more than {_MOST_FILES} YAML files; name the folder of yours alone"])
        refuse_hostile_file(file)
        _refuse_defaults(file, plain_yaml(file))
    _refuse_links_out(folder)


def _refuse_links_out(folder: Path) -> None:
    """Refuse symbolic links that lead out of a folder of configuration: Hydra follows them, our own look does not."""
    for path in folder.rglob("*"):
        if path.is_symlink() and (path.is_dir() or path.suffix == ".yaml"):
            try:
                inside = path.resolve().is_relative_to(folder.resolve())
            except (OSError, RuntimeError):  # a loop of links
                inside = False
            if not inside:
                raise ConfigError([f"{path}: a link that leads out of {folder}; copy what it points to"])


def refuse_hostile_file(file: Path, *, ours: bool = False) -> None:
    """Check one YAML file; what is no YAML at all is left to whoever reads it.

    Args:
        file: the file.
        ours: whether it is of the project's own ``conf/``, where aliases may stand.

    Raises:
        ConfigError: it cannot be read, is not UTF-8, is too long, nested too deeply, uses tags or aliases, or holds
            more values than a composition has, its aliases written out.
    """
    text = read_text(file)
    if len(text) > _LONGEST:
        raise ConfigError([f"{file}: more than {_LONGEST} characters; a composition is a few thousand"])
    for loader in (getattr(yaml, "CSafeLoader", yaml.SafeLoader), yaml.SafeLoader):
        with suppress(yaml.YAMLError, ValueError):  # libyaml, which is ten times as fast, does not read all of it
            _refuse_events(file, yaml.parse(text, Loader=loader), ours)
            return


def _refuse_events(file: Path, events: Iterable[Any], ours: bool) -> None:
    line = count = 0
    anchored: dict[str | None, int] = {}  # how many values stand at an anchor, once it has ended
    begun: list[tuple[str | None, int]] = []
    for event in events:
        line = event.start_mark.line + 1 if event.start_mark else line
        if isinstance(event, yaml.AliasEvent) and not ours:
            raise ConfigError([f"{file}, line {line}: an alias (*{event.anchor}); write the value out"])
        if isinstance(event, yaml.AliasEvent):  # one within its own anchor has no end
            count += anchored.get(event.anchor, _MOST_VALUES)
        elif isinstance(event, yaml.NodeEvent):
            if tag := getattr(event, "tag", None):  # PyYAML breaks down on one that does not fit, `!!int` of nothing
                tag = str(tag).replace("tag:yaml.org,2002:", "!!")
                raise ConfigError([f"{file}, line {line}: a tag ({tag[:200]}); write the value without it"])
            begun.append((event.anchor, count))
            count += 1
        if isinstance(event, (yaml.ScalarEvent, yaml.CollectionEndEvent)):
            anchor, before = begun.pop()
            anchored[anchor] = count - before
        if len(begun) > _DEEPEST:
            raise ConfigError([f"{file}, line {line}: nested deeper than {_DEEPEST} levels"])
        if count > _MOST_VALUES:
            raise ConfigError([f"{file}, line {line}: more than {_MOST_VALUES} values, its aliases written out"])


def read_text(file: Path) -> str:
    """Return the text of a configuration file.

    Raises:
        ConfigError: it cannot be read or is not UTF-8.
    """
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError([f"{file}: not UTF-8 (byte {error.start + 1}); save it as UTF-8"]) from error
    except (OSError, ValueError) as error:
        raise ConfigError([f"{str(file)[:300]} cannot be read: {getattr(error, 'strerror', None) or error}"]) from error


def not_utf8(folders: Iterable[Path]) -> list[str]:
    """Return the faults of the YAML files below some folders that cannot be read as UTF-8."""
    faults: list[str] = []
    for file in (file for folder in folders for file in sorted(folder.rglob("*.yaml"))):
        try:
            read_text(file)
        except ConfigError as error:
            faults += error.faults
    return faults


def plain_yaml(file: Path) -> Any:  # noqa: ANN401
    """Return what a YAML file of somebody else holds, read by the loader that builds plain values alone.

    Hydra's own loader builds more. What this one refuses cannot be checked, so Hydra must not see it.

    Raises:
        ConfigError: it is not plain YAML.
    """
    try:
        return yaml.safe_load(read_text(file))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        why = getattr(error, "problem", None) or " ".join(str(error).split())[:200]
        syntax = isinstance(error, (yaml.scanner.ScannerError, yaml.parser.ParserError))
        raise ConfigError([f"{file}{line}: not {'' if syntax else 'plain '}YAML: {why}"]) from error


def refuse_hydra_section(file: Path) -> None:
    """Check that a composition from elsewhere leaves Hydra's own settings alone: its search path is imported at once.

    Raises:
        ConfigError: it is not plain YAML, has a ``hydra`` section, or its defaults list leads elsewhere.
    """
    loaded = plain_yaml(file)
    if isinstance(loaded, dict) and any(str(key).startswith("hydra") for key in loaded):
        raise ConfigError([f"{file}: a hydra section is not allowed here; only conf/config.yaml has one"])
    if isinstance(loaded, dict) and loaded.get("defaults"):
        refuse_hostile_folder(file.parent)  # it is composed from other files of its folder
    _refuse_defaults(file, loaded)


@cache
def refuse_hostile_option(file: Path, changed: int) -> None:
    """Check a file of the project's own, which may have come from somebody else: its size, and its defaults list.

    Hydra resolves the list, and shows the values when it fails.

    Args:
        file: of ``conf/``.
        changed: when it was written last, so that an unchanged file is looked at once.

    Raises:
        ConfigError: as ``refuse_hostile_file``; or a ``${...}`` in the list asks for more than the options of other
            groups.
    """
    refuse_hostile_file(file, ours=True)
    text = read_text(file)
    if "defaults" in text and _RESOLVER.search(text):
        with suppress(yaml.YAMLError, ValueError, RecursionError):  # whoever composes it reports that
            _refuse_defaults(file, yaml.safe_load(text), inner=_RESOLVER)


def _refuse_defaults(file: Path, loaded: Any, inner: "re.Pattern[str]" = _LEADS_OUT) -> None:  # noqa: ANN401
    listed = loaded.get("defaults") if isinstance(loaded, dict) else None
    if found := next(filter(inner.search, _texts(listed)), None):
        raise ConfigError([
            f"{file}: defaults: {found[:200]!r} is not the name of an option: '..', '//' and resolvers such "
            "as oc.env are not allowed in a defaults list"
        ])  # fmt: skip


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401
    """Yield every text in a value, the keys of mappings included."""
    if isinstance(value, str):
        yield value
    for part in (*value, *value.values()) if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(part)


def interpolation_faults(composition: Any) -> list[str]:  # noqa: ANN401
    """Return the faults of what an unresolved composition asks for: settings may name settings, and nothing else."""
    strings = [(key, value) for key, value in _leaves(composition, "") if isinstance(value, str) and "${" in value]
    count = sum(value.count("${") for _, value in strings)
    if count > _MOST_INTERPOLATIONS:
        return [f"the composition holds {count} interpolations ${{...}}; at most {_MOST_INTERPOLATIONS} are allowed"]
    return [
        f"{key} = {value[:200]!r}: ${{...}} may name another setting and nothing else; resolvers such as "
        "oc.env, which would read this machine, are not allowed"
        for key, value in strings
        if _RESOLVER.search(value)
    ]


def hydra_faults(found: Mapping[str, Any], plain: Mapping[str, Any]) -> list[str]:
    """Return what a composition changes of Hydra's own settings, by which Hydra calls programs and writes files.

    Args:
        found: the ``hydra`` section as composed, unresolved.
        plain: the same, composed from ``conf/`` alone.
    """
    a, b = dict(_leaves(_compared(found), "")), dict(_leaves(_compared(plain), ""))
    changed = sorted(key for key in {*a, *b} if a.get(key, _ABSENT) != b.get(key, _ABSENT) and key not in _FOLDERS)
    faults = [_hydra_fault(key) for key in changed]
    return faults + [f"hydra.{key}: must be a folder's name" for key in _FOLDERS if not isinstance(a.get(key), str)]


def _hydra_fault(key: str) -> str:
    return f"hydra.{key} is not to be changed: with such settings Hydra runs programs and writes files; {HYDRA_ALLOWED}"


def _compared(hydra: Mapping[str, Any]) -> dict[str, Any]:
    job = {key: value for key, value in dict(hydra.get("job") or {}).items() if key not in _NATURAL_OF_JOB}
    return {key: value for key, value in hydra.items() if key not in _NATURAL} | {"job": job}


def _leaves(value: Any, key: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """Yield every value with the key that leads to it; an empty mapping or list is a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not value or not isinstance(value, (dict, list)):
        yield key, value
    for name, part in inner:
        yield from _leaves(part, f"{key}.{name}" if key else str(name))

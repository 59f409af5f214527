"""What a stage depends on besides its settings and the stages before it: files that settings name, and code.

DVC takes no list of dependencies from ``params.yaml``, and a project need not hold our code. So the first stage,
``inputs``, always runs: it writes the content hashes of both into one JSON for each stage, and a stage depends on its
JSON. The JSON is the same to the byte while nothing has changed.
"""

import ast
import hashlib
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

from pydantic.fields import FieldInfo

from r1tailor import store
from r1tailor.domain import declaration
from r1tailor.errors import DataError, UserError
from r1tailor.fields import Location
from r1tailor.inference import BASE, locate
from r1tailor.schema.base import Section
from r1tailor.schema.market import FeedSource
from r1tailor.schema.objective import ENDPOINT, Supervised
from r1tailor.schema.settings import STAGE_SECTIONS, Settings
from r1tailor.schema.sources import PackagedSource, SqlSource
from r1tailor.sources.packaged import member_path, packaged_folder

ROOMS = {
    "collect": ("sources", "corpus.progress", "corpus.privacy.references"),
    "clean": ("corpus",),
    "annotate": ("annotation",),
    "instruct": ("domain", "instruction"),
    "teach": ("domain", "teaching"),
    "train": ("training", "planning.lengths", "planning.rejected"),
    "variant": ("domain", "instruction", "training", "planning.lengths", "planning.rejected"),
    "compress": ("compression",),
    "evaluate": ("domain", "evaluation", "planning.lengths", "planning.follow_data"),
    "redteam": ("redteam",),
    "report": ("report",),
    "register": ("registry", "report"),
}
"""The modules that each stage starts from; what they import follows."""
_FILES = ("document_files", "record_files")  # of what flows: each stage itself reads and writes them
# Settings are dependencies by their values; how they are read, checked and explained changes no output.
UNCOUNTED = {
    "errors",
    "fields",
    "untrusted",
    "run_folders",
    "schema",
    "config",
    "config_messages",
    "command_line",
    "composing",
    "overrides",
    "stages",
    "commands",
}
_CALL_DOMAINS = {"collect", "instruct", "teach", "variant", "evaluate"}
_ASK_TEACHERS = {"teach", "variant"}
# Named by settings of which a stage depends on the outcome, or on these files alone.
_OPENED_TOO = {"evaluate": ("model",), "redteam": ("model",), "collect": ("domain.split",)}
_SQLITE = re.compile(r"sqlite(?:\+\w+)?:///([^?]+)")
_SHOWN = 3


def write_inputs(settings: Settings, root: Path, folder: Path) -> list[str]:
    """Write the JSON of each stage; return a line for each stage whose inputs changed, and for what cannot be hashed.

    Args:
        settings: the composition.
        root: of the project, where relative paths start.
        folder: where to write.

    Raises:
        DataError: a file cannot be read.
    """
    lines = [f"{url}: its rows are not looked at; {_AGAIN}" for url in _servers(settings)]
    for stage in ROOMS:
        path = folder / f"{stage}.json"
        found = {"files": files_of(settings, stage, root), "code": code_of(stage, settings.domain.kind)}
        if path.exists() and (changed := _changed(store.read_json(path), found)):
            more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
            lines.append(f"{stage}: {', '.join(changed[:_SHOWN])}{more} changed")
        store.write_json(path, found)
    return lines


_AGAIN = "after a change of them: dvc repro --single-item --force collect"


def sweep(folder: Path, names: Sequence[str], listed: str) -> None:
    """Remove the variants or forms of another composition, which DVC keeps in its cache, and list those of this one.

    ``evaluate`` depends on the folder of all of them, since DVC takes no list of dependencies.

    Args:
        folder: of all of them.
        names: those of this composition.
        listed: name of the file of that list.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for inner in folder.iterdir():
        if inner.is_dir() and inner.name not in names:
            shutil.rmtree(inner)
    store.write_json(folder / listed, list(names))


def files_of(settings: Settings, stage: str, root: Path) -> dict[str, str | None]:
    """Return the content hash of each file and folder that a stage opens because a setting names it; None: missing.

    Raises:
        DataError: one cannot be read.
    """
    named = {name: _content(root / name) for name in _names(settings, stage, root)}
    return named | (_teacher(settings, root) if stage in _ASK_TEACHERS else {})


def _teacher(settings: Settings, root: Path) -> dict[str, str | None]:
    """Return the hash of the teacher's manifest, None where there is none; settings name ``base`` and an endpoint."""
    wanted = settings.objective
    if isinstance(wanted, Supervised) or wanted.asked in (BASE, ENDPOINT):
        return {}
    try:
        manifest = locate(wanted.asked, root).model / store.MANIFEST
        return {f"teacher {wanted.asked}": _content(manifest)}
    except UserError:
        return {f"teacher {wanted.asked}": None}


def own_files(settings: Settings, root: Path) -> list[str]:
    """Return the files and folders that settings name and that exist, except what ``fetch`` brings."""
    names = {name for stage in ROOMS for name in _names(settings, stage, root)}
    fetched = packaged_folder(root)
    return sorted(name for name in names if (root / name).exists() and not (root / name).is_relative_to(fetched))


def named_files(value: object, root: Path) -> Iterator[str]:
    """Yield the files and folders that a value of the composition names, as it names them."""
    match value:
        case PackagedSource():
            yield member_path(value, root).relative_to(root).as_posix()
        case SqlSource():
            if found := _SQLITE.match(value.url):
                yield found[1]
                yield f"{found[1]}-wal"
        case _ if isinstance(value, get_args(FeedSource)):
            yield value.store  # what ``market`` fetched; a stage does not ask the feed
        case Section():
            for name, field in type(value).model_fields.items():
                inner = getattr(value, name)
                if isinstance(inner, str | tuple) and _names_a_file(field):
                    yield from (inner,) if isinstance(inner, str) else inner
                else:
                    yield from named_files(inner, root)
        case tuple() | list():
            for inner in value:
                yield from named_files(inner, root)
        case dict():
            yield from named_files(list(value.values()), root)


def code_of(stage: str, kind: str = "") -> dict[str, str]:
    """Return the hash of each module that a stage imports, and of the data files next to it, by path.

    Args:
        stage: one of ``ROOMS``.
        kind: of the domain; one that another package brings adds that package to the stages which call it.
    """
    files = set(modules(f"r1tailor.{room}" for room in (*ROOMS[stage], *_FILES)).values())
    files |= {file for folder in {file.parent for file in files} for file in folder.iterdir() if _is_data(file)}
    found = {file.relative_to(_folder("r1tailor").parent): file for file in files}
    for top in _packages(kind) if kind and stage in _CALL_DOMAINS else ():
        found |= _all_files(top)
    return {path.as_posix(): store.sha256_file(found[path]) for path in sorted(found)}


def modules(rooms: Iterable[str]) -> dict[str, Path]:
    """Return name and file of every module of some rooms, and of every module of ours that they import.

    A package that is only passed through on the way to a module counts; what it imports for others does not.
    """
    found: dict[str, Path] = {}
    waiting = [name for room in rooms for name in _all_of(room)]
    while waiting:
        name = waiting.pop()
        file = _file(name)
        if file is not None and name not in found and name.split(".")[1] not in UNCOUNTED:
            found[name] = file
            waiting += _imported(file)
    packages = {".".join(parts[:end]) for name in found for parts in [name.split(".")] for end in range(2, len(parts))}
    return found | {name: file for name in packages if (file := _file(name))}


def _names(settings: Settings, stage: str, root: Path) -> list[str]:
    sections = (*STAGE_SECTIONS[stage], *_OPENED_TOO.get(stage, ()))
    return sorted({name for path in sections for name in named_files(_section(settings, path), root)})


def _changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [
        name
        for kind in ("files", "code")
        for name in sorted({*before.get(kind, {}), *after[kind]})
        if before.get(kind, {}).get(name) != after[kind].get(name)
    ]


def _servers(settings: Settings) -> list[str]:
    sources = settings.domain.sources
    return [source.url for source in sources if isinstance(source, SqlSource) and not _SQLITE.match(source.url)]


def _section(settings: Settings, path: str) -> object:
    value: object = settings
    for name in path.removesuffix(".${key}").split("."):
        value = getattr(value, name)
    return value


def _names_a_file(field: FieldInfo) -> bool:
    """Whether a field is a ``Location``, one that may be null, or several of them."""
    marks = [*field.metadata, *(mark for kind in get_args(field.annotation) for mark in get_args(kind)[1:])]
    return get_args(Location)[1] in marks


def _content(path: Path) -> str | None:
    try:
        if path.is_dir():
            files = sorted(file for file in path.rglob("*") if file.is_file())
            listed = [(file.relative_to(path).as_posix(), store.content_sha256(file)) for file in files]
            return hashlib.sha256(repr(listed).encode()).hexdigest()
        return store.content_sha256(path) if path.exists() else None
    except OSError as error:
        raise DataError(f"{error.filename or path} cannot be read: {error.strerror}") from error


@cache
def _folder(top: str) -> Path:
    """Return the folder of a top-level package."""
    spec = find_spec(top)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def _packages(kind: str) -> set[str]:
    """Return the top-level modules of others that a kind of domain is implemented in."""
    declared = declaration(kind)
    places = (declared.implementation, declared.section.__module__, *declared.readers.values())
    return {place.split(":")[0].split(".")[0] for place in places} - {"r1tailor"}


def _all_files(top: str) -> dict[Path, Path]:
    """Return the code and data of a top-level module or package, by their path below where it is installed."""
    spec = find_spec(top)
    if spec is None or spec.origin is None:
        return {}
    origin = Path(spec.origin)
    if not spec.submodule_search_locations:
        return {Path(origin.name): origin}
    files = (file for file in origin.parent.rglob("*") if file.suffix == ".py" or _is_data(file))
    return {file.relative_to(origin.parent.parent): file for file in files}


def _file(name: str) -> Path | None:
    """Return the file of a module of ours; None for anything else, and for the package's own ``__init__``."""
    top, *rest = name.split(".")
    if top != "r1tailor" or not rest:
        return None
    path = _folder(top).joinpath(*rest)
    candidates = (path / "__init__.py", path.with_name(f"{path.name}.py"))
    return next((file for file in candidates if file.is_file()), None)


def _all_of(room: str) -> list[str]:
    """Return a module and every module below it."""
    file = _file(room)
    if file is None or file.name != "__init__.py":
        return [room]
    below = (inner.relative_to(file.parent).with_suffix("").parts for inner in file.parent.rglob("*.py"))
    return [".".join((room, *(part for part in parts if part != "__init__"))) for parts in below]


@cache
def _imported(file: Path) -> list[str]:
    """Return the modules that a file imports, at its top or inside its functions."""
    found: list[str] = []
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [name if _file(name) else node.module for name in inner]
    return found


def _is_data(file: Path) -> bool:
    return file.is_file() and file.suffix not in (".py", ".pyc", ".typed") and not file.name.startswith(".")

"""What each setting means and what it may be: the schema, read by people.

``r1tailor explain`` and the settings reference in the documentation both come from here, so neither can disagree with
what the schema accepts.
"""

import types
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from r1tailor.config_messages import did_you_mean
from r1tailor.errors import UserError
from r1tailor.schema.base import Section
from r1tailor.schema.domain import DomainSection
from r1tailor.schema.settings import Settings

MISSING = object()  # the value of a setting that a composition does not have
# The kinds of values of ``fields.py``, by the function that checks them.
_CHECKED = {
    "_location": "path",
    "_member": "path inside the archive",
    "_response": "text with {fields}",
    "_delimiter": "one character",
    "_encoding": "auto, or a codec such as cp1252",
    "_url": "URL without a password",
    "_variable": "name of an environment variable, R1TAILOR_SECRET_...",
    "_commit": "hash of a commit",
    "_select": "one SELECT statement",
    "_iso_date": "date (YYYY-MM-DD)",
    "_domain_name": "name of a folder",
}
_PLAIN = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    Any: "anything",
    types.NoneType: "null",
}
_LIMITS = {"gt": "greater than {}", "ge": "at least {}", "lt": "less than {}", "le": "at most {}"}
_LENGTHS = {"min_length": "at least {}", "max_length": "at most {}"}


@dataclass(frozen=True)
class Setting:
    """One setting, as the schema knows it.

    Attributes:
        key: dotted, as on the command line.
        description: what it does.
        allowed: what it may be, in words.
        kinds: of the section that holds it, where the section comes in several kinds and only these have the setting.
        sections: the sections below it, one for each kind; empty for a plain value.
        value: in a composition; ``MISSING`` where there is none.
    """

    key: str
    description: str
    allowed: str
    kinds: tuple[str, ...]
    sections: tuple[type[Section], ...]
    value: Any = MISSING


def kind_of(section: type[Section]) -> str:
    """Return the ``kind`` by which a section is chosen; empty where it comes in one kind only."""
    field = section.model_fields.get("kind")
    return "".join(map(str, get_args(field.annotation))) if field else ""


def summary(section: type[Section]) -> str:
    """Return what a section is: the first paragraph of its docstring, on one line."""
    return " ".join((section.__doc__ or "").partition("\n\n")[0].split()).replace("``", "`")


def settings_of(section: type[Section], prefix: str = "") -> Iterator[Setting]:
    """Yield the settings of a section, in order, without the ``kind`` that chooses it."""
    for name, field in section.model_fields.items():
        if name != "kind":
            yield _setting(f"{prefix}.{field.alias or name}" if prefix else field.alias or name, section, name, ())


def keys(section: type[Section] = Settings, prefix: str = "") -> Iterator[str]:
    """Yield the key of every setting below a section; lists are passed through, keys of mappings are ``<name>``."""
    for setting in settings_of(section, prefix):
        yield setting.key
        below = f"{setting.key}.<name>" if setting.allowed.startswith("mapping") else setting.key
        for inner in setting.sections:
            yield from keys(inner, below)


def find(key: str, composition: Any) -> Setting:  # noqa: ANN401
    """Return the setting of a key, with its value in a composition.

    Args:
        key: dotted; the number of a list's entry may be left out.
        composition: plain mapping as composed.

    Raises:
        UserError: there is no such setting; says which may be meant.
    """
    found = _search(key.split("."), Settings, composition, None)
    if found is None:
        raise UserError(_unknown(key))
    return replace(found, key=key)


def _search(parts: list[str], annotation: Any, value: Any, found: Setting | None) -> Setting | None:  # noqa: ANN401
    """Follow a key through the schema: first the way that the composition chose, then the other kinds of sections."""
    if not parts:
        return found and replace(
            found, allowed=allowed(annotation), sections=tuple(sections_in(annotation)), value=value
        )
    for inner, inner_value, setting in _steps(annotation, value, parts[0]):
        if result := _search(parts[1:], inner, inner_value, setting or found):
            return result
    return None


def _steps(annotation: Any, value: Any, part: str) -> Iterator[tuple[Any, Any, Setting | None]]:  # noqa: ANN401
    """Yield what one part of a key may lead to: an entry of a list or mapping, or a setting of a section."""
    origin, inner = _container(annotation)
    if origin is tuple and part.isdigit():
        there = isinstance(value, list) and int(part) < len(value)
        yield inner[0], value[int(part)] if there else MISSING, None
    holders = _holders(annotation, value, part)
    kinds = tuple(map(kind_of, holders)) if len(holders) < len(sections_in(annotation)) else ()
    for holder in holders:
        name = _name(holder, part) or part
        yield _whole(holder.model_fields[name]), _at(value, part), _setting(part, holder, name, kinds)
    if origin is dict and _fits(inner[0], part):
        yield inner[1], _at(value, part), None


def _fits(annotation: Any, value: str) -> bool:  # noqa: ANN401
    try:
        TypeAdapter(annotation).validate_python(value)
    except ValidationError:
        return False
    return True


def _at(value: Any, part: str) -> Any:  # noqa: ANN401
    return value.get(part, MISSING) if isinstance(value, dict) else MISSING


def sections_in(annotation: Any) -> list[type[Section]]:  # noqa: ANN401
    """Return the sections that an annotation stands for, one for each kind; of domains, those that are imported."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        kinds = annotation.__subclasses__() if annotation is DomainSection else []
        return [*kinds] or [annotation]
    inner = get_args(annotation)[:1] if get_origin(annotation) is Annotated else get_args(annotation)
    return [section for part in inner for section in sections_in(part)]


def allowed(annotation: Any) -> str:  # noqa: ANN401
    """Return in words what a value may be.

    >>> allowed(Literal["cpu", "gpu"] | None)
    'one of: cpu, gpu; or null'
    """
    metadata: tuple[Any, ...] = ()
    while get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        metadata = (*metadata, *more)
    words = next((_CHECKED[check] for check in map(_check, metadata) if check in _CHECKED), "") or _kind(annotation)
    limits = [text.format(_limit(value)) for text, value in _found(metadata, _LIMITS)]
    lengths = [text.format(_limit(value)) for text, value in _found(metadata, _LENGTHS)]
    patterns = [text.format(value) for text, value in _found(metadata, {"pattern": "matching `{}`"})]
    if annotation is str:
        limits += [f"{length} characters" for length in lengths]
    elif lengths:
        words = f"{words.partition(' ')[0]} ({', '.join(lengths)}) {words.partition(' ')[2]}"
    return ", ".join(dict.fromkeys([words, *limits, *patterns]))


def _kind(annotation: Any) -> str:  # noqa: ANN401
    inner = get_args(annotation)
    match get_origin(annotation):
        case origin if origin in (Union, types.UnionType):
            return _union(annotation, inner)
        case origin if origin is Literal:
            return f"one of: {', '.join(map(str, inner))}" if len(inner) > 1 else str(inner[0])
        case origin if origin is tuple:
            return f"list of {_plural(allowed(inner[0]))}"
        case origin if origin is dict:
            return f"mapping of {allowed(inner[0])} to {allowed(inner[1])}"
    return _PLAIN.get(annotation, "section")


def _union(annotation: Any, inner: tuple[Any, ...]) -> str:  # noqa: ANN401
    words = [allowed(part) for part in inner if part is not types.NoneType]
    if sections := sections_in(annotation):
        kinds = [kind_of(section) for section in sections if kind_of(section)]
        words = [f"section, kind one of: {', '.join(kinds)}" if len(kinds) > 1 else "section"]
    return "; or ".join([*dict.fromkeys(words), *(["null"] if types.NoneType in inner else [])])


def _plural(words: str) -> str:
    return {"text": "texts", "path": "paths", "section": "sections"}.get(
        words, words.replace("section, ", "sections, ")
    )


def _found(metadata: tuple[Any, ...], names: dict[str, str]) -> Iterator[tuple[str, Any]]:
    """Yield the text and the value of each limit of these names."""
    for item in metadata:
        for one in item.metadata if isinstance(item, FieldInfo) else (item,):
            yield from (
                (text, value) for name, text in names.items() if (value := getattr(one, name, None)) is not None
            )


def _limit(value: Any) -> str:  # noqa: ANN401
    return f"{value:,}" if isinstance(value, int) and value >= 10_000 else str(value)


def _check(item: Any) -> str:  # noqa: ANN401
    return getattr(getattr(item, "func", None), "__name__", "")


def _whole(field: FieldInfo) -> Any:  # noqa: ANN401
    """Return a field's annotation with what pydantic took off it."""
    return Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation


def _setting(key: str, section: type[Section], name: str, kinds: tuple[str, ...]) -> Setting:
    whole = _whole(section.model_fields[name])
    return Setting(key, _description(section, name), allowed(whole), kinds, tuple(sections_in(whole)))


def _description(section: type[Section], name: str) -> str:
    """Return a field's description; where a section narrows a field of its parent, the parent's may do."""
    for kind in section.__mro__:
        field = kind.model_fields.get(name) if issubclass(kind, Section) else None
        if field and field.description:
            return field.description
    return ""


def _name(section: type[Section], written: str) -> str | None:
    """Return the field that is written so in YAML."""
    return next((own for own, field in section.model_fields.items() if written in (field.alias, own)), None)


def _holders(annotation: Any, value: Any, name: str) -> list[type[Section]]:  # noqa: ANN401
    """Return the sections that have a setting: first the one that the value's kind chooses."""
    holders = [section for section in sections_in(annotation) if _name(section, name)]
    kind = value.get("kind") if isinstance(value, dict) else None
    return sorted(holders, key=lambda section: kind_of(section) != kind)


def _container(annotation: Any) -> tuple[Any, tuple[Any, ...]]:  # noqa: ANN401
    """Return a list's or mapping's origin and arguments, below annotations and ``| None``."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (tuple, dict):
        return origin, inner
    for part in inner[:1] if origin is Annotated else inner if origin in (Union, types.UnionType) else ():
        if (found := _container(part))[0] is not None:
            return found
    return None, ()


def _unknown(key: str) -> str:
    known = list(dict.fromkeys(keys()))
    same = [name for name in known if name.rpartition(".")[2] == key.rpartition(".")[2]]
    if same:
        return f"{key} is not a setting. Did you mean {' or '.join(same[:5])}?"
    hint = did_you_mean(key, known) or f" Sections: {', '.join(setting.key for setting in settings_of(Settings))}"
    return f"{key} is not a setting.{hint}"

"""Schema faults in the user's words: the key, the file it comes from, what is allowed, what was meant."""

import difflib
from collections.abc import Iterable
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from r1tailor.schema.settings import Settings

_MISSING = "???"
_LONGEST_SHOWN = 300
_TAGGED = (
    "domain",
    "model",
    "strategy",
    "objective",
    "optimizer",
    "scheduler",
    "curriculum",
    "trainer",
    "logger",
    "evaluation",
)  # have files of their own


def explain(
    composition: Any,  # noqa: ANN401
    choices: dict[str, str],
    context: dict[str, Any],
    *,
    unknown_only: bool = False,
) -> list[str]:
    """Return every fault of a composed mapping, one sentence each; an empty list means it is valid.

    Args:
        composition: plain mapping as composed.
        choices: the chosen option of each config group, to name the file a section comes from.
        context: what the kind of domain declares (``domain.declaration.context``).
        unknown_only: report keys that do not exist, not values that do not fit.
    """
    missing = sorted(_missing_values(composition, ""))
    faults = {key: f"{key} is required: give {key}=..." for key in missing}
    try:
        Settings.model_validate(composition, context=context)
    except ValidationError as error:
        for item in error.errors():
            if unknown_only and item["type"] != "extra_forbidden":
                continue
            if item["type"] == "too_short" and item["input"]:  # its entries are faulty, and are reported themselves
                continue
            key, fault = _sentence(dict(item), composition, choices)
            faults.setdefault(key, fault)
    return [fault for key, fault in faults.items() if not unknown_only or key not in missing]


def first(error: ValidationError, tags: tuple[str, ...] = ()) -> str:
    """Return the first fault of a record, without quoting it: ``result.2.value.start must be an integer``.

    Args:
        error: what pydantic found.
        tags: of the mappings that its lists hold; pydantic names them after the index, the record does not.
    """
    item = error.errors(include_url=False, include_input=False)[0]
    loc = item["loc"]
    parts = [
        part for before, part in zip(("", *loc), loc, strict=False) if not (isinstance(before, int) and part in tags)
    ]
    key = ".".join(map(str, parts))
    match item["type"]:
        case "missing":
            return f"{key} is missing"
        case "model_type" | "dataclass_type":
            return f"{key or 'it'} must be a mapping"
        case "union_tag_invalid" | "union_tag_not_found":
            return f"{key} must have one of these for its type: {', '.join(tags)}"
        case _:
            rule = _rule(dict(item)).partition(" after validation")[0]
            return f"{key} {rule[0].lower()}{rule[1:]}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `` Did you mean x?`` for the closest known word, or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.65)
    return f" Did you mean {close[0]}?" if close else ""


def shortened(value: Any) -> str:  # noqa: ANN401
    """Return a value as it was given, cut where it would fill the screen."""
    try:
        shown = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, a mapping within itself
        return "a value too large to show"
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}..."


def _missing_values(value: Any, key: str) -> Iterable[str]:  # noqa: ANN401
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _missing_values(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _missing_values(inner, f"{key}.{index}")
    elif value == _MISSING:
        yield key


def _sentence(item: dict[str, Any], composition: Any, choices: dict[str, str]) -> tuple[str, str]:  # noqa: ANN401
    path = _user_path(item["loc"], composition)
    key = ".".join(str(part) for part in path)
    where = _where(path, composition, choices)
    value = item.get("input")
    match item["type"]:
        case "extra_forbidden":
            allowed = _fields_at(path[:-1], composition)
            close = difflib.get_close_matches(str(path[-1]), allowed, n=1, cutoff=0.5)
            full = ".".join([*map(str, path[:-1]), *close])
            hint = f"Did you mean {full}?" if close else f"Allowed: {', '.join(allowed)}"
            return key, f"{key} is not a setting of {where}. {hint}"
        case "missing":
            return key, f"{key} is missing from {_where(path[:-1], composition, choices)}"
        case "union_tag_invalid" | "union_tag_not_found":
            tags = item.get("ctx", {}).get("expected_tags", "a kind of its group")
            kind = value.get("kind") if isinstance(value, dict) else value
            meant = did_you_mean(str(kind), [tag.strip(" '") for tag in tags.split(",")])
            return key, f"{key}.kind = {shortened(kind)}: must be one of {tags}; choose one with {key}=<option>.{meant}"
        case "value_error":
            return key, f"{key or 'composition'}: {item['ctx']['error']} ({where})"
        case "literal_error":
            expected = item["ctx"]["expected"]
            words = [word.strip(" '") for word in expected.replace(" or ", ",").split(",")]
            return (
                key,
                f"{key} = {shortened(value)}: must be one of {', '.join(words)}.{did_you_mean(str(value), words)}",
            )
        case _:
            rule = _rule(item)
            return key, f"{key} = {shortened(value)}: {rule[0].lower()}{rule[1:]} ({where})"


def _rule(item: dict[str, Any]) -> str:
    """Return pydantic's rule in our words."""
    if item["type"] == "string_type" and item["loc"][-1] == "str":
        return "must be a string or a list of strings"
    replaced = {
        "Input should": "must",
        "String should": "must",
        "Tuple should": "must",
        "List should": "must",
        " a valid ": " a ",
        " a i": " an i",
        "dictionary": "mapping",
        "tuple": "list",
        " after validation, not 0": "",
    }
    rule = str(item["msg"])
    for theirs, ours in replaced.items():
        rule = rule.replace(theirs, ours)
    return rule


def _user_path(loc: tuple[Any, ...], composition: Any) -> list[str | int]:  # noqa: ANN401
    """Drop from a pydantic location what the user never wrote: the tags of unions."""
    path: list[str | int] = []
    value = composition
    for position, part in enumerate(loc):
        last = position == len(loc) - 1 and not (isinstance(value, dict) and part == value.get("kind"))
        if isinstance(value, dict) and (part in value or last):
            path.append(part)
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            path.append(part)
            value = value[part]
    return path


def _where(path: list[str | int], composition: Any, choices: dict[str, str]) -> str:  # noqa: ANN401
    section = str(path[0]) if path else ""
    if section not in _TAGGED:
        return "the composition (conf/config.yaml)"
    option = choices.get(section)
    if option:
        return f"{section}={option} (conf/{section}/{option}.yaml)"
    kind = composition.get(section, {}).get("kind") if isinstance(composition.get(section), dict) else None
    return f"{section}={kind}" if kind else section


def _fields_at(path: list[str | int], composition: Any) -> list[str]:  # noqa: ANN401
    """Return the settings that exist at a path, following the kind of each tagged section."""
    annotation: Any = Settings
    value = composition
    for part in path:
        model = _model_for(annotation, value)
        if get_origin(annotation) is dict:
            annotation = get_args(annotation)[1]
        elif isinstance(part, str) and model is not None:
            annotation = model.model_fields[part].annotation if part in model.model_fields else None
        value = value[part]
    model = _model_for(annotation, value)
    return [field.alias or name for name, field in model.model_fields.items()] if model is not None else []


def _model_for(annotation: Any, value: Any) -> type[BaseModel] | None:  # noqa: ANN401
    """Return the section model that an annotation stands for, choosing by ``kind`` where there are several."""
    models = list(_models_in(annotation))
    kind = value.get("kind") if isinstance(value, dict) else None
    for model in models:
        field = model.model_fields.get("kind")
        if field is None or kind in get_args(field.annotation):
            return model
    return None


def _models_in(annotation: Any) -> Iterable[type[BaseModel]]:  # noqa: ANN401
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for kind in annotation.__subclasses__():  # of a domain, by the kind that extends its section
            yield from _models_in(kind)
    elif get_origin(annotation) in (Annotated, Union, tuple) or hasattr(annotation, "__args__"):
        for inner in get_args(annotation):
            yield from _models_in(inner)

"""Anybody's instruction examples and conversations: one document a record.

A record has one of five formats, which its keys show: ``instruction`` (ours), ``alpaca`` (the same with ``system`` and
``history``), ``messages`` (OpenAI), ``sharegpt``, ``prompt_completion``. One question and its answer becomes the same
document in each; several turns, or a system turn, stand in the document's field ``turns`` (``conversations.py``). A
record may bring a rejected answer as well (``preferences.py``).
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from r1tailor.config_messages import did_you_mean
from r1tailor.errors import DataError
from r1tailor.record_files import named
from r1tailor.records import Document
from r1tailor.schema.sources import JsonlSource
from r1tailor.sources import ids
from r1tailor.sources.base import Origin, Read, raw_files, within_limits
from r1tailor.sources.containers import SUFFIXES, form, mappings
from r1tailor.sources.conversations import Conversation, Fault, answered, conversation, exchanges, text_of
from r1tailor.sources.preferences import REJECTED, preferred, refuse_same

_REQUIRED = ("input", "output")
_OPTIONAL = ("instruction", "reasoning", "group", "entities")
_KEYS: dict[str, tuple[str, ...]] = {  # of a record of each format, next to group and entities
    "instruction": (*_REQUIRED, *_OPTIONAL),
    "alpaca": (*_REQUIRED, *_OPTIONAL, "system", "history"),
    "messages": ("messages", "tools", "group", "entities"),
    "sharegpt": ("conversations", "conversation", "system", "tools", "group", "entities"),
    "prompt_completion": ("prompt", "completion", "reasoning", "tools", "group", "entities"),
}
_SHOWN = {
    "instruction": "instruction, input and output",
    "alpaca": "Alpaca",
    "messages": "OpenAI messages",
    "sharegpt": "ShareGPT",
    "prompt_completion": "prompt and completion",
}
_TAKEN = {
    REJECTED,
    "turns",
    "of_turns",
    "tools",
    "gold",
    "terms",
    "pages",
    *(key for keys in _KEYS.values() for key in keys),
}


@dataclass
class _Told:
    """What a source's one line tells of its records."""

    formats: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)

    def line(self, name: str) -> str:
        """Return the line."""
        shown = [f"{what} ({count:,})" for what, count in self.formats.items()]
        shown += [f"{what}: {count:,}" for what, count in self.counts.items() if count]
        if self.unknown:
            shown.append("kept in fields: " + ", ".join(self.unknown_keys()))
        return f"collect: {name}: {'; '.join(shown)}"

    def unknown_keys(self) -> Iterator[str]:
        """Yield the unknown keys, each with its count and with the key that may be meant."""
        for key, count in self.unknown.items():
            meant = did_you_mean(key.strip("'"), _KEYS["instruction"]).strip()
            yield f"{key} ({count:,}{f'; {meant[0].lower()}{meant[1:]}' if meant else ''})"


def read(source: JsonlSource, root: Path) -> Read:
    """Yield a document for each record of each file, and print one line on what they are.

    A record that is no mapping, lacks a key, or has one of another name or type, is rejected.

    Raises:
        DataError: there is no such file, or no record in it.
    """
    records, told = 0, _Told()
    for path in raw_files(source, source.path, root, SUFFIXES):
        origin = Origin.of(source, path, root)
        found = _file(origin, path, ids.prefix(source, path, root / source.path), source, told)
        for each in within_limits(found, origin):
            records += 1
            yield each
    if not records:
        raise DataError(f'{source.path} holds no records; a line is {{"instruction", "input", "output"}}')
    if told.formats:
        print(told.line(source.name), flush=True)


def _file(origin: Origin, path: Path, prefix: str, source: JsonlSource, told: _Told) -> Read:
    format_: str | None = None if source.format == "auto" else source.format
    held = form(path)
    for number, unit, record in mappings(path, origin.file):
        position = f"{unit} {number}"
        if isinstance(record, str):
            yield origin.rejection(position, record)
            continue
        try:
            record, rejected = preferred(record)
            format_ = format_ or format_of(record)
            yield _document(origin, f"{prefix}-{number}", position, record, rejected, format_, source, told)
            told.formats[f"{_SHOWN[format_]}, {held}"] += 1
        except Fault as fault:
            yield origin.rejection(position, str(fault))


def format_of(record: Mapping[str, Any]) -> str:
    """Return the format that a record's keys show; ``instruction`` where they show none."""
    if "messages" in record:
        return "messages"
    if "conversations" in record or "conversation" in record:
        return "sharegpt"
    if "prompt" in record and "completion" in record:
        return "prompt_completion"
    without_input = "input" not in record and "output" in record and "instruction" in record
    return "alpaca" if without_input or "system" in record or "history" in record else "instruction"


def _document(
    origin: Origin,
    id_: str,
    position: str,
    record: dict[str, Any],
    rejected: str,
    format_: str,
    source: JsonlSource,
    told: _Told,
) -> Document:
    kept = _unknown(record, format_, source.unknown_keys)
    own = {"group": _group(record.get("group", "")), "entities": _entities(record.get("entities", []))}
    made = None if _has_one_turn(record, format_) else _read(record, format_)
    text, fields, parsed = _plain(record, format_) if made is None else _said(made)
    if rejected:
        fields |= _rejected(rejected, fields)
        told.counts["with a rejected answer"] += 1
    told.unknown.update(map(named, kept))
    told.counts["reasoning parsed out of <think> in the answer"] += parsed
    if made is not None:
        told.unknown.update(f"{named(key)} of a turn" for turn in made.unknown for key in turn)
        told.counts["several turns"] += "turns" in fields
        told.counts["turns after the last answer, not read"] += made.unanswered
        told.counts["turns of the assistant before anybody asked, left out"] += made.opening
    ordered = {"instruction": "", "reasoning": "", **own} | fields | kept
    return origin.document(id_, text, position, ordered)


def _rejected(rejected: str, fields: Mapping[str, Any]) -> dict[str, str]:
    turns = fields.get("turns")
    if turns and not turns[-1]["trained"]:
        raise Fault("the last answer is not trained (weight 0), and the rejected answer belongs to it")
    refuse_same(rejected, fields["output"])
    return {REJECTED: rejected}


def _has_one_turn(record: Mapping[str, Any], format_: str) -> bool:
    return format_ == "instruction" or (format_ == "alpaca" and not record.get("system") and not record.get("history"))


def _plain(record: Mapping[str, Any], format_: str) -> tuple[str, dict[str, Any], bool]:
    """Return the text, the fields and whether reasoning was parsed, of a record with instruction, input and output."""
    for key in _REQUIRED:
        if key not in record and (key, format_) != ("input", "alpaca"):
            raise Fault(f"{key} is missing; a record needs {', '.join(_REQUIRED)}")
    given = {key: text_of(record[key], key) for key in ("input", "output", "instruction", "reasoning") if key in record}
    output, reasoning, parsed = answered(given["output"], given.get("reasoning", ""), "output")
    fields = {"instruction": given.get("instruction", ""), "reasoning": reasoning}
    return given.get("input", ""), fields | {"output": output}, parsed


def _read(record: Mapping[str, Any], format_: str) -> Conversation:
    match format_:
        case "messages":
            return conversation(_needed(record, "messages"), "messages", None, record.get("tools"))
        case "sharegpt":
            key = "conversation" if "conversations" not in record else "conversations"
            return conversation(_needed(record, key), key, record.get("system"), record.get("tools"))
        case "prompt_completion":
            return _completed(record)
    asked = [text_of(record.get(key, ""), key) for key in ("instruction", "input")]
    question = "\n\n".join(part for part in asked if part)
    if not question.strip():
        raise Fault("instruction and input are empty: nothing is asked")
    told = text_of(record.get("reasoning", ""), "reasoning")
    answer, reasoning, parsed = answered(text_of(_needed(record, "output"), "output"), told, "output")
    made = exchanges(record.get("history"), question, answer, record.get("system"), reasoning)
    made.parsed += parsed
    return made


def _completed(record: Mapping[str, Any]) -> Conversation:
    prompt, completion = _needed(record, "prompt"), _needed(record, "completion")
    if isinstance(completion, str):
        completion = [{"role": "assistant", "content": completion.strip(), "reasoning": record.get("reasoning")}]
    if isinstance(prompt, str):
        prompt = [{"role": "user", "content": prompt}]
    if not isinstance(prompt, list) or not isinstance(completion, list):
        raise Fault("prompt and completion must be text or lists of messages")
    return conversation([*prompt, *completion], "prompt and completion", None, record.get("tools"))


def _said(made: Conversation) -> tuple[str, dict[str, Any], int]:
    """Return the text and the fields of a conversation, and how many answers had their reasoning parsed."""
    last = made.turns[-1]
    if made.plain and last["trained"]:
        return made.turns[0]["content"], {"reasoning": last["reasoning"], "output": last["content"]}, made.parsed
    text = "\n\n".join(turn["content"] for turn in made.turns if turn["content"])
    fields: dict[str, Any] = {"output": last["content"], "turns": made.turns}
    others = {"tools": made.tools, "of_turns": made.unknown if any(made.unknown) else []}
    return text, fields | {key: value for key, value in others.items() if value}, made.parsed


def _unknown(record: Mapping[str, Any], format_: str, wish: str) -> dict[str, Any]:
    """Return the entries of a record whose keys its format does not know."""
    found = {key: value for key, value in record.items() if key not in _KEYS[format_]}
    for key in found:
        allowed = ", ".join(_KEYS[format_])
        if wish == "refuse":
            raise Fault(f"{named(key)} is not a key of a record.{did_you_mean(key, _KEYS[format_])} Allowed: {allowed}")
        if key in _TAKEN:
            raise Fault(f"{key} belongs to another format than {format_}. Allowed: {allowed}, and keys of other names")
    return found


def _needed(record: Mapping[str, Any], key: str) -> Any:  # noqa: ANN401
    if key not in record:
        raise Fault(f"{key} is missing")
    return record[key]


def _group(value: object) -> str:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else text_of(value, "group")


def _entities(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(entity, str) for entity in value):
        raise Fault("entities must be a list of text")
    return value

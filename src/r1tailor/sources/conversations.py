"""Conversations as people keep them: OpenAI's messages, ShareGPT, Alpaca with a history, prompt and completion.

Each becomes a list of turns, plain JSON values that a document carries in its field ``turns``: ``role`` (system, user,
assistant, tool), ``content``, and for an assistant ``reasoning`` and ``trained``; ``fields`` holds what else the chat
template reads (``tool_calls``, ``tool_call_id``, ``name``).
"""

import json
from dataclasses import dataclass, field
from typing import Any

from r1tailor.thinking import parted

Turns = list[dict[str, Any]]

ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
    "function_call": "assistant",
    "tool": "tool",
    "function": "tool",
    "observation": "tool",
}
_ROLE, _CONTENT = ("role", "from"), ("content", "value")
_REASONING = ("reasoning_content", "reasoning", "thinking")
_READ = {*_ROLE, *_CONTENT, *_REASONING, "weight", "tool_calls"}
_OF_TEMPLATE = ("tool_call_id", "name")


class Fault(ValueError):
    """A record cannot be read; the text says why, and quotes nothing of it."""


@dataclass
class Conversation:
    """One conversation.

    Attributes:
        turns: up to the last turn of an assistant.
        tools: definitions of the tools that the assistant may call.
        parsed: answers whose reasoning was taken out of a ``<think>`` block.
        unanswered: turns after the last answer, which nothing learns from.
        opening: turns of the assistant before anybody asked, which are left out: they answer nothing, and chat
            templates of several models refuse them.
        unknown: of each turn, the entries whose keys no format names.
    """

    turns: Turns
    tools: list[dict[str, Any]] = field(default_factory=list)
    parsed: int = 0
    unanswered: int = 0
    opening: int = 0
    unknown: list[dict[str, Any]] = field(default_factory=list)

    @property
    def plain(self) -> bool:
        """Whether it is one question and its answer, which needs no turns."""
        roles = [turn["role"] for turn in self.turns]
        return roles == ["user", "assistant"] and not self.tools and not any("fields" in turn for turn in self.turns)


def question(messages: object, key: str, system: object = None, tools: object = None) -> Conversation:
    """Return a conversation that waits for an answer: it ends with a turn of the user, or with a tool's result.

    Args: as of ``conversation``.

    Raises:
        Fault: a message is not of that form, or the conversation ends with the assistant.
    """
    made = _read(messages, key, system, tools)
    if not made.turns or made.turns[-1]["role"] not in ("user", "tool"):
        raise Fault(f"{key} must end with a turn of the user, which is answered")
    if made.opening:  # nothing counts here what is left out
        raise Fault(f"{key} begins with the assistant, which answers nobody")
    return made


def conversation(messages: object, key: str, system: object = None, tools: object = None) -> Conversation:
    """Return the conversation that a list of messages is.

    Args:
        messages: mappings with ``role`` and ``content``, or ShareGPT's ``from`` and ``value``.
        key: how a fault calls the list.
        system: a system turn that stands outside the list.
        tools: definitions, or their JSON text.

    Raises:
        Fault: a message is not of that form, or nothing is answered.
    """
    made = _read(messages, key, system, tools)
    end = max((n for n, turn in enumerate(made.turns, 1) if turn["role"] == "assistant"), default=0)
    if not end and made.opening:
        raise Fault(f"{key} begins with the assistant, which answers nobody")
    if not end:
        raise Fault(f"{key} holds no turn of an assistant: there is nothing to learn from it")
    made.unanswered = len(made.turns) - end
    del made.turns[end:], made.unknown[end:]
    if not any(turn.get("trained") for turn in made.turns):
        raise Fault(f"{key}: no turn of the assistant is trained (each has weight 0)")
    return made


def _read(messages: object, key: str, system: object, tools: object) -> Conversation:
    made = Conversation([{"role": "system", "content": text_of(system, "system")}] if system else [])
    made.unknown += [{} for _ in made.turns]
    for number, message in enumerate(_list(messages, key)):
        made.turns.append(_turn(message, f"{key}[{number}]", made))
    made.tools = [_mapping(tool, "tools") for tool in _list(tools, "tools")] if tools else []
    _leave_out_opening(made)
    return made


def _leave_out_opening(made: Conversation) -> None:
    begin = next((n for n, turn in enumerate(made.turns) if turn["role"] != "system"), 0)
    end = next((n for n, turn in enumerate(made.turns) if turn["role"] not in ("system", "assistant")), len(made.turns))
    made.opening = end - begin
    del made.turns[begin:end], made.unknown[begin:end]


def exchanges(history: object, question: str, answer: str, system: object, reasoning: str = "") -> Conversation:
    """Return the conversation of an Alpaca record: ``history`` lists pairs of question and answer, the earliest first.

    Raises:
        Fault: the history is no list of pairs of text.
    """
    messages: Turns = []
    for number, pair in enumerate(_list(history, "history") if history else []):
        if not isinstance(pair, list) or len(pair) != 2:
            raise Fault(f"history[{number}] must be a pair of question and answer")
        messages += [{"role": role, "content": said} for role, said in zip(("user", "assistant"), pair, strict=True)]
    messages += [{"role": "user", "content": question}]
    messages += [{"role": "assistant", "content": answer, **({"reasoning": reasoning} if reasoning else {})}]
    return conversation(messages, "history", system)


def answered(answer: str, reasoning: str, key: str) -> tuple[str, str, bool]:
    """Return an answer, its reasoning, and whether that was parsed out of the answer.

    Raises:
        Fault: the block is malformed, leaves no answer, or the reasoning stands in two places.
    """
    try:
        found, rest = parted(answer, strict=True)
    except ValueError as error:
        raise Fault(f"{key}: {error}") from None
    if not rest.strip():
        where = " after its reasoning" if answer.strip() else ""
        raise Fault(f"{key} is empty{where}: there is nothing to learn from it")
    if found and reasoning and found != reasoning.strip():
        raise Fault(f"{key} holds reasoning in a <think> block, and the record holds another reasoning")
    return rest, found or reasoning, rest != answer


def _turn(message: object, where: str, made: Conversation) -> dict[str, Any]:
    given = {key: value for key, value in _mapping(message, where).items() if value is not None}
    named = _first(given, _ROLE)
    role = ROLES.get(named) if isinstance(named, str) else None
    if role is None:
        raise Fault(f"{where}.role must be one of {', '.join(ROLES)}")
    calls = _calls(given, named, where)
    said = None if named == "function_call" else _first(given, _CONTENT)
    content = _content(said, f"{where}.content", needed=not calls)
    turn: dict[str, Any] = {"role": role, "content": content}
    if role == "assistant":
        turn |= _answer(content, given, where, made, called=bool(calls))
    read = _OF_TEMPLATE if role == "tool" else ()
    made.unknown.append({key: value for key, value in given.items() if key not in (*_READ, *read)})
    fields = ({"tool_calls": calls} if calls else {}) | {key: given[key] for key in read if key in given}
    return turn | ({"fields": fields} if fields else {})


def _answer(content: str, given: dict[str, Any], where: str, made: Conversation, *, called: bool) -> dict[str, Any]:
    reasoning = text_of(_first(given, _REASONING) or "", f"{where}.reasoning")
    parsed = False
    if content.strip() or not called:
        content, reasoning, parsed = answered(content, reasoning, f"{where}.content")
    made.parsed += parsed
    weight = given.get("weight", 1)
    if weight not in (0, 1):
        raise Fault(f"{where}.weight must be 0 or 1")
    return {"content": content, "reasoning": reasoning, "trained": bool(weight)}


def _calls(given: dict[str, Any], named: object, where: str) -> list[dict[str, Any]]:
    """Return the calls of a turn in OpenAI's form, their arguments as a mapping."""
    if named == "function_call":
        return [_call(_decoded(_first(given, _CONTENT), f"{where}.value"), f"{where}.value")]
    found = given.get("tool_calls") or []
    return [_call(call, f"{where}.tool_calls[{n}]") for n, call in enumerate(_list(found, f"{where}.tool_calls"))]


def _call(call: object, where: str) -> dict[str, Any]:
    given = _mapping(call, where)
    function = _mapping(given.get("function", given), where)
    name, arguments = function.get("name"), _decoded(function.get("arguments"), f"{where}.arguments")
    if not isinstance(name, str) or not isinstance(arguments, dict):
        raise Fault(f"{where} must have a name and arguments, a mapping or its JSON text")
    made: dict[str, Any] = {"type": "function", "function": {"name": name, "arguments": arguments}}
    return {"id": given["id"], **made} if isinstance(given.get("id"), str) else made


def _content(value: object, where: str, *, needed: bool) -> str:
    if isinstance(value, list):  # parts: text, or what only other models read
        parts = [_mapping(part, where) for part in value]
        if any(part.get("type") != "text" for part in parts):
            raise Fault(f"{where} holds a part that is no text: images and sound are not trained on")
        value = "".join(text_of(part.get("text"), where) for part in parts)
    if value is None and not needed:
        return ""
    text = text_of(value, where)
    if needed and not text.strip():
        raise Fault(f"{where} is empty")
    return text


def _first(given: dict[str, Any], names: tuple[str, ...]) -> Any:  # noqa: ANN401
    return next((given[name] for name in names if name in given), None)


def _decoded(value: object, where: str) -> Any:  # noqa: ANN401
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise Fault(f"{where} is not JSON") from None


def _list(value: object, where: str) -> list[Any]:
    found = _decoded(value, where)
    if not isinstance(found, list):
        raise Fault(f"{where} must be a list, found {type(found).__name__}")
    return found


def _mapping(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Fault(f"{where} must be a mapping, found {type(value).__name__}")
    return value


def text_of(value: object, where: str) -> str:
    """Return a value that has to be text.

    Raises:
        Fault: it is none.
    """
    if not isinstance(value, str):
        raise Fault(f"{where} must be text, found {type(value).__name__}")
    return value

"""Records with an answer that another one is preferred to: brought into the form of records without one.

``rejected_output`` stands next to the answer of any format. ``chosen`` and ``rejected`` together stand in place of the
answer: next to ``prompt``, ``messages``, ``conversations``, or ``instruction`` and ``input``; or each is a whole
conversation. One of the two alone is a key like any other.
"""

from collections.abc import Mapping
from typing import Any

from r1tailor.sources.conversations import Fault, conversation, text_of
from r1tailor.thinking import marked, parted

REJECTED = "rejected_output"
_BOTH = ("chosen", "rejected")
_TURNS = ("messages", "conversations", "conversation")


def preferred(record: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Return a record with its answer where its format has it, and the rejected answer; empty without one.

    Raises:
        Fault: an answer is missing or no text, or the two are answers to different questions or the same.
    """
    plain = {key: value for key, value in record.items() if key not in (REJECTED, *_BOTH)}
    if not all(key in record for key in _BOTH):
        kept = plain | {key: record[key] for key in _BOTH if key in record}
        return (kept, _answer(record[REJECTED], REJECTED)) if REJECTED in record else (dict(record), "")
    if REJECTED in record:
        raise Fault(f"{REJECTED} and rejected both stand there; one of them is enough")
    chosen, rejected = (record[key] for key in _BOTH)
    turns = next((key for key in _TURNS if key in record), None)
    if turns:
        said = chosen if isinstance(chosen, dict) else {"role": "assistant", "content": text_of(chosen, "chosen")}
        if not isinstance(record[turns], list):
            raise Fault(f"{turns} must be a list next to chosen and rejected, found {type(record[turns]).__name__}")
        return plain | {turns: [*record[turns], said]}, _answer(rejected, "rejected")
    if "prompt" in record:
        return plain | {"completion": chosen}, _answer(rejected, "rejected")
    if "input" in record or "instruction" in record:
        return plain | {"output": _answer(chosen, "chosen")}, _answer(rejected, "rejected")
    if isinstance(chosen, list) and isinstance(rejected, list):
        if chosen[:-1] != rejected[:-1]:
            raise Fault("chosen and rejected differ before their last turn: they answer different questions")
        return plain | {"messages": chosen}, _answer(rejected[-1:], "rejected")
    raise Fault("chosen and rejected need what was asked: prompt, messages, or instruction and input")


def refuse_same(rejected: str, answer: str) -> None:
    """Refuse a rejected answer that is the answer itself, reasoning aside.

    Raises:
        Fault: it is.
    """
    if parted(rejected)[1] == parted(answer)[1]:
        raise Fault("the rejected answer is the answer itself")


def _answer(value: object, key: str) -> str:
    """Return one answer as text, with its reasoning in its marks: of text, a message, or a list of one message."""
    if isinstance(value, dict):
        value = [value]
    if isinstance(value, list):
        if len(value) != 1 or not isinstance(value[0], dict):
            raise Fault(f"{key} must be one answer: text, or one message of the assistant")
        asked = {"role": "user", "content": "-"}
        turn = conversation([asked, value[0]], key).turns[-1]
        value = marked(turn["reasoning"], turn["content"])
    text = text_of(value, key).strip()
    if not parted(text)[1]:
        raise Fault(f"{key} is empty: nothing was rejected")
    return text

"""What OpenAI's API is asked, read strictly: what is not understood is refused by name, never left out."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from r1tailor.config_messages import did_you_mean
from r1tailor.inference.sampling import Sampling
from r1tailor.schema.serving import ServingLimits
from r1tailor.serving.engine import Ask, Turn
from r1tailor.serving.refusals import Refused

Roles = Mapping[str, str]
_ROLES: Roles = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_MOST_MESSAGES, _MOST_STOPS, _LONGEST_STOP = 1000, 4, 200
_MOST_TOP = 20
_SHARED = ("model", "max_tokens", "temperature", "top_p", "n", "seed", "stop", "stream", "stream_options", "user")
_CHAT = (*_SHARED, "messages", "max_completion_tokens", "logprobs", "top_logprobs")
_COMPLETION = (*_SHARED, "prompt", "logprobs")
# What may be given with the value that changes nothing.
_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "frequency_penalty": (0, None),
    "presence_penalty": (0, None),
    "response_format": ({"type": "text"}, None),
    "logit_bias": ({}, None),
    "tools": ([], None),
    "tool_choice": ("none", None),
    "echo": (False, None),
    "best_of": (1, None),
    "suffix": (None, ""),
    "store": (False, None),
    "metadata": ({}, None),
    "modalities": (["text"], None),
    "service_tier": ("auto", "default", None),
}
_OF_MESSAGES = ("refusal", "audio", "function_call", "tool_calls", "name", "annotations")  # null, as clients echo them
_REASONING = ("reasoning", "reasoning_content")  # of an earlier answer: R1 does not read it again


@dataclass(frozen=True)
class Wish:
    """A request for answers.

    Attributes:
        ask: what the model is asked.
        model: as it is named in the request.
        choices: how many answers.
        stream: whether they are sent as they come.
        usage: whether a stream ends with the numbers of tokens.
    """

    ask: Ask
    model: str
    choices: int
    stream: bool
    usage: bool


async def read_json(request: Request) -> dict[str, Any]:
    """Return the mapping in a request's body.

    Raises:
        Refused: it is no JSON mapping: 400, or 415 where it says that it is none.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, "Content-Type must be application/json", code="content_type")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused(415, "a compressed body is not read; leave Content-Encoding out", code="content_encoding")
    try:
        value = json.loads((await request.body()).decode(), object_pairs_hook=_once, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise Refused(400, f"the body is not UTF-8 (byte {error.start + 1})", code="invalid_json") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Refused(400, f"the body is not JSON: {error.msg} ({where})", code="invalid_json") from None
    except RecursionError:
        raise Refused(400, "the body is nested too deeply", code="invalid_json") from None
    except ValueError as error:  # a constant, a number of thousands of digits
        raise Refused(400, f"the body is not JSON: {error}", code="invalid_json") from None
    if not isinstance(value, dict):
        raise Refused(400, "the body must be a JSON mapping", code="invalid_json")
    return value


def chat(body: Mapping[str, Any], limits: ServingLimits) -> Wish:
    """Return what ``/v1/chat/completions`` is asked.

    Raises:
        Refused: 400, naming the parameter.
    """
    _refuse_unknown(body, _CHAT)
    turns = _turns(body.get("messages"))
    tokens = _whole(body, "max_completion_tokens", 1, limits.max_tokens)
    older = _whole(body, "max_tokens", 1, limits.max_tokens)
    if tokens is not None and older is not None and tokens != older:
        raise _wrong("max_tokens", "must equal max_completion_tokens, or be left out")
    told, top = _flag(body, "logprobs"), _whole(body, "top_logprobs", 0, _MOST_TOP)
    if top is not None and not told:
        raise _wrong("top_logprobs", "needs logprobs: true")
    sampling = _sampling(body, tokens if tokens is not None else older)
    ask = Ask(turns=turns, sampling=sampling, stop=_stop(body), top_logprobs=(top or 0) if told else None)
    return _wish(body, ask, limits)


def completion(body: Mapping[str, Any], limits: ServingLimits) -> Wish:
    """Return what ``/v1/completions`` is asked: a text that is continued as it stands.

    Raises:
        Refused: 400, naming the parameter.
    """
    _refuse_unknown(body, _COMPLETION)
    prompt = body.get("prompt")
    if isinstance(prompt, list) and len(prompt) == 1:
        prompt = prompt[0]
    if not isinstance(prompt, str):
        raise _wrong("prompt", "must be one text; ask for each text by itself")
    sampling = _sampling(body, _whole(body, "max_tokens", 1, limits.max_tokens))
    top = _whole(body, "logprobs", 0, _MOST_TOP)
    ask = Ask(text=_text(prompt, "prompt"), sampling=sampling, stop=_stop(body), top_logprobs=top)
    return _wish(body, ask, limits)


def _wish(body: Mapping[str, Any], ask: Ask, limits: ServingLimits) -> Wish:
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise _wrong("model", "must be the name of a model; GET /v1/models lists them")
    choices = _whole(body, "n", 1, limits.choices)
    if choices and choices > 1 and ask.sampling.greedy:
        raise _wrong("n", "needs a temperature above 0: at 0 all answers are the same")
    stream, options = _flag(body, "stream"), body.get("stream_options")
    if options is not None and (not stream or not isinstance(options, dict) or set(options) - {"include_usage"}):
        raise _wrong("stream_options", "belongs to stream: true, and may hold include_usage")
    user = body.get("user")
    if user is not None and (not isinstance(user, str) or len(user) > 200):
        raise _wrong("user", "must be a text of at most 200 characters; the log names the key's user")
    return Wish(ask, _text(model, "model"), choices or 1, stream, bool(options and _flag(options, "include_usage")))


def _turns(messages: Any) -> tuple[Turn, ...]:  # noqa: ANN401
    if not isinstance(messages, list) or not messages:
        raise _wrong("messages", "must be a list of messages, with one at least")
    if len(messages) > _MOST_MESSAGES:
        raise _wrong("messages", f"must hold at most {_MOST_MESSAGES:,} messages")
    turns = tuple(_turn(message, f"messages[{number}]") for number, message in enumerate(messages))
    if turns[-1].role != "user":
        raise _wrong("messages", "must end with a message of role user")
    if not turns[-1].content.strip():
        raise _wrong(f"messages[{len(turns) - 1}].content", "must not be empty")
    return turns


def _turn(message: Any, where: str) -> Turn:  # noqa: ANN401
    if not isinstance(message, dict):
        raise _wrong(where, "must be a mapping with role and content")
    role = message.get("role")
    if not isinstance(role, str) or role not in _ROLES:
        raise _wrong(f"{where}.role", f"must be one of: {', '.join(_ROLES)}")
    for name, value in message.items():
        if name in ("role", "content") or (name in _REASONING and role == "assistant"):
            continue
        if name not in _OF_MESSAGES or value not in (None, []):
            raise _wrong(f"{where}.{name}"[:200], "is not understood; a message holds role and content")
    return Turn(_ROLES[role], _content(message.get("content"), f"{where}.content"))  # type: ignore[arg-type]


def _content(content: Any, where: str) -> str:  # noqa: ANN401
    if isinstance(content, str):
        return _text(content, where)
    if not isinstance(content, list) or not content:
        raise _wrong(where, "must be a text, or a list of parts of type text")
    parts = []
    for number, part in enumerate(content):
        if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str):
            raise _wrong(f"{where}[{number}]", "must be a part of type text: this model reads nothing else")
        parts.append(_text(part["text"], where))
    return "".join(parts)


def _sampling(body: Mapping[str, Any], tokens: int | None) -> Sampling:
    temperature, top_p = _number(body, "temperature", 0, 2), _number(body, "top_p", 0, 1)
    if top_p == 0:
        raise _wrong("top_p", "must be above 0, and 1 at most")
    seed = _whole(body, "seed", -(2**63), 2**64 - 1)
    return Sampling(
        max_answer_tokens=tokens,
        temperature=0.0 if temperature is None else temperature,
        top_p=1.0 if top_p is None else top_p,
        seed=(seed or 0) % 2**32,
    )


def _stop(body: Mapping[str, Any]) -> tuple[str, ...]:
    given = body.get("stop")
    listed = [given] if isinstance(given, str) else given or []
    fits: Callable[[Any], bool] = lambda stop: isinstance(stop, str) and 0 < len(stop) <= _LONGEST_STOP  # noqa: E731
    if not isinstance(listed, list) or len(listed) > _MOST_STOPS or not all(map(fits, listed)):
        raise _wrong("stop", f"must be a text, or up to {_MOST_STOPS} texts, of 1 to {_LONGEST_STOP} characters")
    return tuple(_text(stop, "stop") for stop in listed)


def _refuse_unknown(body: Mapping[str, Any], known: Sequence[str]) -> None:
    for name, value in body.items():
        if name in known:
            continue
        if name in _NEUTRAL:
            if not any(
                value == neutral and type(value) is type(neutral) for neutral in _NEUTRAL[name]
            ) and value not in (0.0,):
                raise _wrong(name, "is not offered; leave it out", "unsupported")
            continue
        hint = did_you_mean(name[:100], known)
        raise _wrong(name[:100], f"is not understood.{hint} Understood: {', '.join(known)}", "unknown_parameter")


def _whole(body: Mapping[str, Any], name: str, least: int, most: int) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise _wrong(name, f"must be a whole number from {least} to {most}")
    return value


def _number(body: Mapping[str, Any], name: str, least: float, most: float) -> float | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise _wrong(name, f"must be a number from {least:g} to {most:g}")
    return float(value)


def _flag(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise _wrong(name, "must be true or false")
    return bool(value)


def _text(text: str, where: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _wrong(where, f"holds half of a surrogate pair (character {error.start + 1})") from None
    return text


def _wrong(param: str, why: str, code: str = "invalid_value") -> Refused:
    shown = param.encode("utf-8", "replace").decode()
    return Refused(400, f"{shown} {why}", param=shown, code=code)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands in a mapping twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number of JSON")

"""OpenAI's API: models, chat completions, completions; streamed and not."""

import asyncio
import json
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from r1tailor.errors import without_content
from r1tailor.inference.locate import FORM
from r1tailor.serving import openai_requests
from r1tailor.serving.access import Identity
from r1tailor.serving.answers import Answer, Delta
from r1tailor.serving.context import Context
from r1tailor.serving.engine import TokenLogprob
from r1tailor.serving.middleware import LOG
from r1tailor.serving.openai_requests import Wish
from r1tailor.serving.refusals import Refused

VERSION = "x-r1tailor-version"
_DONE = b"data: [DONE]\n\n"


def routes(context: Context) -> list[Route]:
    """Return the routes of OpenAI's API."""
    api = _Api(context)
    access = context.access
    return [
        Route("/v1/models", access.api(api.models, "user"), methods=["GET"]),
        Route("/v1/models/{name}", access.api(api.model, "user"), methods=["GET"]),
        Route("/v1/chat/completions", access.api(api.chat, "user"), methods=["POST"]),
        Route("/v1/completions", access.api(api.completion, "user"), methods=["POST"]),
    ]


class _Api:
    """The handlers."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._started = int(time.time())

    async def models(self, request: Request, identity: Identity) -> Response:
        return JSONResponse({"object": "list", "data": [self._described(name) for name in self._names()]})

    async def model(self, request: Request, identity: Identity) -> Response:
        self._refuse_other_model(request.path_params["name"])
        return JSONResponse(self._described(request.path_params["name"]))

    async def chat(self, request: Request, identity: Identity) -> Response:
        with self._context.gateway.refusing(identity, request.state.request_id, _Chat.what):
            body = await openai_requests.read_json(request)
            wish = openai_requests.chat(body, self._context.settings.limits)
            self._refuse_other_model(wish.model)
        return await self._answered(request, identity, wish, _Chat(wish, request.state.request_id))

    async def completion(self, request: Request, identity: Identity) -> Response:
        with self._context.gateway.refusing(identity, request.state.request_id, _Completion.what):
            body = await openai_requests.read_json(request)
            wish = openai_requests.completion(body, self._context.settings.limits)
            self._refuse_other_model(wish.model)
        return await self._answered(request, identity, wish, _Completion(wish, request.state.request_id))

    async def _answered(self, request: Request, identity: Identity, wish: Wish, form: "_Form") -> Response:
        id_ = request.state.request_id
        deltas = self._context.gateway.stream(identity, wish.ask, id_, form.what, wish.choices)
        if wish.stream:
            first = await anext(deltas)  # what is refused has a status of its own
            streamed = _events(first, deltas, form, wish)
            return _Events(streamed, _headers(first.answer))
        answers = await _unless_gone(request, _whole(deltas, wish.choices))
        return JSONResponse(form.whole(answers), headers=_headers(answers[0]))

    def _names(self) -> list[str]:
        """Return the names of the version at work: its domain, its id, its id without the hash."""
        loaded = self._context.gateway.served.main.current
        if loaded is None:
            return []
        version = loaded.version.partition(FORM)[0]
        return list(dict.fromkeys((loaded.settings.domain.name, loaded.version, version, *_short(version))))

    def _refuse_other_model(self, name: str) -> None:
        names = self._names()
        if names and name not in names:
            listed = ", ".join(names)
            raise Refused(404, f"this model is not served; served: {listed}", param="model", code="model_not_found")

    def _described(self, name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": self._started, "owned_by": "r1tailor"}


def _short(version: str) -> list[str]:
    name, _, digits = version.rpartition("-")
    return [name] if name and len(digits) == 10 else []


def _headers(answer: Answer) -> dict[str, str]:
    return {VERSION: answer.version.encode("ascii", "replace").decode()}


async def _whole(deltas: AsyncGenerator[Delta, None], choices: int) -> list[Answer]:
    found: dict[int, Answer] = {}
    async with aclosing(deltas):
        async for delta in deltas:
            found[delta.index] = delta.answer
    return [found[index] for index in range(choices)]


async def _unless_gone(request: Request, work: Any) -> Any:  # noqa: ANN401
    """Return what some work returns; end the work when the client has gone away."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            working.cancel()
            await asyncio.wait((working,))
            raise Refused(499, "the client went away", code="disconnected")
        return working.result()
    finally:
        for task in (working, leaving):
            task.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


class _Events(StreamingResponse):
    """Server-sent events; the work behind them ends with the response, however that ends."""

    def __init__(self, events: AsyncGenerator[bytes, None], headers: dict[str, str]) -> None:
        super().__init__(events, headers=headers, media_type="text/event-stream")
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await asyncio.shield(self._events.aclose())


async def _events(
    first: Delta, deltas: AsyncGenerator[Delta, None], form: "_Form", wish: Wish
) -> AsyncGenerator[bytes, None]:
    """Yield server-sent events; an error after the first is the last event, and no ``[DONE]`` follows."""
    last: dict[int, Answer] = {first.index: first.answer}
    async with aclosing(deltas):
        try:
            for index in range(wish.choices):
                yield _event(form.opening(index, first.answer))
            yield _event(form.delta(first))
            async for delta in deltas:
                last[delta.index] = delta.answer
                yield _event(form.delta(delta))
        except Refused as refused:
            yield _event(refused.as_json())
            return
        except Exception as error:  # the status was sent already
            LOG.error("%s: broke down with %s", form.id, without_content(error))
            yield _event(Refused(500, "the gateway broke down while it answered", code="internal").as_json())
            return
    if wish.usage:
        yield _event(form.usage(list(last.values())))
    yield _DONE


def _event(value: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode("utf-8", "replace")


class _Form(ABC):
    """How answers are written, whole and in parts."""

    what = ""
    whole_object = ""
    part_object = ""
    prefix = ""

    def __init__(self, wish: Wish, request: str) -> None:
        self.wish = wish
        self.id = f"{self.prefix}-{request}"
        self._created = int(time.time())

    def whole(self, answers: list[Answer]) -> dict[str, Any]:
        choices = [self._choice(index, answer) for index, answer in enumerate(answers)]
        return self._around(answers[0], self.whole_object, choices) | {"usage": _usage(answers)}

    def opening(self, index: int, answer: Answer) -> dict[str, Any]:
        return self._around(answer, self.part_object, [self._opening(index)])

    def delta(self, delta: Delta) -> dict[str, Any]:
        return self._around(delta.answer, self.part_object, [self._part(delta)])

    def usage(self, answers: list[Answer]) -> dict[str, Any]:
        return self._around(answers[0], self.part_object, []) | {"usage": _usage(answers)}

    def _around(self, answer: Answer, what: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": what,
            "created": self._created,
            "model": answer.version,
            "system_fingerprint": answer.version,
            "choices": choices,
        }

    @abstractmethod
    def _choice(self, index: int, answer: Answer) -> dict[str, Any]:
        """Return a whole answer."""

    @abstractmethod
    def _opening(self, index: int) -> dict[str, Any]:
        """Return the part before the first text."""

    @abstractmethod
    def _part(self, delta: Delta) -> dict[str, Any]:
        """Return a part of an answer."""


class _Chat(_Form):
    what, whole_object, part_object, prefix = "chat", "chat.completion", "chat.completion.chunk", "chatcmpl"

    def _choice(self, index: int, answer: Answer) -> dict[str, Any]:
        message = {"role": "assistant", "content": answer.content, "refusal": None} | _reasoning(answer.reasoning)
        logprobs = self._logprobs(tuple(answer.logprobs))
        return {"index": index, "message": message, "logprobs": logprobs, "finish_reason": answer.finish}

    def _opening(self, index: int) -> dict[str, Any]:
        return {"index": index, "delta": {"role": "assistant", "content": ""}, "logprobs": None, "finish_reason": None}

    def _part(self, delta: Delta) -> dict[str, Any]:
        added = {"content": delta.content} if delta.content else {}
        return {
            "index": delta.index,
            "delta": added | _reasoning(delta.reasoning),
            "logprobs": self._logprobs(delta.logprobs) if delta.logprobs else None,
            "finish_reason": delta.finish,
        }

    def _logprobs(self, tokens: tuple[TokenLogprob, ...]) -> dict[str, Any] | None:
        if self.wish.ask.top_logprobs is None:
            return None
        rows = [
            _row(one.token, one.logprob) | {"top_logprobs": [_row(token, value) for token, value in one.top]}
            for one in tokens
        ]
        return {"content": rows, "refusal": None}


class _Completion(_Form):
    what, whole_object, part_object, prefix = "completion", "text_completion", "text_completion", "cmpl"

    def _choice(self, index: int, answer: Answer) -> dict[str, Any]:
        return self._written(index, answer.content, tuple(answer.logprobs), answer.finish)

    def _opening(self, index: int) -> dict[str, Any]:
        return self._written(index, "", (), None)

    def _part(self, delta: Delta) -> dict[str, Any]:
        return self._written(delta.index, delta.content, delta.logprobs, delta.finish)

    def _written(self, index: int, text: str, tokens: tuple[TokenLogprob, ...], finish: str | None) -> dict[str, Any]:
        told = None
        if self.wish.ask.top_logprobs is not None and tokens:
            told = {
                "tokens": [one.token for one in tokens],
                "token_logprobs": [one.logprob for one in tokens],
                "top_logprobs": [dict(one.top) for one in tokens],
                "text_offset": [],
            }
        return {"index": index, "text": text, "logprobs": told, "finish_reason": finish}


def _reasoning(text: str) -> dict[str, str]:
    """Return reasoning under both names that clients read."""
    return {"reasoning": text, "reasoning_content": text} if text else {}


def _row(token: str, logprob: float) -> dict[str, Any]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode("utf-8", "replace"))}


def _usage(answers: list[Answer]) -> dict[str, int]:
    read, written = answers[0].prompt_tokens, sum(answer.tokens for answer in answers)
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}

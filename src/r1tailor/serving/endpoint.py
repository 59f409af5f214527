"""The engine ``endpoint``: any server that speaks OpenAI's API, such as vLLM or SGLang.

Its key comes from the environment and is sent to one host alone. Redirections are not followed.
"""

import http.client
import json
import os
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from r1tailor.inference.endpoint import connected, headers_of, key_for, message_in
from r1tailor.schema.serving import Endpoint
from r1tailor.serving.engine import Ask, Piece
from r1tailor.serving.refusals import Refused
from r1tailor.serving.relayed import Counted, OnChunk, body_of, chunks

_LONGEST_LINE = 2**20  # bytes of one event


class EndpointEngine:
    """A model behind a URL; an ``Engine``.

    Args:
        settings: URL, key and patience.
        version: under which name the model is offered there unless the settings name it.
        environment: where the key is.
        arguments: of the chat template (``task.template``), which are sent with every conversation.

    Raises:
        ConfigError: the key is missing, or may not be sent to the URL's host.
    """

    kind = "endpoint"
    logprobs = True
    opens_reasoning = False  # such a server tells reasoning apart itself, or writes its tags

    def __init__(
        self,
        settings: Endpoint,
        version: str,
        environment: Mapping[str, str] = os.environ,
        arguments: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self._settings, self._arguments = settings, arguments
        self._url = urlsplit(settings.url)
        self._model = settings.model or version
        self._key = key_for(settings.key_variable, self._url.hostname or "", "serving.engine.endpoint", environment)

    async def stream(self, ask: Ask) -> AsyncGenerator[Piece, None]:
        """Yield an answer chunk by chunk (see ``Engine``)."""
        counted = Counted()
        async with aclosing(chunks(lambda hand: self._ask(ask, hand))) as found:
            async for chunk in found:
                yield counted.piece(chunk)

    async def close(self) -> None:
        """Keep nothing open: every answer has a connection of its own."""

    def _ask(self, ask: Ask, hand: OnChunk) -> None:
        """Post an ask and hand over its chunks until they end or nobody wants more."""
        connection = connected(self._url, self._settings.timeout_seconds)
        path = f"{self._url.path}/{'chat/completions' if ask.turns else 'completions'}"
        headers = headers_of(self._key) | {"Accept": "text/event-stream"}
        try:
            connection.request("POST", path, json.dumps(body_of(ask, self._model, self._arguments)), headers)
            with connection.getresponse() as response:
                if response.status != 200:
                    raise _refused(response)
                for chunk in _events(response):
                    if hand(chunk):
                        return
        except TimeoutError:
            raise Refused(504, "the model's server took too long", code="endpoint_timeout") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            why = f"the model's server cannot be reached or breaks off ({type(error).__name__})"
            raise Refused(502, why, code="endpoint_unreachable") from None
        finally:
            connection.close()


def _events(response: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    """Yield the chunks of a stream up to its ``[DONE]``.

    Raises:
        Refused: the server ended it with an error, or broke off.
    """
    while line := response.readline(_LONGEST_LINE):
        if not line.startswith(b"data:"):
            continue
        data = line[5:].strip()
        if data == b"[DONE]":
            return
        chunk = json.loads(data)
        if not isinstance(chunk, dict) or "error" in chunk:
            raise Refused(502, "the model's server ended the answer with an error", code="endpoint_error")
        yield chunk
    raise Refused(502, "the model's server broke off", code="endpoint_error")


def _refused(response: http.client.HTTPResponse) -> Refused:
    """Return what the server's refusal means to the client."""
    if response.status == 429:
        seconds = response.headers.get("retry-after", "1")
        headers = {"retry-after": seconds if seconds.isdigit() else "1"}
        return Refused(429, "the model's server is busy", code="rate_limit_exceeded", headers=headers)
    if response.status == 400:
        return Refused(
            400, f"the model's server refuses this: {message_in(response.read(_LONGEST_LINE))}", code="endpoint_refused"
        )
    return Refused(502, f"the model's server answers with status {response.status}", code="endpoint_error")

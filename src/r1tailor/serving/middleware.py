"""What every request goes through, whatever it asks: host names, sizes, times, headers, an id."""

import logging
import secrets
from asyncio import get_running_loop, timeout, timeout_at
from collections.abc import Collection
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from r1tailor.errors import without_content
from r1tailor.schema.serving import Serving
from r1tailor.serving.refusals import Refused

LOG = logging.getLogger("r1tailor.serving")
REQUEST_ID = "x-request-id"
ABORT = "abort"  # in a request's state: what closes its connection at once
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_TRANSPORT_SECURITY = "max-age=31536000"


class SlowClientError(Exception):
    """A client takes too long to read what it is sent; its connection is closed."""


@dataclass
class _Exchange:
    """One request and how far its response is.

    Attributes:
        deadline: when the whole request must have arrived, in the loop's time.
        size: bytes of its body so far.
        whole: whether the body has arrived to its end.
        started: whether the response has begun.
    """

    deadline: float
    size: int = 0
    whole: bool = False
    started: bool = False


class Guard:
    """Puts limits around an application; the outermost layer.

    Args:
        app: the application.
        settings: ``names``, ``limits`` and ``tls`` are read.
    """

    def __init__(self, app: ASGIApp, settings: Serving) -> None:
        self._app = app
        self._settings = settings
        self._secure = settings.tls.certificate is not None or settings.tls.proxy is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI)."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # no WebSocket is spoken here
        scope.setdefault("state", {})["request_id"] = secrets.token_hex(8)
        exchange = _Exchange(get_running_loop().time() + self._settings.limits.receive_seconds)
        received, sent = self._receiving(scope, receive, exchange), self._sending(scope, send, exchange)
        try:
            self._refuse(scope)
            await self._app(scope, received, sent)
        except SlowClientError:
            LOG.warning("%s: the client took too long to read", _id(scope))
            _abort(scope)
        except Refused as refused:
            await self._reply(refused, scope, receive, sent, exchange)
        except Exception as error:  # nothing of it reaches the client or quotes what was asked
            LOG.error("%s: broke down with %s", _id(scope), without_content(error))
            broken = Refused(500, f"the gateway broke down; request {_id(scope)} in its log", code="internal")
            await self._reply(broken, scope, receive, sent, exchange)

    async def _reply(self, refused: Refused, scope: Scope, receive: Receive, send: Send, exchange: _Exchange) -> None:
        if exchange.started:
            _abort(scope)
        else:
            await refused.response(Request(scope))(scope, receive, send)

    def _refuse(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host = headers.getlist("host")
        if len(host) != 1 or not _is_named(host[0], self._settings.names):
            raise Refused(400, "the Host header names none of serving.names", code="unknown_host")
        self._refuse_way_in(scope, headers)
        if "content-length" in headers and "transfer-encoding" in headers:
            raise Refused(400, "a body has one length: Content-Length or Transfer-Encoding", code="two_lengths")
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > self._settings.limits.body_bytes:
            raise _too_large(self._settings.limits.body_bytes)

    def _refuse_way_in(self, scope: Scope, headers: Headers) -> None:
        """Where a proxy is named, take only what it received over HTTPS."""
        proxy = self._settings.tls.proxy
        if proxy is None:
            return
        client = (scope.get("client") or ("",))[0]
        if client != proxy:
            raise Refused(403, "only the proxy of serving.tls.proxy may connect", code="not_the_proxy")
        if headers.getlist("x-forwarded-proto") != ["https"]:
            raise Refused(403, "the proxy did not receive this over HTTPS", code="not_https")

    def _receiving(self, scope: Scope, receive: Receive, exchange: _Exchange) -> Receive:
        limits = self._settings.limits

        async def received() -> Message:
            if exchange.started or exchange.whole:  # only waits for the client to go away
                return await receive()
            try:
                async with timeout_at(exchange.deadline):
                    message = await receive()
            except TimeoutError:
                raise Refused(408, "the request took too long to arrive", headers={"connection": "close"}) from None
            exchange.size += len(message.get("body", b""))
            if exchange.size > limits.body_bytes:
                raise _too_large(limits.body_bytes)
            exchange.whole = not message.get("more_body", False)
            return message

        return received

    def _sending(self, scope: Scope, send: Send, exchange: _Exchange) -> Send:
        seconds = self._settings.limits.send_seconds

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.started = True
                self._add_headers(scope, message)
            try:
                async with timeout(seconds):
                    await send(message)
            except TimeoutError:
                raise SlowClientError from None

        return sent

    def _add_headers(self, scope: Scope, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("cache-control", "no-store")
        headers[REQUEST_ID] = _id(scope)
        if self._secure:
            headers.setdefault("strict-transport-security", _TRANSPORT_SECURITY)


def _abort(scope: Scope) -> None:
    """Close the connection without waiting for the client: what it has of the response is not whole."""
    if abort := scope["state"].get(ABORT):
        abort()


def _id(scope: Scope) -> str:
    return str(scope["state"]["request_id"])


def _is_named(host: str, names: Collection[str]) -> bool:
    name, colon, port = host.rpartition(":")
    if not colon or not port.isdigit():
        name = host
    return name.lower() in {one.lower() for one in names}


def _too_large(most: int) -> Refused:
    return Refused(413, f"the body is longer than {most:,} bytes (serving.limits.body_bytes)", code="too_large")

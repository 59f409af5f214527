"""The process of a gateway: socket, TLS, signals, draining; clients that send nothing are hung up on."""

import asyncio
import logging
import signal
import socket
import ssl
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from r1tailor.errors import UserError
from r1tailor.schema.serving import Serving
from r1tailor.serving.app import build
from r1tailor.serving.context import Context
from r1tailor.serving.middleware import ABORT

if TYPE_CHECKING:
    from starlette.applications import Starlette

_LONGEST_HEAD = 16384  # bytes of a request's line and headers
_KEEP_ALIVE = 10  # seconds in which a connection waits for its next request


def bind(settings: Serving) -> socket.socket:
    """Return the socket that the gateway will listen on.

    Raises:
        UserError: the address or the port cannot be had.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((settings.host, settings.port))
    except OSError as error:
        bound.close()
        raise UserError(
            f"{settings.host}:{settings.port} cannot be had: {error.strerror}; choose another: serving.port=..."
        ) from error
    return bound


def refuse_open_files(settings: Serving, root: Path) -> None:
    """Refuse a private key that others may read, or a certificate that does not belong to it.

    Raises:
        UserError: names the file.
    """
    if settings.tls.certificate is None or settings.tls.key is None:
        return
    certificate, key = root / settings.tls.certificate, root / settings.tls.key
    for path, name in ((certificate, "certificate"), (key, "key")):
        if not path.is_file():
            raise UserError(f"serving.tls.{name}: {path} is no file")
    if stat.S_IMODE(key.stat().st_mode) & 0o077:
        raise UserError(f"serving.tls.key: {key} can be read by other users: chmod 600 {key}")
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    except (ssl.SSLError, OSError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        raise UserError(f"serving.tls: {certificate} and {key} are no certificate and its key ({reason})") from error


async def serve(context: Context, bound: socket.socket, announce: Callable[[str], None]) -> None:
    """Answer until SIGTERM or Ctrl-C; then take nothing new, and let answers under way end.

    Args:
        context: its version is loaded.
        bound: ``bind``.
        announce: called with the URL once requests are taken.
    """
    _log_to_stderr()
    server = _Server(_config(build(context), context.settings, context.root), announce)
    await server.serve(sockets=[bound])


def _config(app: "Starlette", settings: Serving, root: Path) -> uvicorn.Config:
    tls = settings.tls
    return uvicorn.Config(
        app,
        http=_protocol(settings.limits.receive_seconds),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the middleware looks at the proxy itself
        limit_concurrency=settings.limits.connections,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=settings.limits.drain_seconds,
        h11_max_incomplete_event_size=_LONGEST_HEAD,
        ssl_certfile=root / tls.certificate if tls.certificate else None,
        ssl_keyfile=root / tls.key if tls.key else None,
    )


class _Server(uvicorn.Server):
    """A server that ends with code 0 after SIGTERM, and says where it listens."""

    def __init__(self, settings: uvicorn.Config, announce: Callable[[str], None]) -> None:
        super().__init__(settings)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            self._announce(f"{'https' if self.config.is_ssl else 'http'}://{shown}:{port}")

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {sign: signal.signal(sign, self.handle_exit) for sign in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for sign, handler in before.items():
                signal.signal(sign, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Drain at the first signal; a second Ctrl-C ends at once."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True


def _protocol(seconds: float) -> type[H11Protocol]:
    """Return the HTTP protocol that closes a connection on which no whole head arrives in time."""

    class Impatient(H11Protocol):
        _timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:  # noqa: ANN401
            super().connection_made(transport)
            self.app_state = {**self.app_state, ABORT: transport.abort}
            self._wait()

        def data_received(self, data: bytes) -> None:
            self._wait()
            super().data_received(data)
            if not self._idle():
                self._stop()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop()
            super().connection_lost(exc)

        def _idle(self) -> bool:
            return self.cycle is None or self.cycle.response_complete

        def _wait(self) -> None:
            if self._timer is None and self._idle():
                self._timer = self.loop.call_later(seconds, self.transport.abort)

        def _stop(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    return Impatient


def _log_to_stderr() -> None:
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    logging.getLogger("r1tailor").setLevel(logging.INFO)
    logging.getLogger("uvicorn.error").addFilter(lambda record: record.exc_info is None)  # frames quote requests

"""All of the gateway put together: routes of every module, behind what every request goes through."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import ModuleType
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from r1tailor.serving import chat, health, login, openai_api, warnings
from r1tailor.serving.context import Context
from r1tailor.serving.feedback import pages as review
from r1tailor.serving.middleware import Guard
from r1tailor.serving.refusals import Refused
from r1tailor.serving.study import pages as study

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

MODULES: tuple[ModuleType, ...] = (
    openai_api,
    warnings,
    health,
    login,
    chat,
    review,
    study,
)  # each offers ``routes(context)``


def build(context: Context, modules: Sequence[ModuleType] = MODULES) -> Starlette:
    """Return the application.

    Args:
        context: what the routes share.
        modules: each offers ``routes(context) -> list[Route]``.
    """
    listed: list[BaseRoute] = [route for module in modules for route in module.routes(context)]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with context.gateway.running():
            yield

    app = Starlette(
        routes=listed,
        middleware=[Middleware(Guard, settings=context.settings)],
        exception_handlers={Refused: _refused, HTTPException: _no_route},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # a path has one spelling
    return app


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return error.response(request)


async def _no_route(request: Request, error: Exception) -> Response:
    """Answer what Starlette itself refuses in our own words: an unknown path, method or a form it cannot read."""
    assert isinstance(error, HTTPException)
    words = {404: "there is nothing at this path", 405: f"this path does not take {request.method}"}
    said = words.get(error.status_code, str(error.detail))
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code)
    return Refused(error.status_code, said, code=code, headers=error.headers).response(request)

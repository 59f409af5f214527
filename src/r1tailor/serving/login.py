"""The login form: a key becomes a session's cookie, which nothing but this site receives."""

import re

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from r1tailor.serving.access import Identity
from r1tailor.serving.context import Context
from r1tailor.serving.keys import ROLES
from r1tailor.serving.pages import render, static
from r1tailor.serving.refusals import Refused

_LOCAL = re.compile(r"/(?![/\\])[\x21-\x7e]*")  # a path of this site, never another host


def routes(context: Context) -> list[Route]:
    """Return the routes of the login form."""
    access = context.access

    async def form(request: Request) -> Response:
        return render("login.html.j2", next=_local(request.query_params.get("next", "/")), failed=False)

    async def log_in(request: Request) -> Response:
        _refuse_other_sites(request)
        given = await request.form(max_files=0, max_fields=10)
        key, then = given.get("key"), given.get("next")
        place = _local(then if isinstance(then, str) else "/")
        found = access.keys.find(key.strip()) if isinstance(key, str) else None
        if found is None:
            return render("login.html.j2", 401, next=place, failed=True)
        response = RedirectResponse(place, 303)
        response.set_cookie(
            access.cookie,
            access.sessions.issue(found.id),
            max_age=int(context.settings.session_hours * 3600),
            httponly=True,
            secure=access.secure,
            samesite="strict",
        )
        return response

    async def log_out(request: Request, identity: Identity) -> Response:
        response = RedirectResponse("/login", 303)
        response.delete_cookie(access.cookie, httponly=True, secure=access.secure, samesite="strict")
        return response

    return [
        Route("/login", form, methods=["GET"]),
        Route("/login", log_in, methods=["POST"]),
        Route("/logout", access.page(log_out, *ROLES), methods=["POST"]),
        static(),  # type: ignore[list-item]  # a mount is a route, too
    ]


def _refuse_other_sites(request: Request) -> None:
    """Refuse a login that a page of another site sends: it would log the user in as somebody else."""
    origin = request.headers.get("origin")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Refused(403, "the form was sent by another site", code="csrf")
    if origin not in (None, "null") and origin.partition("://")[2] != request.headers["host"]:
        raise Refused(403, "the form was sent by another site", code="csrf")


def _local(place: str) -> str:
    return place if _LOCAL.fullmatch(place) else "/"

"""Who a request comes from: a key in ``Authorization: Bearer`` for the API, the cookie of a session for pages."""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from r1tailor.serving.keys import Key, Keys, Role
from r1tailor.serving.refusals import Refused, wants_page
from r1tailor.serving.sessions import Sessions

COOKIE = "r1tailor_session"
SECURE_COOKIE = f"__Host-{COOKIE}"
_LONGEST = 4096  # characters of a header that are looked at


@dataclass(frozen=True)
class Identity:
    """Who asks.

    Attributes:
        user: the name that the key was made for.
        role: what they may do.
        key: id of the key.
        session: the cookie of a page's session; empty for a call of the API.
    """

    user: str
    role: Role
    key: str
    session: str = ""


Handler = Callable[[Request, Identity], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Access:
    """Decides who a request comes from.

    Args:
        keys: of the project.
        sessions: of its pages.
        secure: whether pages are reached over HTTPS: the cookie is then sent over nothing else.
    """

    keys: Keys
    sessions: Sessions
    secure: bool

    @property
    def cookie(self) -> str:
        """The name of the session's cookie."""
        return SECURE_COOKIE if self.secure else COOKIE

    def api(self, handler: Handler, *roles: Role) -> Endpoint:
        """Wrap a handler of the API: only keys of some roles (and admins) reach it, by ``Authorization: Bearer``."""

        async def endpoint(request: Request) -> Response:
            identity = self.bearer(request)
            _refuse_role(identity, roles)
            return await handler(request, identity)

        return endpoint

    def page(self, handler: Handler, *roles: Role) -> Endpoint:
        """Wrap a handler of a page: without a session a browser is led to the login form.

        A request that changes something (POST) must carry the session's CSRF token in the form field ``csrf``.
        """

        async def endpoint(request: Request) -> Response:
            identity = self.session(request)
            if identity is None:
                if request.method == "GET" and wants_page(request):
                    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
                    return RedirectResponse(f"/login?next={quote(here, safe='')}", 303)
                raise Refused(401, "no session: log in at /login", code="no_session")
            _refuse_role(identity, roles)
            if request.method not in ("GET", "HEAD"):
                await self.refuse_forgery(request, identity)
            return await handler(request, identity)

        return endpoint

    def bearer(self, request: Request) -> Identity:
        """Return who calls the API.

        Raises:
            Refused: 401, without a key that holds.
        """
        given = request.headers.getlist("authorization")
        scheme, _, key = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        found = self.keys.find(key.strip()) if scheme.lower() == "bearer" and len(key) < _LONGEST else None
        if found is None:
            raise Refused(
                401,
                "a key is needed that holds: Authorization: Bearer r1t-...; r1tailor keys add makes one",
                code="invalid_api_key",
                headers={"www-authenticate": "Bearer"},
            )
        return _identity(found)

    def session(self, request: Request) -> Identity | None:
        """Return who looks at a page; None without a session that holds."""
        cookie = request.cookies.get(self.cookie, "")
        key_id = self.sessions.key_of(cookie) if cookie.count(".") == 3 and len(cookie) < _LONGEST else None
        found = self.keys.by_id(key_id) if key_id else None
        return _identity(found, cookie) if found else None

    def csrf(self, identity: Identity) -> str:
        """Return the token that the forms of a session carry."""
        return self.sessions.csrf(identity.session)

    async def refuse_forgery(self, request: Request, identity: Identity) -> None:
        """Refuse a form that another site sent.

        Raises:
            Refused: 403, without the session's token in the field ``csrf``.
        """
        given = (await request.form()).get("csrf")
        token = given if isinstance(given, str) else ""
        if not hmac.compare_digest(token.encode("utf-8", "replace"), self.csrf(identity).encode()):
            raise Refused(403, "the form is not one of this session; load the page again", code="csrf")


def _identity(key: Key, session: str = "") -> Identity:
    return Identity(key.user, key.role, key.id, session)


def _refuse_role(identity: Identity, roles: tuple[Role, ...]) -> None:
    if identity.role != "admin" and identity.role not in roles:
        allowed = ", ".join(("admin", *roles))
        raise Refused(403, f"role {identity.role} may not do this; allowed: {allowed}", code="role")

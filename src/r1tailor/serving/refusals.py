"""Why a request is not answered: one error a cause, rendered as OpenAI's API does, or as a page for a browser."""

from collections.abc import Mapping
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


class Refused(Exception):
    """A request is not answered.

    Args:
        status: of HTTP, 400 or more.
        message: what is wrong and what is allowed; it quotes nothing of a prompt.
        param: the key of the request that is at fault.
        code: a word for programs, such as ``model_not_found``.
        headers: of the response.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.param, self.code = status, message, param, code
        self.headers = dict(headers or {})

    def as_json(self) -> dict[str, Any]:
        """Return the body that OpenAI's clients read."""
        kind = _TYPES.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}

    def response(self, request: Request) -> Response:
        """Return the refusal as the client reads it: a page for a browser outside the API, else JSON."""
        if wants_page(request):
            page = f"<!doctype html><title>{self.status}</title><p>{escape(self.message)}</p><p><a href='/'>/</a></p>"
            return HTMLResponse(page, self.status, self.headers)
        return JSONResponse(self.as_json(), self.status, self.headers)


def wants_page(request: Request) -> bool:
    """Whether a browser asks for a page: the API answers JSON whatever is accepted."""
    return not request.url.path.startswith("/v1/") and "text/html" in request.headers.get("accept", "")

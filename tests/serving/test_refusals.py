"""A refusal is OpenAI's error JSON for programs and an escaped page for a browser outside the API."""

import json

import pytest
from starlette.requests import Request

from r1tailor.serving.refusals import Refused


def _request(path: str, accept: str = "") -> Request:
    return Request(
        {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [(b"accept", accept.encode())]}
    )


TYPES = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
def test_the_type_follows_from_the_status(status: int) -> None:
    kind = TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    refused = Refused(status, "no", param="n", code="c", headers={"retry-after": "3"})
    response = refused.response(_request("/v1/x", "text/html"))
    assert json.loads(bytes(response.body)) == {"error": {"message": "no", "type": kind, "param": "n", "code": "c"}}
    assert (response.status_code, response.headers["retry-after"]) == (status, "3")


def test_a_browser_reads_an_escaped_page() -> None:
    response = Refused(404, "<b>nothing</b> here").response(_request("/reviews", "text/html,*/*"))
    assert response.media_type == "text/html"
    assert b"<b>" not in bytes(response.body)

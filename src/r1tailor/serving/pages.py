"""HTML, rendered on the server from ``templates/``, and the files below ``/static/``. Every value is escaped."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

_HERE = Path(__file__).resolve().parent
_TEMPLATES = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(name: str, status: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401
    """Return a page.

    Args:
        name: of the template.
        status: of the response.
        values: what the template shows; each is escaped.
    """
    return HTMLResponse(_TEMPLATES.get_template(name).render(values), status)


def static() -> Mount:
    """Return the route of style sheets and scripts: pages hold none of their own."""
    return Mount("/static", StaticFiles(directory=_HERE / "static"), name="static")

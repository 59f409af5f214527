"""The early warnings of a market domain (written below)."""

from starlette.routing import Route

from r1tailor.serving.context import Context


def routes(context: Context) -> list[Route]:
    """Return the routes."""
    return []

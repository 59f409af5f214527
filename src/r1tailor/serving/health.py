"""Whether the gateway lives, whether it can answer, and what Prometheus reads."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from r1tailor.serving.access import Identity
from r1tailor.serving.context import Context
from r1tailor.serving.refusals import Refused


def routes(context: Context) -> list[Route]:
    """Return the routes ``/health`` and ``/ready``, open to all, and ``/metrics``, for admins."""
    served = context.gateway.served

    async def health(request: Request) -> Response:
        """Tell which versions are at work; what is wrong is told to those with a key."""
        problems = {slot.channel: slot.problem for slot in served.slots() if slot.problem}
        state: dict[str, Any] = {"status": "degraded" if problems else "ok", "version": served.version()}
        if problems and "authorization" in request.headers:
            context.access.bearer(request)
            state["problems"] = problems
        return JSONResponse(state)

    async def ready(request: Request) -> Response:
        if served.main.current is None:
            raise Refused(503, "no version is loaded", code="not_ready")
        return JSONResponse({"status": "ready", "version": served.version()})

    async def metrics(request: Request, identity: Identity) -> Response:
        context.metrics.active.set(context.gateway.limiter.active)
        return Response(context.metrics.text(), media_type="text/plain; version=0.0.4")

    return [
        Route("/health", health, methods=["GET"]),
        Route("/ready", ready, methods=["GET"]),
        Route("/metrics", context.access.api(metrics), methods=["GET"]),
    ]

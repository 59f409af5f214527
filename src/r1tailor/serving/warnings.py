"""``/v1/warnings``: what the served version of a market domain says of a day, with its threshold and its lead record.

The figures come from the market store as it is now, of which only what was known on the day is read. The risk is the
probability that the version gives to any label but ``low``; the threshold was chosen before the version's test.
"""

from datetime import date
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from r1tailor.errors import UserError
from r1tailor.inference.market import RISK, Signal, questions_at, signal, told
from r1tailor.records import Example
from r1tailor.serving.access import Identity
from r1tailor.serving.context import Context
from r1tailor.serving.refusals import Refused
from r1tailor.serving.served import Loaded


def routes(context: Context) -> list[Route]:
    """Return the route."""

    async def warnings(request: Request, identity: Identity) -> Response:
        id_ = request.state.request_id
        with context.gateway.refusing(identity, id_, "warnings"):
            day = _day(request)
        found = await context.gateway.consult(
            identity, id_, "warnings", day.isoformat(), lambda loaded: _warning(loaded, context.root, day)
        )
        return JSONResponse(found, headers={"x-r1tailor-version": found["version"]})

    return [Route("/v1/warnings", context.access.api(warnings, "user"), methods=["GET"])]


def _day(request: Request) -> date:
    for name in request.query_params:
        if name != "asof":
            raise Refused(400, "only asof is understood", param=name[:100], code="unknown_parameter")
    given = request.query_params.getlist("asof")
    try:
        day = date.fromisoformat(given[0]) if given else date.today()
    except ValueError:
        day = date.max
    if len(given) > 1 or day > date.today():
        raise Refused(400, "asof must be one day such as 2020-02-24, today at the latest", param="asof")
    return day


async def _warning(loaded: Loaded, root: Path, day: date) -> dict[str, Any]:
    """Return the risk of a day, its threshold and the record.

    Raises:
        Refused: the version is of no market, too little was known, or its engine gives no likelihoods (400).
    """
    rank = getattr(loaded.engine, "run", None)
    try:
        domain, questions = await run_in_threadpool(questions_at, loaded.settings, root, day)
    except UserError as error:
        raise Refused(400, str(error), param="asof", code="no_warning") from None
    question = next((one for one in questions if one.fields["task"] == RISK), None)
    if question is None:
        raise Refused(400, f"{loaded.version} is not asked for the risk of a day", code="no_warning")
    if rank is None:
        why = f"engine {loaded.engine.kind} gives no likelihoods of labels: serving.engine.backend=local"
        raise Refused(400, why, code="unsupported")
    labels = domain.labels_of(question)
    (scores,) = await rank(lambda answerer: answerer.rank([question], [labels]))
    return _described(loaded, day, question, signal(labels, scores, loaded.measured))


def _described(loaded: Loaded, day: date, question: Example, found: Signal) -> dict[str, Any]:
    return {
        "object": "warning",
        "version": loaded.version,
        "asof": day.isoformat(),
        "decision_day": question.available_at,
        **found.as_fields(),
        "text": told(found, loaded.settings),
    }

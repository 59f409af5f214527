"""The queue of corrections at ``/review``, for reviewers."""

from collections.abc import Callable
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from r1tailor.errors import UserError
from r1tailor.schema.domain import DomainSection
from r1tailor.serving.access import Identity
from r1tailor.serving.audit import Event
from r1tailor.serving.context import Context
from r1tailor.serving.feedback.kept_text import keeping
from r1tailor.serving.feedback.log import CHANGED, LONGEST, SAID, FeedbackLog, Record, accepted_text
from r1tailor.serving.feedback.review import STATUSES, Slice, outcome, queue
from r1tailor.serving.pages import render
from r1tailor.serving.refusals import Refused
from r1tailor.serving.texts import Texts, texts_for

_SHOWN = 100


def domain_of(context: Context) -> DomainSection:
    """Return the domain of the version at work, whose rules hold for what is kept; the project's while none is."""
    current = context.gateway.served.main.current
    return (current.settings if current else context.composition).domain


def opening(context: Context) -> Callable[[], FeedbackLog]:
    """Return what opens the feedback of the domain that is served at the time."""
    known: dict[str, FeedbackLog] = {}

    def opened() -> FeedbackLog:
        domain = domain_of(context)
        if domain.name not in known:
            treat, days = keeping(domain.cleaning.privacy, context.root), context.settings.feedback.retention_days
            known[domain.name] = FeedbackLog(context.folder / "feedback" / domain.name, treat, days)
        return known[domain.name]

    return opened


def routes(context: Context) -> list[Route]:
    """Return the routes of the queue."""
    access, opened, two_person = context.access, opening(context), context.settings.feedback.two_person

    def texts(request: Request) -> Texts:
        return texts_for(request, domain_of(context).language)

    async def show_queue(request: Request, identity: Identity) -> Response:
        wanted = Slice(**{name: request.query_params.get(name, "")[:200] for name in Slice.__slots__})
        log = opened()
        await run_in_threadpool(log.keep_retention)
        records = await run_in_threadpool(log.records)
        found = queue(records, wanted, two_person=two_person)
        return render(
            "review.html.j2",
            t=texts(request),
            csrf=access.csrf(identity),
            role=identity.role,
            wanted=wanted,
            found=found[:_SHOWN],
            count=len(found),
            total=len(records),
            statuses=STATUSES,
            versions=sorted({record.version for record in records}),
            two_person=two_person,
        )

    async def show(request: Request, identity: Identity, alert: str = "", status: int = 200) -> Response:
        record = await run_in_threadpool(_record, opened(), request.path_params["id"])
        state, t = outcome(record, two_person=two_person), texts(request)
        return render(
            "review_one.html.j2",
            status,
            t=t,
            csrf=access.csrf(identity),
            role=identity.role,
            record=record,
            state=state,
            text=state.text or accepted_text(record),
            own=record.user == identity.user,
            two_person=two_person,
            alert=alert,
            longest=LONGEST,
        )

    async def decide(request: Request, identity: Identity) -> Response:
        form = await request.form(max_files=0, max_fields=10)
        said, seen = str(form.get("said", "")), str(form.get("seen", ""))
        if said not in SAID or not seen.isdigit() or len(seen) > 6:
            raise Refused(400, f"said: one of {', '.join(SAID)}; seen: a whole number")
        id_, given = request.path_params["id"], {n: str(form.get(n, "")).replace("\r\n", "\n") for n in _TEXTS}
        log = opened()
        await run_in_threadpool(_record, log, id_)
        try:
            await run_in_threadpool(partial(log.decide, id_, identity.user, said, int(seen), **given))
        except UserError as error:
            changed = texts(request)("changed") if str(error) == CHANGED else str(error)
            return await show(request, identity, changed, 409)
        await context.audit.record(
            Event(
                request=request.state.request_id,
                user=identity.user,
                key=identity.key,
                what=f"review: {said}",
                answer=given["corrected"],
            )
        )
        return RedirectResponse(f"/review?status=open&lang={texts(request).language}", 303)

    return [
        Route("/review", access.page(show_queue, "reviewer"), methods=["GET"]),
        Route("/review/{id}", access.page(show, "reviewer"), methods=["GET"]),
        Route("/review/{id}", access.page(decide, "reviewer"), methods=["POST"]),
    ]


_TEXTS = ("corrected", "note")


def _record(log: FeedbackLog, id_: str) -> Record:
    try:
        return log.record(id_)
    except UserError as error:
        raise Refused(404, str(error), code="not_found") from error

"""What raters see: one item a page, with two answers. Nothing in page, address, timing or order tells the side.

The link is the key: it holds a token that nobody can guess. Forms work without script.
"""

import hmac
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from r1tailor.errors import UserError
from r1tailor.schema.corpus import Privacy, of_earlier_release
from r1tailor.serving.context import Context
from r1tailor.serving.feedback.kept_text import keeping
from r1tailor.serving.pages import render
from r1tailor.serving.refusals import Refused
from r1tailor.serving.shown import parts
from r1tailor.serving.study.folder import Page, Study, of_token
from r1tailor.serving.study.votes import LONGEST_COMMENT, REASONS, SCALE, vote_of
from r1tailor.serving.texts import Texts, texts_for

_FIELDS = 20
NOTHING: Mapping[str, Any] = MappingProxyType({})


def routes(context: Context) -> list[Route]:
    """Return the routes of the raters' links."""
    known: dict[Path, Study] = {}

    def opened(folder: Path) -> Study:
        if folder not in known:
            known[folder] = Study(folder)
        return known[folder]

    async def found(request: Request) -> tuple[Study, int, Texts]:
        place = await run_in_threadpool(of_token, context.folder, request.path_params["token"], opened)
        if place is None:
            raise Refused(404, "there is no such study, or the link was renewed", code="not_found")
        study, rater = place
        return study, rater, texts_for(request, study.plan.language)

    def csrf(request: Request) -> str:
        return context.access.sessions.fingerprint("study", request.path_params["token"])

    async def show(request: Request) -> Response:
        study, rater, t = await found(request)
        return await run_in_threadpool(rendered, study, rater, t, csrf(request))

    async def answer(request: Request) -> Response:
        study, rater, t = await found(request)
        form = await request.form(max_files=0, max_fields=_FIELDS)
        if not hmac.compare_digest(str(form.get("csrf", "")).encode("utf-8", "replace"), csrf(request).encode()):
            raise Refused(403, "the form is not one of this link; load the page again", code="csrf")
        number = _number(form)
        if form.get("action") == "undo":
            await run_in_threadpool(study.undo, rater, number)
        else:
            try:
                vote = vote_of(_texts(form), [str(reason) for reason in form.getlist("reason")])
            except UserError as error:
                alert = t("choose_first") if "choice" not in form else str(error)
                draft = {"comment": str(form.get("comment", "")), "reasons": form.getlist("reason")}
                again = partial(rendered, study, rater, t, csrf(request), alert=alert, draft=draft)
                return await run_in_threadpool(again)
            comment = await run_in_threadpool(_kept, study, context.root, vote.comment)
            await run_in_threadpool(study.vote, rater, number, replace(vote, comment=comment))
        return RedirectResponse(f"{request.url.path}?lang={t.language}", 303)

    return [
        Route("/study/{token}", show, methods=["GET"]),
        Route("/study/{token}", answer, methods=["POST"]),
    ]


def rendered(
    study: Study, rater: int, t: Texts, csrf: str, alert: str = "", draft: Mapping[str, Any] = NOTHING
) -> Response:
    """Return the page that a rater is on, or the last one; with an alert, as a form that was refused."""
    page = study.page(rater)
    if page is None:
        closed, total = study.standing().closed is not None, study.progress()[rater][1]
        return render("study_done.html.j2", t=t, csrf=csrf, closed=closed, total=total)
    shown = values(page)
    shown["earlier"] |= draft
    return render("study.html.j2", 422 if alert else 200, **shown, t=t, csrf=csrf, alert=alert)


def values(page: Page) -> dict[str, Any]:
    """Return what the template shows of a page: no id, no subject, no side."""
    earlier = page.earlier
    a, b = earlier.satisfaction if earlier else (None, None)
    return {
        "number": page.number,
        "total": page.total,
        "instruction": page.item.instruction,
        "input": page.item.input,
        "answers": [parts(answer) for answer in page.answers],
        "earlier": {
            "choice": earlier.choice if earlier else "",
            "reasons": earlier.reasons if earlier else (),
            "comment": earlier.comment if earlier else "",
            "a": a,
            "b": b,
        },
        "reasons": REASONS,
        "scale_values": SCALE,
        "longest": LONGEST_COMMENT,
    }


def _kept(study: Study, root: Path, comment: str) -> str:
    privacy = study.plan.privacy
    return keeping(Privacy.model_validate(of_earlier_release(privacy), strict=False) if privacy else None, root)(
        comment
    )


def _number(form: FormData) -> int:
    written = str(form.get("page", ""))
    if not written.isascii() or not written.isdigit() or len(written) > 6:
        raise Refused(400, "page: a whole number", param="page")
    return int(written)


def _texts(form: FormData) -> dict[str, str]:
    return {name: value for name, value in form.items() if isinstance(value, str)}

"""The page at ``/``: ask, read the answer with its reasoning folded, rate it, correct it and say why.

Nothing is kept of an answer that nobody rates or corrects. The answer travels in the form, sealed under the project's
secret, so that feedback is about what the model wrote, whoever sends it.
"""

import base64
import binascii
import hmac
import json
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from r1tailor.errors import UserError
from r1tailor.serving.access import Identity
from r1tailor.serving.audit import Event
from r1tailor.serving.context import Context
from r1tailor.serving.engine import Ask, Turn
from r1tailor.serving.feedback.log import LONGEST, FeedbackLog, Texts, Thumb
from r1tailor.serving.feedback.pages import domain_of, opening
from r1tailor.serving.keys import Role
from r1tailor.serving.pages import render
from r1tailor.serving.refusals import Refused
from r1tailor.serving.sessions import Sessions
from r1tailor.serving.texts import texts_for

_THUMBS: dict[str, Thumb] = {"up": "up", "down": "down"}


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer on the page.

    Attributes:
        prompt: what was asked.
        content: without its reasoning.
        reasoning: before it.
        version: which model answered.
        cut: whether it reached its longest length.
    """

    prompt: str
    content: str
    reasoning: str
    version: str
    cut: bool

    def sealed(self, sessions: Sessions, user: str) -> str:
        """Return it as a field of a form, which this user can send back and nobody can change."""
        values = [user, self.prompt, self.content, self.reasoning, self.version, self.cut]
        text = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()
        return f"{text}.{sessions.fingerprint('answer', text)}"


def unsealed(field: str, sessions: Sessions, user: str) -> Answered:
    """Return the answer of a form's field.

    Raises:
        Refused: 400, if this gateway did not write it for this user.
    """
    text, _, seal = field.rpartition(".")
    if hmac.compare_digest(seal.encode("utf-8", "replace"), sessions.fingerprint("answer", text).encode()):
        try:
            owner, *values = json.loads(base64.urlsafe_b64decode(text))
        except (ValueError, binascii.Error):
            owner = ""
        if owner == user:
            return Answered(*values)
    raise Refused(400, "the answer is not one that was given to you; ask again", code="seal")


def routes(context: Context) -> list[Route]:
    """Return the routes of the chat page."""
    access, opened = context.access, opening(context)

    def page(request: Request, identity: Identity, status: int = 200, **shown: Any) -> Response:  # noqa: ANN401
        domain = domain_of(context)
        t = texts_for(request, domain.language)
        answered: Answered | None = shown.get("answered")
        sealed = answered.sealed(access.sessions, identity.user) if answered else ""
        alert = shown.pop("alert", "")
        values = {"question": "", "answered": None, "corrected": "", "reason": "", "kept": False, **shown}
        return render(
            "chat.html.j2",
            status,
            t=t,
            csrf=access.csrf(identity),
            role=identity.role,
            title=domain.title,
            sealed=sealed,
            alert=t(alert, most=LONGEST) if alert else "",
            longest=LONGEST,
            **values,
        )

    async def show(request: Request, identity: Identity) -> Response:
        return page(request, identity)

    async def ask(request: Request, identity: Identity) -> Response:
        question = _field(await request.form(max_files=0), "question").strip()
        if not question or len(question) > LONGEST:
            alert = "too_long" if question else "empty_question"
            return page(request, identity, 422, question=question[:LONGEST], alert=alert)
        wanted = Ask(turns=(Turn("user", question),))
        found = await context.gateway.answer(identity, wanted, request.state.request_id, what="page")
        cut = found.finish == "length"
        answered = Answered(question, found.content.strip(), found.reasoning.strip(), found.version, cut)
        return page(request, identity, question=question, answered=answered)

    async def give(request: Request, identity: Identity) -> Response:
        form = await request.form(max_files=0)
        answered = unsealed(_field(form, "sealed"), access.sessions, identity.user)
        corrected, reason = _field(form, "corrected").strip(), _field(form, "reason").strip()
        thumb: Thumb = _THUMBS.get(_field(form, "thumb"), "")
        if corrected == answered.content:
            corrected = ""
        shown = {"question": answered.prompt, "answered": answered, "corrected": corrected, "reason": reason}
        if max(len(corrected), len(reason)) > LONGEST:
            return page(request, identity, 422, **shown, alert="too_long")
        if not corrected and not thumb:
            return page(request, identity, 422, **shown, alert="empty_feedback")
        texts = Texts(answered.prompt, answered.content, answered.reasoning, corrected, reason)
        await run_in_threadpool(_keep, opened(), texts, identity.user, answered.version, thumb)
        await context.audit.record(
            Event(
                request=request.state.request_id,
                user=identity.user,
                key=identity.key,
                version=answered.version,
                what="feedback",
                prompt=answered.prompt,
                answer=corrected,
            )
        )
        return page(request, identity, question=answered.prompt, answered=answered, kept=True)

    roles: tuple[Role, ...] = ("user", "reviewer")
    return [
        Route("/", access.page(show, *roles), methods=["GET"]),
        Route("/", access.page(ask, *roles), methods=["POST"]),
        Route("/feedback", access.page(show, *roles), methods=["GET"]),
        Route("/feedback", access.page(give, *roles), methods=["POST"]),
    ]


def _keep(log: FeedbackLog, texts: Texts, user: str, version: str, thumb: Thumb) -> None:
    try:
        log.add(texts, user, version, thumb)
    except UserError as error:
        raise Refused(422, str(error)) from error
    log.keep_retention()


def _field(form: FormData, name: str) -> str:
    """Return a text of a form, with line ends as they were before the browser sent it."""
    value = form.get(name, "")
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""

"""Routes of the webhook of an applicant-tracking system."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field

from functions.candidates.routes import api
from functions.candidates.rules.documents import About, AtsHandover, AtsWebhook
from functions.candidates.rules.handovers import checked_url
from functions.candidates.service import ats
from shared import runtime
from shared.errors import Conflict, Missing
from shared.http.call import Body, Call, PageQuery
from shared.models.examples import CANDIDATE, INTAKE, example

State = Literal["pending", "delivered", "failed"]
_ABOUT: tuple[About, ...] = ("candidate.created", "candidate.updated", "candidate.merged")


class WebhookBody(Body):
    """Where the system is told of candidates, and how it knows that we told."""

    url: str = Field(
        max_length=500, description="An https address", examples=["https://ats.example.com/hook"]
    )
    secret: str = Field(
        min_length=32,
        max_length=200,
        description="Signs each call; it is not shown again",
        examples=["a-secret-of-at-least-32-characters"],
    )
    about: tuple[About, ...] = Field(
        default=_ABOUT, min_length=1, description="What the system wants to be told"
    )


class WebhookView(BaseModel):
    """The webhook, without its secret."""

    model_config = example(url="https://ats.example.com/hook", about=list(_ABOUT))

    url: str
    about: tuple[About, ...]
    updated_at: AwareDatetime


class HandoverQuery(PageQuery):
    """Which handovers."""

    state: State | None = Field(default=None, description="Only in this state")


class HandoverView(BaseModel):
    """One call of the webhook."""

    model_config = example(
        handover_id=INTAKE, about="candidate.created", candidate_id=CANDIDATE, revision=1,
        state="delivered", attempts=1, answer="204",
    )  # fmt: skip

    handover_id: str
    about: About
    candidate_id: str
    revision: int
    state: State
    attempts: int
    answer: str | None = Field(description="What the last call came to")
    created_at: AwareDatetime
    updated_at: AwareDatetime


class HandoverPage(BaseModel):
    """A page of handovers, the last first."""

    items: list[HandoverView]
    continuation: str | None = Field(description="Ask with this for the next page; null at the end")


@api.put("v1/ats/webhook", body=WebhookBody, answer=WebhookView)
def ats_webhook_set(call: Call[None, WebhookBody]) -> WebhookView:
    """Set where your applicant-tracking system is told of candidates.

    Each call is signed: `X-Waymark-Signature: t=<seconds>,v1=<HMAC-SHA256 of "<seconds>.<body>">`.
    """
    is_embedded = runtime.current().settings.stores == "embedded"
    webhook = AtsWebhook(
        tenant_id=call.principal.tenant_id,
        url=checked_url(call.body.url, loopback=is_embedded),
        secret=call.body.secret,
        about=tuple(dict.fromkeys(call.body.about)),
        updated_at=call.now,
    )
    ats.set_webhook(runtime.stores(), runtime.current().pseudonyms, call.principal, webhook)
    return _shown(webhook)


@api.get("v1/ats/webhook", answer=WebhookView, errors=(Missing,))
def ats_webhook_read(call: Call[None, None]) -> WebhookView:
    """Read where your system is told; its secret is not shown."""
    return _shown(ats.webhook(runtime.stores(), call.principal.tenant_id))


@api.delete("v1/ats/webhook", errors=(Missing,))
def ats_webhook_remove(call: Call[None, None]) -> None:
    """Tell your system nothing any more."""
    ats.remove_webhook(runtime.stores(), runtime.current().pseudonyms, call.principal, now=call.now)


@api.get("v1/ats/handovers", query=HandoverQuery, answer=HandoverPage)
def ats_handovers_list(call: Call[HandoverQuery, None]) -> HandoverPage:
    """List the calls of the webhook, the last first, all or in one state."""
    found, continuation = ats.handovers(
        runtime.stores(),
        call.principal.tenant_id,
        call.query.state,
        limit=call.query.limit,
        continuation=call.query.continuation,
    )
    return HandoverPage(items=[_view(each) for each in found], continuation=continuation)


@api.post(
    "v1/ats/handovers/{handover_id}/retry",
    answer=HandoverView,
    status=202,
    idempotent=False,
    errors=(Missing, Conflict),
)
def ats_handovers_retry(call: Call[None, None]) -> HandoverView:
    """Have a call that failed made again."""
    again = ats.retry(
        runtime.stores(), call.principal.tenant_id, call.uuid("handover_id"), now=call.now
    )
    return _view(again)


def _shown(webhook: AtsWebhook) -> WebhookView:
    return WebhookView.model_validate(webhook, from_attributes=True)


def _view(handover: AtsHandover) -> HandoverView:
    return HandoverView.model_validate(handover, from_attributes=True)

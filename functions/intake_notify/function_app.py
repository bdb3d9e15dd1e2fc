"""Triggers of the notifications: about dropped files, how far learners have come, and reports."""

from __future__ import annotations

from typing import Literal

import azure.functions as func
from pydantic import BaseModel, Field

from functions.intake_notify import service
from shared import runtime
from shared.bus_trigger import deliver
from shared.errors import Forbidden
from shared.http.api import Api
from shared.http.call import Call, PageQuery
from shared.models.notification import RECRUITERS, Notification, audience_of

blueprint = func.Blueprint()
api = Api(
    "notifications",
    "What people are told: of dropped files, of levels and achievements, of reports",
    blueprint,
)


class NotificationQuery(PageQuery):
    """Whose notifications."""

    audience: Literal["me", "recruiters"] | None = Field(
        default=None, description="Your own, or the recruiters'"
    )


class NotificationPage(BaseModel):
    """A page of notifications, newest first."""

    items: list[Notification]
    continuation: str | None = Field(description="Ask with this for the next page; null at the end")


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="intake",
    subscription_name="intake_notify",
    connection="ServiceBus",
)
def intake_notify(message: func.ServiceBusMessage) -> None:
    """A file has ended: tell the recruiters of its tenant."""
    deliver(
        message,
        entity="intake/intake_notify",
        handle=lambda event: service.notify(runtime.stores(), event, now=runtime.now()),
    )


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="game",
    subscription_name="intake_notify",
    connection="ServiceBus",
)
def game_notify(message: func.ServiceBusMessage) -> None:
    """A learner has reached a level or an achievement: tell them."""
    deliver(
        message,
        entity="game/intake_notify",
        handle=lambda event: service.notify_learner(
            runtime.stores(), runtime.current().pseudonyms, event, now=runtime.now()
        ),
    )


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="summaries",
    subscription_name="intake_notify",
    connection="ServiceBus",
)
def summary_notify(message: func.ServiceBusMessage) -> None:
    """A report is ready: tell the learner's parents."""
    deliver(
        message,
        entity="summaries/intake_notify",
        handle=lambda event: service.notify_parents(
            runtime.stores(), runtime.current().pseudonyms, event, now=runtime.now()
        ),
    )


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="portfolio_feedback",
    subscription_name="intake_notify",
    connection="ServiceBus",
)
def feedback_notify(message: func.ServiceBusMessage) -> None:
    """A mentor has said something of a learner's item: tell the learner."""
    deliver(
        message,
        entity="portfolio_feedback/intake_notify",
        handle=lambda event: service.notify_of_feedback(
            runtime.stores(), runtime.current().pseudonyms, event, now=runtime.now()
        ),
    )


@api.get(
    "v1/notifications",
    query=NotificationQuery,
    answer=NotificationPage,
)
def notifications_list(call: Call[NotificationQuery, None]) -> NotificationPage:
    """List notifications, newest first.

    Your own, or those of all recruiters: recruiters and admins get the latter unless they ask
    for their own.
    """
    may_all = "tenant" in call.reach
    if call.query.audience == "recruiters" and not may_all:
        raise Forbidden("the recruiters' notifications are for recruiters and admins")
    is_own = call.query.audience == "me" or not may_all
    items, continuation = service.listed(
        runtime.stores(),
        call.principal.tenant_id,
        audience_of(call.principal.user_id) if is_own else RECRUITERS,
        limit=call.query.limit,
        continuation=call.query.continuation,
    )
    return NotificationPage(items=items, continuation=continuation)

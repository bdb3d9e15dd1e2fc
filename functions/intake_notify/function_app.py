"""Triggers of the notifications: about dropped files, how far learners have come, and reports;
and of the answers to those who sent files."""

from __future__ import annotations

from typing import Any, Literal

import azure.functions as func
from pydantic import AwareDatetime, BaseModel, Field

from functions.intake_notify.service import answering, mailing, reading, telling
from functions.intake_notify.service.reading import MOST_COUNTED, Reader
from shared import runtime
from shared.bus_trigger import deliver
from shared.errors import Forbidden, Missing
from shared.events.envelope import Event
from shared.events.summary import SummaryMailDue
from shared.http.api import Api
from shared.http.call import Body, Call, PageQuery
from shared.messaging import Outcome
from shared.models.notification import RECRUITERS, Notification, audience_of

blueprint = func.Blueprint()
api = Api(
    "notifications",
    "What people are told: of dropped files, of levels and achievements, of reports",
    blueprint,
)


Audience = Literal["me", "recruiters"]


class NotificationQuery(PageQuery):
    """Whose notifications."""

    audience: Audience | None = Field(default=None, description="Your own, or the recruiters'")
    unread: bool = Field(
        default=False,
        description="Only what you have not read; a page may then hold fewer, and have a next",
    )


class NotificationItem(Notification):
    """A notification, and whether you have read it."""

    read: bool = Field(examples=[False])


class NotificationPage(BaseModel):
    """A page of notifications, newest first."""

    items: list[NotificationItem]
    continuation: str | None = Field(description="Ask with this for the next page; null at the end")
    unread: int = Field(
        description=f"How many of the newest {MOST_COUNTED} you have not read, on any page",
        examples=[3],
    )


class ReadChange(Body):
    """That a notification was read."""

    read: Literal[True] = Field(examples=[True])


class ReadAll(Body):
    """That everything was read that was told up to a moment."""

    audience: Audience | None = Field(
        default=None, description="Your own, or the recruiters'", examples=["me"]
    )
    up_to: AwareDatetime | None = Field(
        default=None,
        description="When the newest that you have seen was made; now without it",
        examples=["2026-03-01T12:00:00Z"],
    )


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
        handle=lambda event: telling.notify(runtime.stores(), event, now=runtime.now()),
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
        handle=lambda event: telling.notify_learner(
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
        handle=lambda event: telling.notify_parents(
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
        handle=lambda event: telling.notify_of_feedback(
            runtime.stores(), runtime.current().pseudonyms, event, now=runtime.now()
        ),
    )


@blueprint.service_bus_queue_trigger(
    arg_name="message", queue_name="intake_notify", connection="ServiceBus"
)
def intake_answer(message: func.ServiceBusMessage) -> None:
    """Somebody is to be told outside of the product: who sent a file, or a parent."""
    deliver(message, entity="intake_notify", handle=_send)


def _send(event: Event) -> Outcome:
    running, now = runtime.current(), runtime.now()
    if event.type == SummaryMailDue.type:
        return mailing.mail_parent(running, running.pseudonyms, running.mailer, event, now=now)
    return answering.answer(
        running, running.pseudonyms, running.messengers, running.mailer, event, now=now
    )


@api.get(
    "v1/notifications",
    query=NotificationQuery,
    answer=NotificationPage,
)
def notifications_list(call: Call[NotificationQuery, None]) -> NotificationPage:
    """List notifications, newest first, with what you have read of them.

    Your own, or those of all recruiters: recruiters and admins get the latter unless they ask
    for their own.
    """
    reader = _reader(call, call.query.audience)
    found, continuation = reading.listed(
        runtime.stores(),
        reader,
        unread_only=call.query.unread,
        limit=call.query.limit,
        continuation=call.query.continuation,
    )
    return NotificationPage(
        items=[_item(notification, read=read) for notification, read in found],
        continuation=continuation,
        unread=reading.count_unread(runtime.stores(), reader),
    )


@api.patch(
    "v1/notifications/{notification_id:guid}",
    body=ReadChange,
    answer=NotificationItem,
    errors=(Missing,),
)
def notifications_mark(call: Call[None, ReadChange]) -> NotificationItem:
    """Mark a notification as read, for yourself alone: other recruiters still have it unread."""
    notification_id = call.uuid("notification_id")
    reader = reading.reader_of(
        runtime.stores(),
        call.principal.tenant_id,
        call.principal.user_id,
        notification_id,
        reads_all="tenant" in call.reach,
    )
    notification = reading.mark(runtime.stores(), reader, notification_id, now=call.now)
    return _item(notification, read=True)


@api.post("v1/notifications/read", body=ReadAll, answer=None, idempotent=False)
def notifications_mark_all(call: Call[None, ReadAll]) -> None:
    """Mark as read, for yourself alone, all that was told up to a moment."""
    reader = _reader(call, call.body.audience)
    reading.mark_all(runtime.stores(), reader, call.body.up_to or call.now, now=call.now)


def _reader(call: Call[Any, Any], audience: Audience | None) -> Reader:
    """As what the caller reads; raises ``Forbidden`` for the recruiters' list where it is not
    theirs."""
    may_all = "tenant" in call.reach
    if audience == "recruiters" and not may_all:
        raise Forbidden("the recruiters' notifications are for recruiters and admins")
    is_own = audience == "me" or not may_all
    who = call.principal
    told = audience_of(who.user_id) if is_own else RECRUITERS
    return Reader(who.tenant_id, who.user_id, told)


def _item(notification: Notification, *, read: bool) -> NotificationItem:
    return NotificationItem.model_validate(notification.model_dump() | {"read": read})

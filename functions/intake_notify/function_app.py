"""Triggers of the notifications about dropped files."""

from __future__ import annotations

import azure.functions as func
from pydantic import BaseModel, Field

from functions.intake_notify import service
from shared import runtime
from shared.bus_trigger import deliver
from shared.http.api import Api
from shared.http.call import Call, PageQuery
from shared.models.notification import Notification

blueprint = func.Blueprint()
api = Api("notifications", "What recruiters are told about dropped files", blueprint)


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


@api.get(
    "v1/notifications",
    query=PageQuery,
    answer=NotificationPage,
)
def notifications_list(call: Call[PageQuery, None]) -> NotificationPage:
    """List the recruiters' notifications, newest first."""
    items, continuation = service.listed(
        runtime.stores(),
        call.principal.tenant_id,
        limit=call.query.limit,
        continuation=call.query.continuation,
    )
    return NotificationPage(items=items, continuation=continuation)

"""Triggers of the reports of journeys: what the flow hears, and the routes."""

from __future__ import annotations

from typing import Any

import azure.functions as func

from functions.journey_summary.forms import (
    LinkView,
    SummaryPage,
    SummaryQuery,
    SummaryView,
    TicketQuery,
    link_view,
    summary_item,
    summary_view,
)
from functions.journey_summary.rules.documents import Summary
from functions.journey_summary.rules.report import Report
from functions.journey_summary.service import making, reading
from shared import runtime
from shared.access import ACCESS
from shared.bus_trigger import deliver
from shared.errors import Conflict, Forbidden, Missing, Unauthenticated
from shared.http.api import Api, Reply
from shared.http.call import Call
from shared.http.subject import note_read

READ = "summary.read"

blueprint = func.Blueprint()
api = Api("reports", "Reports of journeys for parents, as PDF", blueprint)


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="journeys",
    subscription_name="journey_summary",
    connection="ServiceBus",
)
def journey_summary(message: func.ServiceBusMessage) -> None:
    """A journey has ended: its report is to be made."""
    running = runtime.current()
    deliver(
        message,
        entity="journeys/journey_summary",
        handle=lambda event: making.note(running, running.pseudonyms, event, now=runtime.now()),
    )


@blueprint.service_bus_queue_trigger(
    arg_name="message", queue_name="journey_summary", connection="ServiceBus"
)
def journey_summary_make(message: func.ServiceBusMessage) -> None:
    """A version of a report was asked for: make it."""
    running = runtime.current()
    deliver(
        message,
        entity="journey_summary",
        handle=lambda event: making.make(
            running, running.pseudonyms, event, _draw, now=runtime.now()
        ),
        exhausted=lambda event, _cause: making.give_up(running, event, now=runtime.now()),
    )


@api.get("v1/journey-summaries", query=SummaryQuery, answer=SummaryPage, errors=(Missing,))
def summaries_list(call: Call[SummaryQuery, None]) -> SummaryPage:
    """List reports of completed journeys, those that ended last first.

    A parent without `user` gets those of all children with an active link.
    """
    asked = call.query
    items, continuation = reading.listed(
        runtime.stores(),
        call.principal,
        call.reach,
        user_id=asked.user,
        limit=asked.limit,
        continuation=asked.continuation,
    )
    for user_id in sorted({each.user_id for each in items} | {asked.user or ""} - {""}):
        note_read(call, user_id, READ)
    return SummaryPage(items=[summary_item(each) for each in items], continuation=continuation)


@api.get("v1/journey-summaries/{session_id}", answer=SummaryView, errors=(Missing,))
def summaries_read(call: Call[None, None]) -> SummaryView:
    """Read whether the report of a journey is ready, and which versions were made."""
    summary = _found(call)
    note_read(call, summary.user_id, READ)
    return summary_view(summary)


@api.post(
    "v1/journey-summaries/{session_id}/versions",
    answer=SummaryView,
    status=202,
    errors=(Missing, Conflict),
)
def summaries_make(call: Call[None, None]) -> Reply:
    """Have the report of a journey made anew, from what is known now.

    It is made in the background and takes the former one's place; until then that one stays. One
    that is being prepared is not begun twice.
    """
    running = runtime.current()
    status, body = making.ask(
        running,
        running.pseudonyms,
        call.principal,
        call.reach,
        _session_id(call),
        shown=lambda summary: summary_view(summary).model_dump(mode="json"),
        idempotency=call.idempotency,
        now=call.now,
    )
    return Reply(body, status=status)  # type: ignore[arg-type]  # the view's JSON


@api.post(
    "v1/journey-summaries/{session_id}/links",
    answer=LinkView,
    status=201,
    idempotent=False,
    errors=(Missing, Conflict),
)
def summaries_link(call: Call[None, None]) -> LinkView:
    """Get a link that opens the report for 15 minutes, in any browser, without a token.

    It reads this version of this report alone, and closes at once when you may no longer see the
    learner. 409 until the first version is ready.
    """
    running = runtime.current()
    link = reading.link(
        running, running.tokens, running.pseudonyms, call.principal, _found(call), now=call.now
    )
    return link_view(link, public_url=running.settings.public_url, session_id=_session_id(call))


@api.get(
    "v1/journey-summaries/{session_id}/file",
    query=TicketQuery,
    answer="application/pdf",
    errors=(Missing, Unauthenticated, Forbidden),
)
def summaries_download(call: Call[TicketQuery, None]) -> Reply:
    """Open a report by a link.

    401 for a link that has expired; 404 once you may not see the learner any more, or the report
    was made anew.
    """
    running = runtime.current()
    reaches = ACCESS["summaries_link"]
    assert reaches is not None  # noqa: S101  the table says who
    summary, content = reading.download(
        running,
        running.tokens,
        running.pseudonyms,
        _session_id(call),
        call.query.ticket,
        reaches,
        now=call.now,
    )
    filename = f"journey-{summary.completed_at:%Y-%m-%d}.pdf"
    headers = {
        "Content-Disposition": f'inline; filename="{filename}"',
        "Cache-Control": "private, no-store",
        "Referrer-Policy": "no-referrer",
    }
    return Reply(content, headers=headers)


def _draw(report: Report) -> tuple[bytes, int]:
    # reportlab is loaded when the first report is made, not when the flow starts
    from functions.journey_summary.drawing.pages import drawn

    pages = drawn(report)
    return pages.content, pages.count


def _found(call: Call[Any, Any]) -> Summary:
    return reading.find(runtime.stores(), call.principal, call.reach, _session_id(call))


def _session_id(call: Call[Any, Any]) -> str:
    """The id of the journey that a call names. Raises ``Missing`` for what cannot be one."""
    try:
        return call.uuid("session_id")
    except Missing:
        raise Missing("there is no report of a journey with this id") from None

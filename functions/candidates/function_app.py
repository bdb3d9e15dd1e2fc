"""Triggers of candidates: the routes, what the flow hears, and its timer."""

from __future__ import annotations

import azure.functions as func

from functions.candidates.ats_client import AtsClient
from functions.candidates.routes import ats as ats_routes
from functions.candidates.routes import (
    blueprint,
    counts,
    duplicates,
    matching,
    notes,
    profiles,
    search,
)
from functions.candidates.service import ats, counting, expiring, hearing
from shared import runtime, telemetry
from shared.bus_trigger import deliver
from shared.events.candidate import HandoverDue
from shared.events.envelope import Event
from shared.messaging import Outcome

__all__ = [
    "ats_routes",
    "blueprint",
    "counts",
    "duplicates",
    "matching",
    "notes",
    "profiles",
    "search",
]


def _handle(event: Event) -> Outcome:
    running = runtime.current()
    if event.type == HandoverDue.type:
        client = AtsClient(loopback=running.settings.stores == "embedded")
        runtime.watch(client, "ats", "post")
        return ats.deliver(running, client, event, now=runtime.now())
    return hearing.hear(running, running.pseudonyms, running.encoder, event, now=runtime.now())


def _exhausted(event: Event, cause: str) -> None:
    if event.type == HandoverDue.type:
        ats.give_up(runtime.stores(), event, cause, now=runtime.now())


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="candidates",
    subscription_name="candidates",
    connection="ServiceBus",
)
def candidates_hear(message: func.ServiceBusMessage) -> None:
    """A profile was written, two were merged, or one is to be handed over."""
    deliver(message, entity="candidates/candidates", handle=_handle, exhausted=_exhausted)


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="intake",
    subscription_name="candidates",
    connection="ServiceBus",
)
def candidates_count(message: func.ServiceBusMessage) -> None:
    """A file has ended: count it."""
    deliver(
        message,
        entity="intake/candidates",
        handle=lambda event: counting.count_file(runtime.stores(), event, now=runtime.now()),
    )


@blueprint.timer_trigger(arg_name="timer", schedule="0 30 2 * * *", use_monitor=False)
def candidates_expire(timer: func.TimerRequest) -> None:  # noqa: ARG001  the host passes it
    """Every night: erase the candidates whose time is over."""
    running = runtime.current()
    with telemetry.triggered("timer", "candidates_expire", flow="candidates"):
        begun = expiring.erase_expired(running, running.pseudonyms, now=runtime.now())
        if begun:
            telemetry.log("candidates.expired", candidates=begun)

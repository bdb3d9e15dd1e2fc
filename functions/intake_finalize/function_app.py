"""Triggers of the profile writer."""

from __future__ import annotations

import azure.functions as func

from functions.intake_finalize import service
from shared import runtime
from shared.bus_trigger import deliver
from shared.events.envelope import Event
from shared.intake_stages import give_up

blueprint = func.Blueprint()


def _exhausted(event: Event, cause: str) -> None:
    give_up(
        runtime.stores(),
        event,
        cause,
        stage="finalizing",
        source="intake_finalize",
        now=runtime.now(),
    )


@blueprint.service_bus_queue_trigger(
    arg_name="message", queue_name="intake_finalize", connection="ServiceBus"
)
def intake_finalize(message: func.ServiceBusMessage) -> None:
    """A résumé was parsed: write the candidate's profile."""
    deliver(
        message,
        entity="intake_finalize",
        handle=lambda event: service.write_profile(
            runtime.stores(), runtime.current().pseudonyms, event, clock=runtime.now
        ),
        exhausted=_exhausted,
    )


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="candidates",
    subscription_name="intake_finalize",
    connection="ServiceBus",
)
def intake_finalize_complete(message: func.ServiceBusMessage) -> None:
    """A profile was saved: complete the file's record."""
    deliver(
        message,
        entity="candidates/intake_finalize",
        handle=lambda event: service.complete(runtime.stores(), event, clock=runtime.now),
        exhausted=_exhausted,
    )

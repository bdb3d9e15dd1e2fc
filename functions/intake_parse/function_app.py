"""Triggers of the parser."""

from __future__ import annotations

import azure.functions as func

from functions.intake_parse import service
from shared import runtime
from shared.bus_trigger import deliver
from shared.intake_stages import give_up

blueprint = func.Blueprint()


@blueprint.service_bus_queue_trigger(
    arg_name="message", queue_name="intake_parse", connection="ServiceBus"
)
def intake_parse(message: func.ServiceBusMessage) -> None:
    """A file's text was extracted: parse it."""
    deliver(
        message,
        entity="intake_parse",
        handle=lambda event: service.parse_text(
            runtime.stores(), event, model=runtime.current().resume_model, clock=runtime.now
        ),
        exhausted=lambda event, cause: give_up(
            runtime.stores(),
            event,
            cause,
            stage="parsing",
            source="intake_parse",
            now=runtime.now(),
        ),
    )

"""Triggers of the intake over HTTP: its routes, and the files that lie at a provider."""

from __future__ import annotations

import azure.functions as func

from functions.intake_upload.routes import blueprint, channels, files
from functions.intake_upload.service import deliveries
from shared import runtime
from shared.bus_trigger import deliver

__all__ = ["blueprint", "channels", "files"]


@blueprint.service_bus_queue_trigger(
    arg_name="message", queue_name="intake_upload", connection="ServiceBus"
)
def intake_fetch(message: func.ServiceBusMessage) -> None:
    """A message came in over a channel: fetch its files."""
    deliver(
        message,
        entity="intake_upload",
        handle=lambda event: deliveries.fetch(
            runtime.stores(), runtime.current().messengers, event, now=runtime.now()
        ),
    )

"""Triggers of the text extraction."""

from __future__ import annotations

from functools import cache

import azure.functions as func

from functions.intake_extract import service, tesseract
from functions.intake_extract.sandbox import Sandbox
from shared import runtime
from shared.bus_trigger import deliver
from shared.intake_stages import give_up
from shared.readiness.checking import OFFERED, NotConfigured

blueprint = func.Blueprint()


def _probe_tesseract(_seconds: float) -> None:
    if tesseract.program() is None:
        raise NotConfigured


OFFERED["tesseract"] = _probe_tesseract


@cache
def _sandbox() -> Sandbox:
    return Sandbox()


@blueprint.service_bus_queue_trigger(
    arg_name="message", queue_name="intake_extract", connection="ServiceBus"
)
def intake_extract(message: func.ServiceBusMessage) -> None:
    """A file was accepted: take its text out."""
    deliver(
        message,
        entity="intake_extract",
        handle=lambda event: service.extract(
            runtime.stores(), _sandbox(), event, clock=runtime.now
        ),
        exhausted=lambda event, cause: give_up(
            runtime.stores(),
            event,
            cause,
            stage="extracting",
            source="intake_extract",
            now=runtime.now(),
        ),
    )

"""Triggers of the outbox relay, and the routes of what could not be handled."""

from __future__ import annotations

import azure.functions as func

from functions.outbox_relay import service
from functions.outbox_relay.routes import blueprint
from shared import runtime, telemetry

__all__ = ["blueprint"]


@blueprint.timer_trigger(arg_name="timer", schedule="*/10 * * * * *", use_monitor=False)
def outbox_relay(timer: func.TimerRequest) -> None:  # noqa: ARG001  the host passes it
    """Every ten seconds: send events that a crash left unsent."""
    with telemetry.triggered("timer", "outbox_relay", flow="outbox_relay"):
        service.sweep(runtime.stores(), now=runtime.now())

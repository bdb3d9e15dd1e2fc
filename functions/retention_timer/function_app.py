"""Triggers of retention: the nightly timer, and the route of its reports."""

from __future__ import annotations

from datetime import timedelta

import azure.functions as func

from functions.retention_timer.routes import blueprint
from functions.retention_timer.service import night
from shared import runtime, telemetry

__all__ = ["blueprint"]


@blueprint.timer_trigger(arg_name="timer", schedule="0 30 3 * * *", use_monitor=False)
def retention_timer(timer: func.TimerRequest) -> None:  # noqa: ARG001  the host passes it
    """Every night: archive old journeys, remove what is due, tell what is stuck."""
    running = runtime.current()
    with telemetry.triggered("timer", "retention_timer", flow="retention_timer"):
        night.keep_house(
            running,
            running.pseudonyms,
            unmatched_kept=timedelta(days=running.settings.unmatched_file_days),
            clock=runtime.now,
        )

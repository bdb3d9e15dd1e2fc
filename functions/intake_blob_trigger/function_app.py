"""Triggers of the first stage: a file was dropped."""

from __future__ import annotations

import json

import azure.functions as func

from functions.intake_blob_trigger import service
from functions.intake_blob_trigger.rules import Limits
from shared import runtime, telemetry
from shared.bus_trigger import deliver
from shared.intake_stages import give_up

blueprint = func.Blueprint()

LIMITS = Limits()
FLOW = "intake_blob_trigger"


@blueprint.blob_trigger(
    arg_name="blob", path="resumes/{name}", connection="Blobs", source=func.BlobSource.EVENT_GRID
)
def intake_blob_trigger(blob: func.InputStream) -> None:
    """A file was dropped into ``resumes``: register, check and scan it."""
    container, _, name = (blob.name or "").partition("/")
    with (
        telemetry.triggered("datasource", "intake_blob_trigger", flow=FLOW),
        telemetry.timed("file.registered"),
    ):
        telemetry.measure("waymark.files.dropped", 1, {"waymark.flow": FLOW})
        running = runtime.current()
        service.register(
            running, container, name, scanner=running.scanner, limits=LIMITS, clock=runtime.now
        )


@blueprint.queue_trigger(
    arg_name="poison", queue_name="webjobs-blobtrigger-poison", connection="Blobs"
)
def intake_blob_poison(poison: func.QueueMessage) -> None:
    """Registering a file failed five times: record that."""
    told = json.loads(poison.get_body())
    with (
        telemetry.triggered("pubsub", "intake_blob_poison", flow=FLOW),
        telemetry.timed("file.gave_up"),
    ):
        service.record_poison(
            runtime.stores(), told["ContainerName"], told["BlobName"], clock=runtime.now
        )


@blueprint.service_bus_queue_trigger(
    arg_name="message", queue_name="intake_blob_trigger", connection="ServiceBus"
)
def intake_rescan(message: func.ServiceBusMessage) -> None:
    """Another attempt was asked for, or a scan is due: check and scan the file again."""
    running = runtime.current()
    deliver(
        message,
        entity="intake_blob_trigger",
        handle=lambda event: service.rescan(
            running, event, scanner=running.scanner, limits=LIMITS, clock=runtime.now
        ),
        exhausted=lambda event, cause: give_up(
            runtime.stores(),
            event,
            cause,
            stage=service.stage_of(event),
            source="intake_blob_trigger",
            now=runtime.now(),
        ),
    )


@blueprint.timer_trigger(arg_name="timer", schedule="0 */10 * * * *", use_monitor=False)
def intake_stalled(timer: func.TimerRequest) -> None:  # noqa: ARG001  the host passes it
    """Every ten minutes: nudge files whose message never came."""
    with telemetry.triggered("timer", "intake_stalled", flow=FLOW):
        touched = service.nudge_stalled(runtime.stores(), now=runtime.now())
        if touched:
            telemetry.log("intake.nudged", files=touched)

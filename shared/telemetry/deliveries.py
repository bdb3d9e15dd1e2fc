"""The hop of one delivered message, and what became of it as metrics."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from shared.events.envelope import Event
from shared.telemetry.hops import hop
from shared.telemetry.recording import BUS, measure


@dataclass
class Delivered:
    """What became of a delivery: an outcome, and the type of the error that it ended with."""

    outcome: str = ""
    cause: str = ""


@contextmanager
def delivering(event: Event, entity: str, delivery_count: int, flow: str) -> Iterator[Delivered]:
    """The hop of one delivery, below the one that committed the event, and its metrics."""
    destination, _, subscription = entity.partition("/")
    measured = {
        "messaging.system": BUS,
        "messaging.operation.name": "process",
        "messaging.destination.name": destination,
        "waymark.event_type": event.type,
    }
    if subscription:
        measured["messaging.destination.subscription.name"] = subscription
    told = Delivered()
    began = time.perf_counter()
    with hop(
        traceparent=event.traceparent,
        request_id=event.requestid,
        name=f"process {entity}",
        kind="consumer",
        flow=flow,
        attributes={
            **measured,
            "messaging.operation.type": "process",
            "messaging.message.id": event.id,
            "messaging.servicebus.message.delivery_count": delivery_count,
            "faas.trigger": "pubsub",
            "waymark.tenant": event.tenantid,
            "waymark.resend": event.resend,
        },
    ) as here:
        try:
            yield told
        finally:
            measured["waymark.outcome"] = told.outcome
            here.note({"waymark.outcome": told.outcome})
            if told.cause:
                measured["error.type"] = told.cause
                here.fail(told.cause)
            if flow:
                measured["waymark.flow"] = flow
            seconds = time.perf_counter() - began
            measure("messaging.process.duration", seconds, measured)
            if told.outcome in {"postponed", "rejected", "exhausted"}:
                measure(f"waymark.messages.{told.outcome}", 1, measured)

"""How a bus trigger hands its message on."""

from __future__ import annotations

from collections.abc import Callable

import azure.functions as func

from shared import messaging, runtime, telemetry
from shared.events.envelope import Event


def deliver(
    message: func.ServiceBusMessage,
    *,
    entity: str,
    handle: Callable[[Event], messaging.Outcome],
    exhausted: Callable[[Event, str], None] | None = None,
) -> None:
    """Give a Service Bus message to its handler; see :func:`shared.messaging.deliver`.

    ``exhausted``, when given, is told the event and the cause before it becomes a dead letter.
    """
    messaging.deliver(
        runtime.stores(),
        message.get_body(),
        entity=entity,
        delivery_count=message.delivery_count or 1,
        handle=handle,
        exhausted=exhausted or (lambda _event, _cause: None),
        flow=telemetry.flow_of(handle),
        now=runtime.now(),
    )

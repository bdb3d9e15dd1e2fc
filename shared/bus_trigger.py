"""How a bus trigger hands its message on."""

from __future__ import annotations

from collections.abc import Callable

import azure.functions as func

from shared import delivery, runtime, telemetry
from shared.events.envelope import Event
from shared.messaging import Outcome


def deliver(
    message: func.ServiceBusMessage,
    *,
    entity: str,
    handle: Callable[[Event], Outcome],
    exhausted: Callable[[Event, str], None] | None = None,
) -> None:
    """Give a Service Bus message to its handler; see :func:`shared.delivery.deliver`.

    ``exhausted``, when given, is told the event and the cause before it becomes a dead letter.
    """
    delivery.deliver(
        runtime.stores(),
        message.get_body(),
        entity=entity,
        delivery_count=message.delivery_count or 1,
        handle=handle,
        exhausted=exhausted or (lambda _event, _cause: None),
        flow=telemetry.flow_of(handle),
        now=runtime.now(),
    )

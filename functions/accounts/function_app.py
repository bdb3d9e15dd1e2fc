"""Triggers of people's accounts: the routes, and what the flow hears."""

from __future__ import annotations

import azure.functions as func

from functions.accounts.routes import audit, blueprint
from functions.accounts.service import audit_log
from shared import runtime
from shared.bus_trigger import deliver
from shared.errors import Invalid
from shared.events.audit import AuditNoted
from shared.events.envelope import Event
from shared.messaging import Outcome

__all__ = ["audit", "blueprint"]


def _handle(event: Event) -> Outcome:
    if event.type == AuditNoted.type:
        return audit_log.write_down(runtime.stores(), event)
    raise Invalid(f"accounts does not hear {event.type}")


@blueprint.service_bus_queue_trigger(
    arg_name="message", queue_name="accounts", connection="ServiceBus"
)
def accounts_hear(message: func.ServiceBusMessage) -> None:
    """Something of a person's is due: an account, an export, an erasure's step, an audit entry."""
    deliver(message, entity="accounts", handle=_handle)

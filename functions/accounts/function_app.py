"""Triggers of people's accounts: the routes, what the flow hears, and its timer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import azure.functions as func

from functions.accounts.routes import (
    audit,
    blueprint,
    families,
    people,
    personal_data,
    resets,
    tenants,
    tokens,
)
from functions.accounts.routes.forms import means
from functions.accounts.service import (
    audit_log,
    consents,
    mailed_codes,
    profiling,
    registration,
)
from functions.accounts.service.personal_data import erasing, exporting, replaying
from shared import runtime, telemetry
from shared.bus_trigger import deliver
from shared.errors import Invalid
from shared.events.audit import AuditNoted
from shared.events.envelope import Event
from shared.events.person import (
    CodeRequested,
    ErasureAdvanced,
    ExportRequested,
    FamilyChanged,
    PersonRegistered,
    ReplayAdvanced,
)
from shared.messaging import Outcome

__all__ = [
    "audit",
    "blueprint",
    "families",
    "people",
    "personal_data",
    "resets",
    "tenants",
    "tokens",
]

_HANDLERS: Mapping[str, Callable[[Event], Outcome]] = {
    AuditNoted.type: lambda event: audit_log.write_down(runtime.stores(), event),
    PersonRegistered.type: lambda event: registration.complete(runtime.stores(), event),
    CodeRequested.type: lambda event: mailed_codes.send(
        means(), runtime.current().mailer, event, now=runtime.now()
    ),
    FamilyChanged.type: lambda event: consents.judge_again(
        runtime.stores(), event, now=runtime.now()
    ),
    ExportRequested.type: lambda event: exporting.make(means(), event, clock=runtime.now),
    ErasureAdvanced.type: lambda event: erasing.advance(means(), event, clock=runtime.now),
    ReplayAdvanced.type: lambda event: replaying.advance(means(), event, clock=runtime.now),
}


def _handle(event: Event) -> Outcome:
    if event.type not in _HANDLERS:
        raise Invalid(f"accounts does not hear {event.type}")
    return _HANDLERS[event.type](event)


@blueprint.service_bus_queue_trigger(
    arg_name="message", queue_name="accounts", connection="ServiceBus"
)
def accounts_hear(message: func.ServiceBusMessage) -> None:
    """Something of a person's is due: an account, an export, an erasure's step, an audit entry."""
    deliver(message, entity="accounts", handle=_handle)


@blueprint.timer_trigger(arg_name="timer", schedule="0 */5 * * * *", use_monitor=False)
def accounts_tidy(timer: func.TimerRequest) -> None:  # noqa: ARG001  the host passes it
    """Every five minutes: take up erasures that have settled or stall, and drop old archives."""
    stores, now = runtime.stores(), runtime.now()
    tasks: Mapping[str, Callable[[], int]] = {
        "erasures": lambda: erasing.take_up(stores, now=now),
        "replays": lambda: replaying.nudge(
            stores, patience_until=now - erasing.STALLED_AFTER, now=now
        ),
        "exports": lambda: exporting.drop_old(stores, now=now),
    }
    done: dict[str, int] = {}
    with telemetry.triggered("timer", "accounts_tidy", flow="accounts") as here:
        for name, task in tasks.items():
            try:
                done[name] = task()
            except Exception as error:  # one task's trouble does not hold up the others
                telemetry.failure("accounts.not_tidied", error, task=name)
                here.fail(type(error).__name__)
        if any(done.values()):
            telemetry.log("accounts.tidied", done=done)


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="profiler",
    subscription_name="accounts",
    connection="ServiceBus",
)
def accounts_profiled(message: func.ServiceBusMessage) -> None:
    """Something changed in a learner's profiling: their account says so too."""
    deliver(
        message,
        entity="profiler/accounts",
        handle=lambda event: profiling.bring_up_to_date(runtime.stores(), event, now=runtime.now()),
    )

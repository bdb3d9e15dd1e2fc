"""Triggers of backups: the timers, what the flow hears, and the routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import azure.functions as func

from functions.nightly_backup.routes import backups, blueprint, means, snapshots
from functions.nightly_backup.service import backing_up, profile_snapshots, restoring, self_testing
from shared import telemetry
from shared.bus_trigger import deliver
from shared.errors import Invalid
from shared.events.backup import BackupAdvanced, RestoreAdvanced, SelfTestAdvanced
from shared.events.envelope import Event
from shared.messaging import Outcome

__all__ = ["backups", "blueprint", "snapshots"]

_HANDLERS: Mapping[str, Callable[[Event], Outcome]] = {
    BackupAdvanced.type: lambda event: backing_up.advance(means(), event),
    RestoreAdvanced.type: lambda event: restoring.advance(means(), event),
    SelfTestAdvanced.type: lambda event: self_testing.advance(means(), event),
}


def _handle(event: Event) -> Outcome:
    if event.type not in _HANDLERS:
        raise Invalid(f"nightly_backup does not hear {event.type}")
    return _HANDLERS[event.type](event)


@blueprint.service_bus_queue_trigger(
    arg_name="message", queue_name="nightly_backup", connection="ServiceBus"
)
def backup_hear(message: func.ServiceBusMessage) -> None:
    """The next part of a backup, of a restore or of a test is due."""
    deliver(message, entity="nightly_backup", handle=_handle)


@blueprint.timer_trigger(arg_name="timer", schedule="0 30 2 * * *", use_monitor=False)
def nightly_backup(timer: func.TimerRequest) -> None:  # noqa: ARG001  the host passes it
    """Every night at half past two (UTC): begin a backup, unless a restore goes on."""
    with telemetry.triggered("timer", "nightly_backup", flow="nightly_backup"):
        backing_up.begin_nightly(means())


@blueprint.timer_trigger(arg_name="timer", schedule="0 30 6 1 * *", use_monitor=False)
def backup_self_test(timer: func.TimerRequest) -> None:  # noqa: ARG001  the host passes it
    """On the first of each month: begin to test the latest backup."""
    with telemetry.triggered("timer", "backup_self_test", flow="nightly_backup"):
        self_testing.begin(means())


@blueprint.timer_trigger(arg_name="timer", schedule="0 */10 * * * *", use_monitor=False)
def backup_nudge(timer: func.TimerRequest) -> None:  # noqa: ARG001  the host passes it
    """Every ten minutes: lead on what has not moved for a while."""
    with telemetry.triggered("timer", "backup_nudge", flow="nightly_backup"):
        found = means()
        for name, lead_on in (
            ("backups", backing_up.nudge),
            ("restores", restoring.nudge),
            ("self_tests", self_testing.nudge),
        ):
            try:
                lead_on(found)
            except Exception as error:  # one job's trouble does not hold up the others
                telemetry.failure("job.not_nudged", error, job=name)


@blueprint.timer_trigger(arg_name="timer", schedule="0 15 3-6 * * *", use_monitor=False)
def profile_snapshots_make(timer: func.TimerRequest) -> None:  # noqa: ARG001  the host passes it
    """Every night, at a quarter past three and again in the next hours for what was not done: write
    each tenant's snapshot for analysts, and remove those that are older than 90 days."""
    with telemetry.triggered("timer", "profile_snapshots_make", flow="nightly_backup"):
        profile_snapshots.make_all(means())

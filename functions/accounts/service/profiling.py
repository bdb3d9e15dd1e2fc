"""Keeps on a person's account what the profiler's documents say of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.documents.port import Replace
from shared.errors import Missing, Rejected
from shared.events.envelope import Event
from shared.messaging import Decision, Outcome, handle_once
from shared.models import account
from shared.people import read_account
from shared.profiling_sessions import read_current
from shared.stores import Stores

HANDLER = "accounts_profiled"


def bring_up_to_date(stores: Stores, event: Event, *, now: datetime) -> Outcome:
    """Set an account's profiling fields to what holds now, whatever the event told.

    Events can pass each other; the documents cannot: the last to be handled reads them as
    they are after the last change. The track of a person whose profiling was reset stays
    until the next attempt gives another. A person without an account is finished.
    """
    partition = (event.tenantid, event.partitionkey)

    def decide() -> Decision:
        try:
            person, etag = read_account(stores, *partition)
        except Missing:
            raise Rejected("no account") from None
        fields = fields_of(stores, partition)
        if any(getattr(person, name) != value for name, value in fields.items()):
            person = person.model_copy(update={**fields, "updated_at": now})
        # written also when nothing changed: who read older documents meanwhile is stale then
        return Decision([Replace(person.stored(), etag)])

    return handle_once(
        stores,
        event,
        handler=HANDLER,
        container=account.CONTAINER,
        partition=partition,
        decide=decide,
        now=now,
    )


def fields_of(stores: Stores, partition: tuple[str, str]) -> dict[str, Any]:
    """The profiling fields of an account, by the profiler's documents.

    Also for an account that is made only after its person went through the profiler.
    """
    present = read_current(stores, partition)
    if present is None:
        return {
            "profiling_complete": False,
            "profiling_completed_at": None,
            "profiling_session_id": None,
        }
    _, _, result, _ = present
    return {
        "profiling_complete": True,
        "profiling_completed_at": result.completed_at,
        "profiling_session_id": result.session_id,
        "track_key": result.track,
    }

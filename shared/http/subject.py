"""Whose data a call reads: the caller's own, or somebody's whom the caller reaches."""

from __future__ import annotations

from typing import Any

from shared import audit, runtime
from shared.http.call import Call
from shared.people import check_person


def partition_read(call: Call[Any, Any], user: str | None, action: str) -> tuple[str, str]:
    """The partition ``(tenant_id, user_id)`` of whom a call asks about; the caller's without
    ``user``.

    That somebody else's is read is written to the audit log as ``action``. Raises ``Missing``
    for who is not reached.
    """
    principal = call.principal
    if user is not None and user != principal.user_id:
        check_person(runtime.stores(), principal, call.reach, user)
        note_read(call, user, action)
    return (principal.tenant_id, user or principal.user_id)


def note_read(call: Call[Any, Any], user_id: str, action: str) -> None:
    """Write down that the caller reads what is somebody else's; one's own may be read unseen."""
    if user_id != call.principal.user_id:
        running = runtime.current()
        audit.record_read(
            running,
            running.pseudonyms,
            call.principal,
            action,
            of="user",
            target=user_id,
            now=call.now,
        )

"""Which files may be tried again, and by whom."""

from __future__ import annotations

from datetime import datetime

from shared.errors import Conflict, Forbidden
from shared.models.intake import IntakeRecord


def next_attempt(record: IntakeRecord, roles: frozenset[str], *, now: datetime) -> IntakeRecord:
    """The record at the beginning of its next attempt.

    Failed files may be retried, quarantined ones by an admin. Raises ``Conflict``
    or ``Forbidden``.
    """
    if not record.ended:
        raise Conflict(f"the file is still under way ({record.state})")
    if record.state == "quarantined" and not roles & {"admin", "operator"}:
        raise Forbidden("only an admin may have a quarantined file tried again")
    if record.state not in {"failed", "quarantined"}:
        raise Conflict(f"the file is {record.state}: there is nothing to retry")
    return record.model_copy(
        update={
            "state": "received",
            "attempt": record.attempt + 1,
            "reason": None,
            "nudges": 0,
            "warnings": (),
            "updated_at": now,
        }
    )

"""Which files may be tried again, and by whom."""

from __future__ import annotations

from datetime import datetime

from shared.errors import Conflict, Forbidden
from shared.models.intake import IntakeRecord


def next_attempt(record: IntakeRecord, roles: frozenset[str], *, now: datetime) -> IntakeRecord:
    """The record at the beginning of its next attempt.

    Failed files may be retried, quarantined ones by an admin or an operator. So may a
    duplicate: it is one again, unless the first file was lost meanwhile. Raises
    ``Conflict`` or ``Forbidden``.
    """
    if record.erasure_due:
        raise Conflict("the file's time is over: it is being erased. Drop it again")
    if not record.ended:
        raise Conflict(f"the file is still under way ({record.state})")
    if record.state == "quarantined" and not roles & {"admin", "operator"}:
        raise Forbidden("only an admin may have a quarantined file tried again")
    if record.state in {"completed", "unpacked"}:
        raise Conflict(f"the file is {record.state}: there is nothing to retry")
    return record.again(now)


def is_withheld(record: IntakeRecord) -> bool:
    """Whether nobody may fetch the original: nobody has looked into it yet, its scan for
    malware is wanting, or it was quarantined, and no later attempt has opened it safely."""
    looked_into = any(step.stage == "scanning" for step in record.steps)
    withheld = False
    for step in record.steps:
        if step.outcome == "quarantined":
            withheld = True
        elif step.stage == "extracting" and step.outcome == "done":
            withheld = False
    return withheld or not looked_into or record.unscanned is not None

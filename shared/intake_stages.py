"""What the stages of the intake chain have in common: reading the record, ending it, giving up."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from shared.documents.port import Replace
from shared.errors import Missing, Rejected
from shared.events.envelope import Event
from shared.events.intake import IntakeEnded
from shared.messaging import Decision, announce_once
from shared.models.intake import CONTAINER, IntakeRecord, Reason, Stage
from shared.stores import Stores


class _Attempt(BaseModel):
    """What every event of the chain says: which intake, which attempt."""

    intake_id: str
    attempt: int


def read_record(stores: Stores, tenant_id: str, intake_id: str) -> tuple[IntakeRecord, str]:
    """Return a record and its etag. Raises ``Missing``."""
    stored = stores.documents.get(CONTAINER, (tenant_id, intake_id), intake_id)
    if stored is None:
        raise Missing("there is no intake with this id")
    return IntakeRecord.of(stored.body), stored.etag


def read_awaiting(
    stores: Stores, event: Event, stage: Stage, attempt: int, *, intake_id: str
) -> tuple[IntakeRecord, str]:
    """Return the record and etag of a file that awaits this stage of this attempt.

    Raises ``Rejected`` when it is gone or has moved on: the event came late.
    """
    try:
        record, etag = read_record(stores, event.tenantid, intake_id)
    except Missing:
        raise Rejected("the intake record is gone") from None
    if not record.awaits(stage, attempt):
        raise Rejected(f"superseded: the record is {record.state}, attempt {record.attempt}")
    return record, etag


def ending_of(record: IntakeRecord) -> IntakeEnded:
    """The event that tells how a record ended."""
    return IntakeEnded(
        intake_id=record.intake_id,
        attempt=record.attempt,
        state=record.state,  # type: ignore[arg-type]  # the model refuses a state that is no end
        reason=record.reason.detail if record.reason else None,
        reason_code=record.reason.code if record.reason else None,
        candidate_id=record.candidate_id,
    )


def ended(record: IntakeRecord, etag: str) -> Decision:
    """The decision that stores a record in a terminal state and tells of it."""
    return Decision([Replace(record.stored(), etag)], [ending_of(record)])


def give_up(
    stores: Stores, event: Event, cause: str, *, stage: Stage, source: str, now: datetime
) -> None:
    """End the file whose message is about to become a dead letter, if it still waits for it.

    Takes any event of the chain: all name the intake and the attempt.
    """
    about = _Attempt.model_validate(event.data)
    partition = (event.tenantid, about.intake_id)

    def decide() -> Decision:
        try:
            record, etag = read_record(stores, *partition)
        except Missing:
            return Decision()
        if record.state != stage or record.attempt != about.attempt:
            return Decision()
        reason = Reason(
            code="exhausted",
            detail=f"The stage {stage} kept failing ({cause.partition(':')[0]}). An operator can "
            "redrive its dead letter, or retry the file.",
            stage=stage,
        )
        return ended(record.advanced(stage, "failed", began=now, ended=now, reason=reason), etag)

    announce_once(
        stores,
        source=source,
        container=CONTAINER,
        partition=partition,
        decide=decide,
        now=now,
    )

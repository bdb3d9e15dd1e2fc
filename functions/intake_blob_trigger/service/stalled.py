"""Nudges files whose message never came."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from functions.intake_blob_trigger.rules import LONGEST_DELAY
from functions.intake_blob_trigger.service.scanning import deferral_of
from shared import telemetry
from shared.documents.port import Equals, Json, Range, Replace
from shared.events.envelope import EventData
from shared.events.intake import IntakeAccepted, IntakeExtracted, IntakeParsed, IntakeRetried
from shared.intake_stages import ended, read_record
from shared.messaging import Decision, announce_once
from shared.models.intake import CONTAINER, IntakeRecord, Reason, Stage
from shared.stores import Stores

HANDLER = "intake_blob_trigger"
STALLED_AFTER = timedelta(minutes=30)
MAX_NUDGES = 3
MAX_SWEPT = 1000


def nudge_stalled(stores: Stores, *, now: datetime) -> int:
    """Send the event of files again that have waited too long; give up after three times.

    Returns how many it touched. A file whose message is only late is not harmed: the
    second of the two events finds that the file has moved on.
    """
    touched = 0
    for item in _waiting_since(stores, now - STALLED_AFTER):
        try:
            record = IntakeRecord.of(item)
            _nudge(stores, record.tenant_id, record.intake_id, record.updated_at, now)
            touched += 1
        except Exception as error:  # one file's trouble does not hold up the others
            telemetry.failure("intake.not_nudged", error, intake_id=item["intake_id"])
    return touched


def _waiting_since(stores: Stores, moment: datetime) -> Iterator[Json]:
    """Records that wait for a message since before a moment; of each stage a bounded number."""
    for stage in ("received", "scanning", "extracting", "parsing", "finalizing"):
        # the message of one that waits for its scan may be meant to come so much later
        before = moment - LONGEST_DELAY if stage == "scanning" else moment
        continuation, seen = None, 0
        while seen < MAX_SWEPT:
            page = stores.documents.query(
                CONTAINER,
                (),
                where=[
                    Equals("state", stage),
                    Equals("kind", "record"),
                    Range("updated_at", below=before.isoformat()),
                ],
                limit=200,
                continuation=continuation,
            )
            seen += len(page.items)
            yield from (item.body for item in page.items)
            continuation = page.continuation
            if continuation is None:
                break


def _nudge(
    stores: Stores, tenant_id: str, intake_id: str, seen_at: datetime, now: datetime
) -> None:
    def decide() -> Decision:
        record, etag = read_record(stores, tenant_id, intake_id)
        if record.ended or record.updated_at != seen_at:
            return Decision()
        stage: Stage = record.state  # type: ignore[assignment]  # ended is excluded above
        if record.nudges >= MAX_NUDGES:
            reason = Reason(
                code="stalled",
                detail=f"The file waited in stage {stage} and its message never came. Retry it.",
                stage=stage,
            )
            return ended(
                record.advanced(stage, "failed", began=now, ended=now, reason=reason), etag
            )
        nudged = record.model_copy(update={"nudges": record.nudges + 1, "updated_at": now})
        return Decision([Replace(nudged.stored(), etag)], [_event_of(nudged)])

    announce_once(
        stores,
        source=HANDLER,
        container=CONTAINER,
        partition=(tenant_id, intake_id),
        decide=decide,
        now=now,
    )


def _event_of(record: IntakeRecord) -> EventData:
    """The event that the stage a record waits in hears."""
    if record.state == "scanning":
        return deferral_of(record)
    kinds: dict[str, type[IntakeRetried | IntakeAccepted | IntakeExtracted | IntakeParsed]] = {
        "received": IntakeRetried,
        "extracting": IntakeAccepted,
        "parsing": IntakeExtracted,
        "finalizing": IntakeParsed,
    }
    return kinds[record.state](intake_id=record.intake_id, attempt=record.attempt)

"""Asks the scanner about a file that passed the check, and has one without verdict wait."""

from __future__ import annotations

import logging
from datetime import datetime

from functions.intake_blob_trigger.rules import Code, is_over, still_waiting
from shared import telemetry
from shared.errors import Throttled, Unavailable
from shared.events.envelope import EventData
from shared.events.intake import IntakeAccepted, IntakeScanDeferred
from shared.intake_stages import ending_of
from shared.models.intake import IntakeRecord, Reason, State
from shared.scanning.port import (
    Clean,
    Infected,
    Pending,
    Scanner,
    Unscannable,
    Verdict,
    Version,
)

Told = tuple[IntakeRecord, list[EventData]]
"""A record as it is to be stored, and what to tell."""


def ask(scanner: Scanner | None, version: Version) -> Verdict:
    """Return the scanner's verdict, ``Pending`` when it cannot be asked.

    Without a scanner the check by content is all there is: every file that passed is clean.
    """
    if scanner is None:
        return Clean()
    try:
        return scanner.scan(version)
    except (Unavailable, Throttled) as error:
        telemetry.log("scanner.away", level=logging.WARNING, cause=error.detail)
        return Pending("The scanner does not answer.")


def scanned(record: IntakeRecord, verdict: Verdict, *, began: datetime, now: datetime) -> Told:
    """The record after a question to the scanner: on to extraction, to the end, or waiting."""
    match verdict:
        case Clean():
            on = record.advanced("scanning", "extracting", began=began, ended=now, unscanned=None)
            return on, [IntakeAccepted(intake_id=record.intake_id, attempt=record.attempt)]
        case Infected(signature):
            detail = f"The scanner found malware in the file: {signature}."
            known = record.model_copy(update={"unscanned": None})
            return _ended(known, "quarantined", Code.MALWARE, detail, began, now)
        case Unscannable(why) | Pending(why):
            wait = still_waiting(record.unscanned, attempt=record.attempt, why=why, now=now)
            record = record.model_copy(update={"unscanned": wait})
    if isinstance(verdict, Unscannable):
        detail = f"The file cannot be scanned for malware. {why}"
        return _ended(record, "failed", Code.NOT_SCANNED, detail, began, now)
    if is_over(wait, now):
        detail = f"The file waited a day for its scan for malware. {why} Retry it."
        return _ended(record, "failed", Code.NOT_SCANNED, detail, began, now)
    waiting = record.model_copy(
        update={"state": "scanning", "reason": None, "nudges": 0, "updated_at": now}
    )
    return waiting, [deferral_of(waiting)]


def asked_in(record: IntakeRecord) -> int:
    """How often the scanner was asked about a file that waits for its answer."""
    wait = record.unscanned  # of this attempt, where the file awaits an answer
    return 0 if wait is None else wait.asked


def deferral_of(record: IntakeRecord) -> IntakeScanDeferred:
    """The event that has the scanner asked again about a file that waits."""
    wait = record.unscanned
    return IntakeScanDeferred(
        intake_id=record.intake_id,
        attempt=record.attempt,
        asked=asked_in(record),
        due_at=record.updated_at if wait is None else wait.due_at,
    )


def _ended(
    record: IntakeRecord, to: State, code: Code, detail: str, began: datetime, now: datetime
) -> Told:
    reason = Reason(code=str(code), detail=detail, stage="scanning")
    end = record.advanced("scanning", to, began=began, ended=now, reason=reason)
    return end, [ending_of(end)]

"""Registers a dropped file, checks it, scans it."""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from functions.intake_blob_trigger.rules import Limits, Verdict, inspect_file
from functions.intake_blob_trigger.service.claims import claim_bytes
from functions.intake_blob_trigger.service.scanning import Told, ask, asked_in, scanned
from shared import telemetry
from shared.documents.port import Create, Replace
from shared.errors import Invalid, Missing, Rejected
from shared.events.envelope import Event, read_data
from shared.events.intake import IntakeRetried, IntakeScanDeferred
from shared.intake_stages import ended, ending_of, read_awaiting
from shared.messaging import Decision, Outcome, announce_once, handle_once
from shared.models.intake import (
    CONTAINER,
    IntakeFile,
    IntakeRecord,
    Reason,
    Stage,
    State,
    Step,
    intake_id_of,
)
from shared.models.tenant import PLATFORM, is_tenant_code
from shared.scanning.port import Scanner, Version
from shared.stores import Stores

HANDLER = "intake_blob_trigger"
_CHUNK = 1024 * 1024
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class _Read:
    """A dropped file, read once: its facts, and what the check said of it or why it could
    not be read at all. ``etag`` is of the version that was read."""

    file: IntakeFile
    verdict: Verdict | Reason
    etag: str = ""


def register(
    stores: Stores,
    container: str,
    name: str,
    *,
    scanner: Scanner | None,
    limits: Limits,
    clock: Clock,
) -> None:
    """Make the record of a dropped file, checked and scanned, and send the file on.

    The same bytes at the same place have one record, however often the drop is told; when
    that record failed because they were gone, their return begins its next attempt. What came
    over a channel has its record already, and goes on with it. A file that is gone meanwhile
    leaves none.
    """
    began = clock()
    try:
        read = _read(stores, container, name, limits)
    except Missing:
        telemetry.log("file.gone", container=container)
        return
    tenant_id, reason = _tenant_of(stores, name)
    intake_id = intake_id_of(tenant_id, name, read.file.sha256)
    record = IntakeRecord(
        id=intake_id,
        tenant_id=tenant_id,
        intake_id=intake_id,
        state="scanning",
        file=read.file,
        steps=(Step(stage="received", attempt=1, outcome="done", at=began, duration_ms=0),),
        created_at=began,
        updated_at=began,
    )

    def decide() -> Decision:
        present = stores.documents.get(CONTAINER, record.partition, intake_id)
        if present is None:
            checked, events = _checked(stores, scanner, record, read, reason, began, clock)
            return Decision([Create(checked.stored())], events)
        known = IntakeRecord.of(present.body)
        if known.is_announced:
            found = known.model_copy(update={"state": "scanning", "steps": record.steps})
        elif known.lost_original:
            found = known.again(began)
        else:
            return Decision()
        checked, events = _checked(stores, scanner, found, read, reason, began, clock)
        return Decision([Replace(checked.stored(), present.etag)], events)

    announce_once(
        stores,
        source=HANDLER,
        container=CONTAINER,
        partition=record.partition,
        decide=decide,
        now=began,
    )


def rescan(
    stores: Stores, event: Event, *, scanner: Scanner | None, limits: Limits, clock: Clock
) -> Outcome:
    """Check and scan a file again: somebody asked another attempt for it, or its scan is due."""
    data: IntakeRetried | IntakeScanDeferred
    stage = stage_of(event)
    if stage == "scanning":
        data = read_data(event, IntakeScanDeferred)
    else:
        data = read_data(event, IntakeRetried)
    began = clock()

    def decide() -> Decision:
        record, etag = read_awaiting(stores, event, stage, data.attempt, intake_id=data.intake_id)
        if isinstance(data, IntakeScanDeferred) and data.asked != asked_in(record):
            raise Rejected("superseded: the scanner was asked since")
        tenant_id, reason = _tenant_of(stores, record.file.name)
        if reason is None and tenant_id != record.tenant_id:
            reason = Reason(
                code="unknown_tenant",
                detail=f"The folder is tenant {tenant_id!r} by now. Drop the file again to have "
                "it read there.",
                stage="received",
            )
        try:
            read = _read(stores, record.file.container, record.file.name, limits)
        except Missing:
            gone = Reason(
                code="original_gone",
                detail="The file is no longer where it was dropped. Drop it again.",
                stage=stage,
            )
            moment = clock()
            return ended(
                record.advanced(stage, "failed", began=began, ended=moment, reason=gone), etag
            )
        if read.file.sha256 != record.file.sha256:
            reason = Reason(
                code="changed",
                detail="The file was overwritten since; the new one has an intake of its own.",
                stage=stage,
            )
        checked, events = _checked(stores, scanner, record, read, reason, began, clock)
        return Decision([Replace(checked.stored(), etag)], events)

    return handle_once(
        stores,
        event,
        handler=HANDLER,
        container=CONTAINER,
        partition=(event.tenantid, data.intake_id),
        decide=decide,
        now=began,
    )


def stage_of(event: Event) -> Stage:
    """The stage in which a file waits for an event that has it scanned again."""
    return "scanning" if event.type == IntakeScanDeferred.type else "received"


def record_poison(stores: Stores, container: str, name: str, *, clock: Clock) -> None:
    """Make a failed record of a file that the trigger could not register in five tries."""
    began = clock()
    tenant_id, _ = _tenant_of(stores, name)
    try:
        file = _read_facts(stores, container, name)
    except Missing:
        telemetry.log("file.gone", container=container)
        return
    intake_id = intake_id_of(tenant_id, name, file.sha256)
    reason = Reason(
        code="exhausted",
        detail="Registering the file kept failing. Retry it.",
        stage="received",
    )
    record = IntakeRecord(
        id=intake_id,
        tenant_id=tenant_id,
        intake_id=intake_id,
        state="received",
        file=file,
        created_at=began,
        updated_at=began,
    ).advanced("received", "failed", began=began, ended=clock(), reason=reason)

    def decide() -> Decision:
        if stores.documents.get(CONTAINER, record.partition, intake_id) is not None:
            return Decision()
        return Decision([Create(record.stored())], [ending_of(record)])

    outcome = announce_once(
        stores,
        source=HANDLER,
        container=CONTAINER,
        partition=record.partition,
        decide=decide,
        now=began,
    )
    if outcome == "done":
        telemetry.log("file.exhausted", level=logging.ERROR, tenant=tenant_id, intake=intake_id)


def _checked(
    stores: Stores,
    scanner: Scanner | None,
    record: IntakeRecord,
    read: _Read,
    reason: Reason | None,
    began: datetime,
    clock: Clock,
) -> Told:
    """The record after check and scan, and what to tell: on to extraction, to wait for the
    scan, or the end. ``reason`` ends it without a look at the file."""
    verdict = reason or read.verdict
    if isinstance(verdict, Reason):
        checked = record.advanced("scanning", "failed", began=began, ended=clock(), reason=verdict)
    elif verdict.code is not None:
        reason = Reason(code=str(verdict.code), detail=verdict.detail, stage="scanning")
        to: State = "quarantined" if verdict.quarantined else "failed"
        checked = record.advanced("scanning", to, began=began, ended=clock(), reason=reason)
    else:
        first = claim_bytes(stores, record, clock())
        if first == record.intake_id:
            file = record.file.model_copy(update={"media_type": verdict.media_type})
            version = Version(file.container, file.name, read.etag, file.sha256)
            found = ask(scanner, version)
            known = record.model_copy(update={"file": file})
            return scanned(known, found, began=began, now=clock())
        reason = Reason(
            code="same_bytes",
            detail=f"The same file came in before, as intake {first}.",
            stage="scanning",
        )
        checked = record.advanced(
            "scanning",
            "duplicate",
            began=began,
            ended=clock(),
            reason=reason,
            duplicate_of=first,
            unscanned=None,  # what the scanner says of the first is said of it too
        )
    return checked, [ending_of(checked)]


def _tenant_of(stores: Stores, name: str) -> tuple[str, Reason | None]:
    """The tenant whose folder a file lies in; the platform's own, with a reason, for no tenant."""
    code, _, rest = name.partition("/")
    if rest and is_tenant_code(code):
        if stores.documents.get("tenants", (code,), "tenant") is not None:
            return code, None
        detail = f"There is no tenant {code!r}: the file lies in a folder that is nobody's."
    else:
        detail = "The file lies in no tenant's folder; drop it into resumes/<tenant>/."
    return PLATFORM, Reason(code="unknown_tenant", detail=detail, stage="received")


def _read(stores: Stores, container: str, name: str, limits: Limits) -> _Read:
    """Read a file's facts, and check what is within the limits. Raises ``Missing``."""
    try:
        file, content, etag = _facts(stores, container, name, keep=limits.most_bytes)
    except Invalid as error:
        return _Read(*_unusable(container, name, error))
    verdict = inspect_file(content, name=file.filename, size=file.size, limits=limits)
    return _Read(file, verdict, etag)


def _read_facts(stores: Stores, container: str, name: str) -> IntakeFile:
    """Read a file's facts alone. Raises ``Missing``."""
    try:
        return _facts(stores, container, name, keep=0)[0]
    except Invalid as error:
        return _unusable(container, name, error)[0]


def _unusable(container: str, name: str, error: Invalid) -> tuple[IntakeFile, Reason]:
    """What is known of a file that cannot be opened under its name: that, and why."""
    reason = Reason(
        code="unusable_name",
        detail=f"The file cannot be opened under its name ({error.detail}). Rename it and drop "
        "it again.",
        stage="received",
    )
    return IntakeFile(container=container, name=name, size=0, sha256=""), reason


def _facts(
    stores: Stores, container: str, name: str, *, keep: int
) -> tuple[IntakeFile, io.BytesIO, str]:
    """A file's size and digest, its content unless that is longer than ``keep`` bytes, and the
    etag of what was read."""
    digest, size, content = hashlib.sha256(), 0, io.BytesIO()
    with stores.blobs.open(container, name) as blob:
        etag = blob.info.etag
        while chunk := blob.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            if size <= keep:
                content.write(chunk)
    content.seek(0)
    file = IntakeFile(container=container, name=name, size=size, sha256=digest.hexdigest())
    return file, content, etag

"""Takes the text out of an accepted file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Protocol

from functions.intake_extract.rules.errors import ExtractionError
from functions.intake_extract.rules.mail import MEDIA_TYPE as MAIL
from functions.intake_extract.rules.mail import UnpackedMail
from shared.documents.port import Replace
from shared.errors import Missing
from shared.events.envelope import Event, read_data
from shared.events.intake import IntakeAccepted, IntakeExtracted
from shared.intake_arrivals import Arrival, take_in
from shared.intake_stages import ended, read_awaiting
from shared.messaging import Decision, Outcome, handle_once
from shared.models.intake import (
    CONTAINER,
    IntakeFile,
    IntakeRecord,
    Origin,
    Reason,
    State,
    extract_name,
)
from shared.models.text import ExtractedText
from shared.stores import Stores

HANDLER = "intake_extract"


@dataclass(frozen=True)
class _Unread:
    """Why there is no text, and the state in which that ends the file."""

    reason: Reason
    state: State


class Extractor(Protocol):
    """Opens files; raises :class:`ExtractionError`."""

    def extract(self, data: bytes, media_type: str) -> ExtractedText:
        """A file's text."""

    def unpack(self, data: bytes) -> UnpackedMail:
        """The files of an e-mail."""


def extract(
    stores: Stores, extractor: Extractor, event: Event, *, clock: Callable[[], datetime]
) -> Outcome:
    """Store the file's text in ``extracts`` and send the file on to parsing, once.

    A file that cannot be read ends as failed, one that may do harm as quarantined. An e-mail ends
    as unpacked: each file in it has been taken in as an intake of its own.
    """
    data = read_data(event, IntakeAccepted)
    began = clock()

    @cache  # decided again after a concurrent write, but read only once
    def opened(file: IntakeFile) -> ExtractedText | UnpackedMail | _Unread:
        try:
            with stores.blobs.open(file.container, file.name) as blob:
                content = blob.read(file.size + 1)
        except Missing:
            gone = "The file is no longer where it was dropped. Drop it again."
            return _Unread(Reason(code="original_gone", detail=gone, stage="extracting"), "failed")
        if hashlib.sha256(content).hexdigest() != file.sha256:
            # only what was checked may be opened
            other = "The file was overwritten since; the new one has an intake of its own."
            return _Unread(Reason(code="changed", detail=other, stage="extracting"), "failed")
        try:
            if file.media_type == MAIL:
                return extractor.unpack(content)
            text = extractor.extract(content, file.media_type or "")
        except ExtractionError as error:
            return _Unread(
                Reason(code=error.code, detail=str(error), stage="extracting"),
                "quarantined" if error.quarantined else "failed",
            )
        stores.blobs.put(
            "extracts",
            extract_name(event.tenantid, data.intake_id, data.attempt),
            text.model_dump_json().encode(),
            content_type="application/json",
        )
        return text

    def decide() -> Decision:
        record, etag = read_awaiting(
            stores, event, "extracting", data.attempt, intake_id=data.intake_id
        )
        found = opened(record.file)
        if isinstance(found, _Unread):
            return ended(
                record.advanced(
                    "extracting", found.state, began=began, ended=clock(), reason=found.reason
                ),
                etag,
            )
        if isinstance(found, UnpackedMail):
            _take_in_files(stores, record, found)
            return ended(_unpacked(record, found, began, clock()), etag)
        return _extracted(record, etag, found, began, clock())

    return handle_once(
        stores,
        event,
        handler=HANDLER,
        container=CONTAINER,
        partition=(event.tenantid, data.intake_id),
        decide=decide,
        now=began,
    )


def _extracted(
    record: IntakeRecord, etag: str, text: ExtractedText, began: datetime, now: datetime
) -> Decision:
    advanced = record.advanced(
        "extracting",
        "parsing",
        began=began,
        ended=now,
        language=text.language,
        pages=text.page_count,
        warnings=text.warnings,
    )
    data = IntakeExtracted(intake_id=record.intake_id, attempt=record.attempt)
    return Decision([Replace(advanced.stored(), etag)], [data])


def _take_in_files(stores: Stores, record: IntakeRecord, mail: UnpackedMail) -> None:
    """Take each file of an e-mail in; done again, it finds those that are there."""
    origin = Origin(
        account=record.origin.account if record.origin else "",
        sender=mail.sender,
        message_id=mail.message_id,
        mail=record.intake_id,
    )
    for attachment in mail.attachments:
        arrival = Arrival(
            record.tenant_id, "email", attachment.filename, attachment.content, origin
        )
        # as old as the e-mail: whoever was erased since sent it before
        take_in(stores, arrival, now=record.created_at)


def _unpacked(
    record: IntakeRecord, mail: UnpackedMail, began: datetime, now: datetime
) -> IntakeRecord:
    origin = (record.origin or Origin(sender="")).model_copy(
        update={"sender": mail.sender, "message_id": mail.message_id}
    )
    record = record.model_copy(
        update={"warnings": mail.warnings, "origin": origin, "channel": "email"}
    )
    if mail.attachments:
        return record.advanced("extracting", "unpacked", began=began, ended=now)
    left = f" ({'; '.join(mail.warnings)})" if mail.warnings else ""
    nothing = Reason(
        code="nothing_attached",
        detail=f"No file is attached to the e-mail{left}. Send the résumé as an attachment.",
        stage="extracting",
    )
    return record.advanced("extracting", "failed", began=began, ended=now, reason=nothing)

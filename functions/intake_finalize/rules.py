"""What a parsed file brings to a profile."""

from __future__ import annotations

from shared.models.candidate import ProfileSource
from shared.models.intake import IntakeRecord, ParseDocument
from shared.profiles.writing import Incoming


def incoming_of(record: IntakeRecord, parsed: ParseDocument) -> Incoming:
    """The résumé of a file, the words it is found by, and the file as its source."""
    return Incoming(
        resume=parsed.resume,
        words=parsed.terms,
        source=ProfileSource(
            intake_id=record.intake_id,
            attempt=parsed.attempt,
            filename=record.file.filename,
            sha256=record.file.sha256,
            received_at=record.created_at,
            channel=record.channel,
        ),
    )

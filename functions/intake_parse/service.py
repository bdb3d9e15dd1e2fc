"""Turns extracted text into structured résumé data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from functions.intake_parse.rules import parse
from shared.documents.port import Replace, Upsert
from shared.errors import Missing
from shared.events.envelope import Event, read_data
from shared.events.intake import IntakeExtracted, IntakeParsed
from shared.intake_stages import ended, read_awaiting
from shared.messaging import Decision, Outcome, handle_once
from shared.models.intake import CONTAINER, ParseDocument, Reason, extract_name
from shared.models.resume import Resume
from shared.models.text import ExtractedText
from shared.search_terms import limited, words
from shared.stores import Stores

HANDLER = "intake_parse"
SOUND_PHONE = 0.8
"""Figures that only look like a telephone number are less sure than this: they name nobody."""


def parse_text(stores: Stores, event: Event, *, clock: Callable[[], datetime]) -> Outcome:
    """Store what was read from a file beside its record and send it on, once.

    A text in which nobody can be identified ends as failed.
    """
    data = read_data(event, IntakeExtracted)
    began = clock()

    def decide() -> Decision:
        record, etag = read_awaiting(
            stores, event, "parsing", data.attempt, intake_id=data.intake_id
        )
        resume, terms = Resume(), tuple[str, ...]()
        text = _read_text(stores, event.tenantid, data.intake_id, data.attempt)
        if text is not None:
            resume = parse(text, today=began.date())
            terms = limited(words(text.text))
        reason = _why_not(text, resume)
        if reason is not None:
            return ended(
                record.advanced("parsing", "failed", began=began, ended=clock(), reason=reason),
                etag,
            )
        parsed = ParseDocument(
            tenant_id=record.tenant_id,
            intake_id=record.intake_id,
            attempt=record.attempt,
            resume=resume,
            terms=terms,
            created_at=began,
        )
        advanced = record.advanced("parsing", "finalizing", began=began, ended=clock())
        return Decision(
            [Replace(advanced.stored(), etag), Upsert(parsed.stored())],
            [IntakeParsed(intake_id=record.intake_id, attempt=record.attempt)],
        )

    return handle_once(
        stores,
        event,
        handler=HANDLER,
        container=CONTAINER,
        partition=(event.tenantid, data.intake_id),
        decide=decide,
        now=began,
    )


def _read_text(
    stores: Stores, tenant_id: str, intake_id: str, attempt: int
) -> ExtractedText | None:
    try:
        with stores.blobs.open("extracts", extract_name(tenant_id, intake_id, attempt)) as blob:
            return ExtractedText.model_validate_json(blob.read())
    except Missing:
        return None


def _why_not(text: ExtractedText | None, resume: Resume) -> Reason | None:
    """Why a file cannot become a profile, None when it can."""
    if text is None:
        return Reason(
            code="text_gone",
            detail="The extracted text is gone. Retry the file.",
            stage="parsing",
        )
    personal = resume.personal
    has_phone = any(phone.confidence >= SOUND_PHONE for phone in personal.phones)
    if not (personal.name or personal.emails or has_phone):
        return Reason(
            code="nobody_found",
            detail="No name, e-mail address or phone number was found: it does not read "
            "like a résumé.",
            stage="parsing",
        )
    return None

"""Turns extracted text into structured résumé data: by rules, refined where a model is at hand."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from functions.intake_parse.rules import parse
from functions.intake_parse.rules.refining import asked, refined
from shared import telemetry
from shared.documents.port import Replace, Upsert
from shared.errors import Missing, Problem
from shared.events.envelope import Event, read_data
from shared.events.intake import IntakeExtracted, IntakeParsed
from shared.intake_stages import ended, read_awaiting
from shared.language_model.budgeted import BudgetedModel
from shared.language_model.port import NoAnswer, Question
from shared.messaging import Decision, Outcome, handle_once
from shared.models.intake import CONTAINER, ParseDocument, Reason, Refinement, extract_name
from shared.models.resume import Resume
from shared.models.text import ExtractedText
from shared.search_terms import limited, words
from shared.stores import Stores

HANDLER = "intake_parse"
SOUND_PHONE = 0.8
"""Figures that only look like a telephone number are less sure than this: they name nobody."""


@dataclass(frozen=True)
class _Reading:
    """What was read from a file."""

    text: ExtractedText | None
    resume: Resume
    terms: tuple[str, ...] = ()
    refinement: Refinement | None = None


def parse_text(
    stores: Stores,
    event: Event,
    *,
    model: BudgetedModel | None = None,
    clock: Callable[[], datetime],
) -> Outcome:
    """Store what was read from a file beside its record and send it on, once.

    A text in which nobody can be identified ends as failed. ``model`` refines what the rules
    read; without an answer of it theirs stands.
    """
    data = read_data(event, IntakeExtracted)
    began = clock()

    @cache  # a decision that is made again asks nobody again
    def read() -> _Reading:
        text = _read_text(stores, event.tenantid, data.intake_id, data.attempt)
        if text is None:
            return _Reading(None, Resume())
        resume, refinement = parse(text, today=began.date()), None
        if model is not None:
            resume, refinement = _refined(
                stores, event.tenantid, data.intake_id, text, resume, model, now=began
            )
        return _Reading(text, resume, limited(words(text.text)), refinement)

    def decide() -> Decision:
        record, etag = read_awaiting(
            stores, event, "parsing", data.attempt, intake_id=data.intake_id
        )
        reading = read()
        reason = _why_not(reading.text, reading.resume)
        if reason is not None:
            return ended(
                record.advanced("parsing", "failed", began=began, ended=clock(), reason=reason),
                etag,
            )
        parsed = ParseDocument(
            tenant_id=record.tenant_id,
            intake_id=record.intake_id,
            attempt=record.attempt,
            resume=reading.resume,
            terms=reading.terms,
            refinement=reading.refinement,
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


def _refined(
    stores: Stores,
    tenant_id: str,
    intake_id: str,
    text: ExtractedText,
    resume: Resume,
    model: BudgetedModel,
    *,
    now: datetime,
) -> tuple[Resume, Refinement]:
    """A résumé as a language model refines it, as far as the text supports what it says. It never
    raises: without an answer the résumé is what it was, and the reason is told."""
    sent = asked.sent(text)
    try:
        claims = _claims(stores, tenant_id, sent, model, now=now)
        found = refined(text, resume, claims, lines=sent.lines, today=now.date(), model=model.model)
        resume = found.resume
        refinement = Refinement(
            model=model.model,
            added=found.added,
            corrected=found.corrected,
            dropped=dict(found.dropped),
        )
    except NoAnswer as error:
        refinement = Refinement(model=model.model, reason=error.reason)
    except Problem as error:
        refinement = Refinement(model=model.model, reason=type(error).__name__)
    except Exception as error:
        # a defect of the refinement must not keep a file that the rules can read
        telemetry.failure("resume.refinement_failed", error, tenant=tenant_id, intake=intake_id)
        refinement = Refinement(model=model.model, reason="defect")
    telemetry.log(
        "resume.refined",
        level=logging.INFO if refinement.reason is None else logging.WARNING,
        tenant=tenant_id,
        intake=intake_id,
        **refinement.model_dump(),
    )
    return resume, refinement


def question_of(sent: asked.Sent) -> Question:
    """Ask a language model what stands in a text."""
    return Question(
        name="resume",
        instructions=asked.INSTRUCTIONS,
        document=sent.document,
        schema=asked.schema(),
        most_answer_tokens=sent.most_answer_tokens,
    )


def _claims(
    stores: Stores, tenant_id: str, sent: asked.Sent, model: BudgetedModel, *, now: datetime
) -> asked.Claims:
    """What a model says of a text. Raises ``NoAnswer``, and the ``Problem`` of stores."""
    if not sent.lines:
        raise NoAnswer("too_long")
    answer = model.ask(stores, tenant_id, question_of(sent), now=now)
    claims = asked.claims_of(answer.written)
    if claims is None:
        raise NoAnswer("malformed")
    return claims


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

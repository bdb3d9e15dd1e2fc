"""Answers the senders of files over the channel they came by, once each file has ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from functions.intake_notify.rules import answers
from shared import telemetry
from shared.channels.port import Messenger
from shared.erasures import erased_at
from shared.errors import Missing, Rejected, Unavailable
from shared.events.envelope import Event, read_data
from shared.events.intake import IntakeAnswerDue
from shared.intake_stages import read_record
from shared.mail.letters import Letter, Words, laid_out, words_in
from shared.mail.port import Mail, Mailer
from shared.messaging import Decision, Outcome, handle_once
from shared.models.intake import IntakeRecord, Origin
from shared.models.notification import CONTAINER, RECRUITERS
from shared.models.subject import SubjectKind
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

HANDLER = "intake_answer"
WORDS = Path(__file__).parents[1] / "words"


def answer(
    stores: Stores,
    pseudonyms: Pseudonyms,
    messengers: Mapping[str, Messenger],
    mailer: Mailer | None,
    event: Event,
    *,
    now: datetime,
) -> Outcome:
    """Tell the sender of a file how it ended: never not at all, and twice at most where a crash
    falls between the sending and its receipt.

    Nobody is told of what was erased, or has begun anew meanwhile. Raises ``Unavailable`` and
    ``Throttled`` when the provider or the mail server is away.
    """
    due = read_data(event, IntakeAnswerDue)

    def decide() -> Decision:
        record = _standing(stores, pseudonyms, event.tenantid, due)
        origin = record.origin
        if origin is None or not answers.is_answered(record):
            raise Rejected("there is nobody to answer")
        language, words = words_in(WORDS, record.language)
        text = answers.said(words, answers.key_of(record), record)
        try:
            if record.channel == "email":
                _mail(mailer, origin, _letter(words, text, record), language, event)
            else:
                _message(messengers, record.channel, origin, text)
        except (Rejected, Missing) as error:
            # who blocked us, or has no such address, is not told; no later try changes that
            telemetry.log(
                "answer.refused",
                channel=record.channel,
                intake=record.intake_id,
                tenant=event.tenantid,
                reason=str(error),
            )
            raise Rejected(f"the answer is not taken: {error}") from None
        return Decision()

    return handle_once(
        stores,
        event,
        handler=HANDLER,
        container=CONTAINER,
        partition=(event.tenantid, RECRUITERS),
        decide=decide,
        now=now,
    )


def _standing(
    stores: Stores, pseudonyms: Pseudonyms, tenant_id: str, due: IntakeAnswerDue
) -> IntakeRecord:
    """The record as it stands; raises ``Rejected`` where the answer would come too late."""
    try:
        record, _ = read_record(stores, tenant_id, due.intake_id)
    except Missing:
        raise Rejected("the intake record is gone") from None
    if (record.attempt, record.state) != (due.attempt, due.state):
        raise Rejected(f"superseded: the record is {record.state}, attempt {record.attempt}")
    about: list[tuple[SubjectKind, str | None]] = [
        ("intake", record.intake_id),
        ("candidate", record.candidate_id),
    ]
    for kind, identity in about:
        since = identity and erased_at(stores, pseudonyms, tenant_id, kind, identity)
        if since and record.created_at <= since:
            raise Rejected(f"the {kind} was erased")
    return record


def _message(messengers: Mapping[str, Messenger], channel: str, origin: Origin, text: str) -> None:
    try:
        messenger = messengers[channel]
    except KeyError:
        # an operator may have taken the channel out of the settings for a while
        raise Unavailable(f"{channel} is not configured") from None
    messenger.send(origin.account, origin.sender, text, reply_to=origin.message_id)


def _letter(words: Words, text: str, record: IntakeRecord) -> Letter:
    return Letter(
        subject=words["subject"].format(filename=record.file.filename),
        greeting=words["greeting"],
        paragraphs=(text,),
        footer=words["footer"],
    )


def _mail(
    mailer: Mailer | None, origin: Origin, letter: Letter, language: str, event: Event
) -> None:
    if mailer is None:
        raise Rejected("no mail server is configured")
    text, html = laid_out(letter, language)
    mailer.send(
        Mail(
            to=origin.sender,
            subject=letter.subject,
            text=text,
            html=html,
            message_id=event.id,
            in_reply_to=origin.message_id,
        )
    )

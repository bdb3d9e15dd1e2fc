"""Tells parents by e-mail that a report is ready, if they agreed to messages."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from shared.documents.port import Equals
from shared.erasures import erased_at
from shared.errors import Missing, Rejected
from shared.events.envelope import Event, read_data
from shared.events.summary import SummaryMailDue
from shared.mail.letters import Letter, laid_out, words_in
from shared.mail.port import Mail, Mailer
from shared.messaging import Decision, Outcome, handle_once
from shared.models import account
from shared.models.account import Account
from shared.models.notification import CONTAINER, audience_of
from shared.people import is_parent_of, read_account
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

HANDLER = "summary_mail"
WORDS = Path(__file__).parents[1] / "words"


def mail_parent(
    stores: Stores, pseudonyms: Pseudonyms, mailer: Mailer | None, event: Event, *, now: datetime
) -> Outcome:
    """Tell a parent that there is a report to read, and nothing of what is in it: once, and twice
    at most where a crash falls between the sending and its receipt.

    Only who agreed to messages, is linked at this moment, and has an address that is known to be
    theirs. Raises ``Unavailable`` and ``Throttled`` when the mail server is away.
    """
    due = read_data(event, SummaryMailDue)

    def decide() -> Decision:
        person = _reached(stores, pseudonyms, event.tenantid, due)
        if mailer is None:
            raise Rejected("no mail server is configured")
        language, words = words_in(WORDS, person.language)
        letter = Letter(
            subject=words["report_subject"],
            greeting=words["greeting"],
            paragraphs=(words["report_text"],),
            footer=words["report_footer"],
        )
        text, html = laid_out(letter, language)
        mailer.send(Mail(person.email or "", letter.subject, text, html, message_id=event.id))
        return Decision()

    return handle_once(
        stores,
        event,
        handler=HANDLER,
        container=CONTAINER,
        partition=(event.tenantid, audience_of(due.parent_id)),
        decide=decide,
        now=now,
    )


def _reached(
    stores: Stores, pseudonyms: Pseudonyms, tenant_id: str, due: SummaryMailDue
) -> Account:
    """The parent as an e-mail reaches them; raises ``Rejected`` where none is to go."""
    for who in (due.parent_id, due.learner_id):
        if erased_at(stores, pseudonyms, tenant_id, "user", who) is not None:
            raise Rejected("the parent or the learner was erased")
    try:
        person, _ = read_account(stores, tenant_id, due.parent_id)
    except Missing:
        raise Rejected("the parent has no account") from None
    if person.status != "active" or person.email is None or not person.address_proven:
        raise Rejected("the parent has no address that is known to be theirs")
    if not is_parent_of(stores, tenant_id, parent_id=due.parent_id, learner_id=due.learner_id):
        raise Rejected("the parent is no longer linked")
    if not _agreed(stores, person):
        raise Rejected("the parent did not agree to messages")
    return person


def _agreed(stores: Stores, person: Account) -> bool:
    """Whether the last that a person said of messages to themselves is that they may be sent."""
    page = stores.documents.query(
        account.CONTAINER,
        person.partition,
        where=[
            Equals("kind", "consent"),
            Equals("what", "messages"),
            Equals("given_by", person.user_id),
        ],
        limit=1000,
    )
    said = sorted((item.body["at"], item.body["id"], item.body["granted"]) for item in page.items)
    return bool(said) and bool(said[-1][2])

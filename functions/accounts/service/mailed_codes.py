"""Codes that go to somebody by e-mail, to show that the address is theirs.

What is asked for is noted in the address's partition, the same whether or not anybody has the
address, and the e-mail is sent afterwards: so neither the answer nor its time tells. The code
follows from the event and the house's key. So it never lies in a store or on the bus, only its
digest does; and who dies between sending and noting it sends the same code again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from functions.accounts.rules.documents import (
    CREDENTIAL_ID,
    CREDENTIALS,
    NO_PASSWORD,
    Credential,
    MailedCode,
)
from functions.accounts.rules.family_codes import canonical, code_of
from functions.accounts.rules.mailed_codes import KEPT, LIFETIME, Occasion, words_of
from functions.accounts.service.means import SOURCE, Means
from functions.accounts.service.registration import account_of
from shared import telemetry
from shared.documents.port import Create, Equals, Replace
from shared.erasures import erased_at
from shared.errors import Missing, Rejected, Unprocessable
from shared.events.envelope import Event, read_data
from shared.events.person import CodeRequested
from shared.mail.letters import Letter, laid_out, words_in
from shared.mail.port import Mail, Mailer
from shared.messaging import (
    Answer,
    Decision,
    IdempotencyKey,
    Outcome,
    handle_once,
    reply_once,
)
from shared.models.account import Account
from shared.pseudonyms import Pseudonyms

HANDLER = "code_mailed"
WORDS = Path(__file__).parents[1] / "words"


@dataclass(frozen=True)
class _Addressed:
    """To whom an e-mail goes, on what occasion, and in which language."""

    email: str
    language: str
    occasion: Occasion


def request(
    means: Means, asked: MailedCode, *, idempotency: IdempotencyKey | None = None, now: datetime
) -> None:
    """Note that somebody asks for a code, which is sent afterwards."""
    partition = (asked.tenant_id, asked.address_id)
    body = asked.stored() | {"ttl": int(KEPT.total_seconds())}
    told = CodeRequested(address_id=asked.address_id, request_id=asked.id)
    reply_once(
        means.stores,
        idempotency,
        source=SOURCE,
        container=CREDENTIALS,
        partition=partition,
        decide=lambda: Answer(202, None, Decision([Create(body)], [told])),
        now=now,
    )


def new_id() -> str:
    """The id of another request."""
    return f"mailed:{uuid4()}"


def send(means: Means, mailer: Mailer | None, event: Event, *, now: datetime) -> Outcome:
    """Send the e-mail that somebody asked for, if there is anybody to send it to.

    Raises ``Unavailable`` and ``Throttled`` when the mail server is away.
    """
    data = read_data(event, CodeRequested)
    partition = (event.tenantid, data.address_id)

    def decide() -> Decision:
        stored = means.stores.documents.get(CREDENTIALS, partition, data.request_id)
        if stored is None:
            raise Rejected("the request is over")
        asked = MailedCode.of(stored.body)
        to = _addressed(means, asked)
        if mailer is None:
            telemetry.log("code.not_mailed", tenant=event.tenantid, reason="no mail server is set")
            raise Rejected("no mail server is configured")
        code = "" if to.occasion == "taken" else _code(means, event, data.address_id)
        mailer.send(_mail(to, code, event))
        if not code:
            return Decision()
        issued = asked.model_copy(
            update={
                "code_digest": digest_of(means.pseudonyms, event.tenantid, data.address_id, code),
                "expires_at": now + LIFETIME,
            }
        )
        seconds = int((KEPT + LIFETIME).total_seconds())
        return Decision([Replace(issued.stored() | {"ttl": seconds}, stored.etag)])

    return handle_once(
        means.stores,
        event,
        handler=HANDLER,
        container=CREDENTIALS,
        partition=partition,
        decide=decide,
        now=now,
    )


def finder(
    means: Means, tenant_id: str, address_id: str, code: str, *, now: datetime
) -> Callable[[str], tuple[MailedCode, list[str]]]:
    """What finds the request that a code answers, for a purpose, and the ids of all of that
    purpose, which its use ends; the finder raises ``Unprocessable`` when the code holds for none.
    """
    digest = digest_of(means.pseudonyms, tenant_id, address_id, code)

    def find(purpose: str) -> tuple[MailedCode, list[str]]:
        page = means.stores.documents.query(
            CREDENTIALS,
            (tenant_id, address_id),
            where=[Equals("kind", "mailed_code"), Equals("purpose", purpose)],
            limit=50,
        )
        asked = [MailedCode.of(item.body) for item in page.items]
        held = [each for each in asked if each.holds(digest, now)]
        if not held:
            raise void()
        return held[0], [each.id for each in asked]

    return find


def void() -> Unprocessable:
    """What is told of every code that does not hold, whyever."""
    return Unprocessable("the code does not hold: it is wrong, was used, or has run out")


def holder_of(means: Means, tenant_id: str, address_id: str) -> tuple[Account, Credential] | None:
    """Whose an address is, with how they sign in; None where nobody has it at present."""
    stored = means.stores.documents.get(CREDENTIALS, (tenant_id, address_id), CREDENTIAL_ID)
    if stored is None:
        return None
    credential = Credential.of(stored.body)
    if erased_at(means.stores, means.pseudonyms, tenant_id, "user", credential.user_id):
        return None
    try:
        person = account_of(means.stores, tenant_id, address_id, credential.user_id)
    except Missing:
        return None
    return person, credential


def _addressed(means: Means, asked: MailedCode) -> _Addressed:
    """To whom the e-mail goes. Raises ``Rejected`` where it goes to nobody."""
    found = holder_of(means, asked.tenant_id, asked.address_id)
    if asked.purpose == "registration" and asked.new_account and asked.email:
        if found is None:
            return _Addressed(asked.email, asked.new_account.language, "registration")
        return _Addressed(asked.email, found[0].language, "taken")
    if found is None:
        raise Rejected("nobody has the address")
    person, credential = found
    if credential.password_hash == NO_PASSWORD or person.external or person.email is None:
        raise Rejected("the person signs in elsewhere")
    if person.status != "active":
        raise Rejected("the account is suspended")
    return _Addressed(person.email, person.language, "reset")


def _code(means: Means, event: Event, address_id: str) -> str:
    secret = means.pseudonyms.of(event.tenantid, "mailed code", f"{address_id}\n{event.id}")
    return code_of(bytes.fromhex(secret))


def digest_of(pseudonyms: Pseudonyms, tenant_id: str, address_id: str, code: str) -> str:
    """By what a code is known: nobody finds the code from it without the house's key."""
    told = f"{address_id}\n{canonical(code)}"
    return pseudonyms.of(tenant_id, "digest of a mailed code", told)


def _mail(to: _Addressed, code: str, event: Event) -> Mail:
    language, words = words_in(WORDS, to.language)
    after = words_of(words, to.occasion, "after")
    letter = Letter(
        subject=words_of(words, to.occasion, "subject"),
        greeting=words["greeting"],
        paragraphs=(words_of(words, to.occasion, "text"),),
        footer=words["footer"],
        code=code,
        after=(after,) if after else (),
    )
    text, html = laid_out(letter, language)
    return Mail(to.email, letter.subject, text, html, message_id=event.id)

"""Sets a forgotten password anew, by a code that goes to the person's address."""

from __future__ import annotations

from datetime import datetime

from functions.accounts.rules.documents import (
    CREDENTIAL_ID,
    CREDENTIALS,
    NO_PASSWORD,
    Credential,
    MailedCode,
)
from functions.accounts.rules.passwords import check_password
from functions.accounts.service import mailed_codes, passwords, throttles
from functions.accounts.service.means import SOURCE, Means, read_tenant
from functions.accounts.service.registration import address_id_of
from functions.accounts.service.sign_in import revoke_families
from shared.audit import noted
from shared.auth import Principal
from shared.documents.port import Delete, Replace
from shared.errors import Missing
from shared.messaging import Decision, announce_once
from shared.models.tenant import PLATFORM, is_tenant_code

_WHAT = "password resets"


def request(means: Means, tenant_id: str, email: str, *, client: str, now: datetime) -> None:
    """Have a code sent to an address, if somebody signs in with it and has a password here.

    Does the same and takes as long whether or not anybody has the address. Raises ``Throttled``
    when too many are asked for, and ``Invalid`` for what is no address.
    """
    if not _is_tenant(means, tenant_id):
        address_id_of(means, PLATFORM, email)
        return
    address_id = address_id_of(means, tenant_id, email)
    throttles.reserve_mail(means, tenant_id, address_id, client, now=now)
    asked = MailedCode(
        id=mailed_codes.new_id(),
        tenant_id=tenant_id,
        address_id=address_id,
        purpose="reset",
        requested_at=now,
    )
    mailed_codes.request(means, asked, now=now)


def confirm(
    means: Means, tenant_id: str, email: str, code: str, new: str, *, client: str, now: datetime
) -> None:
    """Set a password by the code that was sent; every sign-in ends.

    Raises ``Unprocessable`` for a code that does not hold, the same whether or not anybody has
    the address; ``Invalid`` for a password that is not taken, which uses no code up;
    ``Throttled`` after too many failures.
    """
    _check(new, email)
    address_id = address_id_of(means, tenant_id, email)
    find = mailed_codes.finder(means, tenant_id, address_id, code, now=now)
    of_tenant = tenant_id if _is_tenant(means, tenant_id) else None
    with throttles.attempt(means, of_tenant, address_id, client, what=_WHAT, now=now) as attempt:
        attempt.outcome = "failed"
        if of_tenant is None:
            raise mailed_codes.void()
        asked, _ = find("reset")
        found = mailed_codes.holder_of(means, tenant_id, address_id)
        if found is None or not _answers(found[1], asked):
            raise mailed_codes.void()
        attempt.outcome = "right"
    person, _ = found
    _check(new, email, person.email or "", person.display_name)
    partition, fresh = (tenant_id, address_id), passwords.hashed(new)
    who = Principal(person.user_id, tenant_id, frozenset(person.roles))
    note = noted(
        means.pseudonyms, who, "password.reset",
        tenant_id=tenant_id, of="user", target=person.user_id,
    )  # fmt: skip

    def decide() -> Decision:
        asked, of_all = find("reset")
        stored = means.stores.documents.get(CREDENTIALS, partition, CREDENTIAL_ID)
        if stored is None:
            raise mailed_codes.void()
        kept = Credential.of(stored.body)
        if kept.user_id != person.user_id or not _answers(kept, asked):
            raise mailed_codes.void()
        changed = kept.model_copy(update={"password_hash": fresh, "changed_at": now})
        # all codes that were sent end with the first that is used
        used = [Delete(each) for each in of_all]
        return Decision([Replace(changed.stored(), stored.etag), *used], [note])

    announce_once(
        means.stores,
        source=SOURCE,
        container=CREDENTIALS,
        partition=partition,
        decide=decide,
        now=now,
    )
    revoke_families(means.stores, person, "password_changed", now=now)
    throttles.pardon(means, tenant_id, address_id, client)


def _answers(credential: Credential, asked: MailedCode) -> bool:
    """Whether a password may be set by this request: there is one, and it was not changed since."""
    has_password = credential.password_hash != NO_PASSWORD
    return has_password and credential.changed_at <= asked.requested_at


def _check(new: str, email: str, *more: str) -> None:
    check_password(
        new,
        common=passwords.common_passwords(),
        personal=[part for each in (email, *more) for part in (each, each.partition("@")[0])],
        pointer="/new_password",
    )


def _is_tenant(means: Means, tenant_id: str) -> bool:
    if tenant_id == PLATFORM:
        return True
    if not is_tenant_code(tenant_id):
        return False
    try:
        read_tenant(means.stores, tenant_id)
    except Missing:
        return False
    return True

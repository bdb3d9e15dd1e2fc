"""Signs people in, and keeps their refresh tokens in rotation."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import uuid4

from functions.accounts.rules.documents import (
    CREDENTIAL_ID,
    CREDENTIALS,
    Credential,
    RefreshFamily,
)
from functions.accounts.rules.passwords import check_password
from functions.accounts.rules.refreshing import (
    REFRESH_LIFETIME,
    judge,
    lifetime_left,
    rotated,
)
from functions.accounts.service import passwords, throttles
from functions.accounts.service.means import SOURCE, Means
from functions.accounts.service.registration import account_of, address_id_of
from shared import telemetry
from shared.audit import noted
from shared.auth import ACCESS_LIFETIME, Principal, Ticket
from shared.documents.port import Create, Equals, Replace
from shared.erasures import erased_at
from shared.errors import Conflict, Forbidden, Missing, Stale, Unauthenticated
from shared.messaging import Decision, IdempotencyKey, Outcome, announce_once
from shared.models import account
from shared.models.account import Account
from shared.models.tenant import PLATFORM, is_tenant_code
from shared.people import read_account
from shared.stores import Stores

Why = Literal["signed_out", "reused", "password_changed", "suspended"]


@dataclass(frozen=True)
class TokenPair:
    """An access token, the refresh token that follows it up, and how long each holds."""

    access: str
    refresh: str
    access_lifetime: timedelta
    refresh_lifetime: timedelta
    account: Account


def sign_in(
    means: Means, tenant_id: str, email: str, password: str, *, client: str, now: datetime
) -> TokenPair:
    """Sign somebody in by address and password; ``client`` is the network address.

    Raises ``Unauthenticated``, the same and after the same time whether the address is not
    known or the password wrong; ``Throttled`` after too many failures of the account or the
    client; ``Forbidden`` when the account is suspended; ``Invalid`` for what is no address.
    """
    address_id = address_id_of(means, tenant_id, email)
    is_tenant = is_tenant_code(tenant_id) or tenant_id == PLATFORM
    of_tenant = tenant_id if is_tenant else None
    with throttles.attempt(means, of_tenant, address_id, client, now=now) as attempt:
        found = _whose(means, of_tenant, address_id, password)
        attempt.outcome = "right" if found else "failed"
    if found is None:
        raise _wrong()
    person, changed_at = found
    pair = open_family(means, person, now=now)
    if _password_changed_at(means.stores, person) != changed_at:
        # changed meanwhile, and perhaps before there was this sign-in to end
        raise _wrong()
    return pair


def _whose(
    means: Means, tenant_id: str | None, address_id: str, password: str
) -> tuple[Account, datetime] | None:
    """Whose address and password these are, and when it was set; None when they are nobody's.

    Takes as long for an address or a tenant that is not known as for a wrong password.
    """
    stores = means.stores
    partition = (tenant_id or PLATFORM, address_id)
    stored = stores.documents.get(CREDENTIALS, partition, CREDENTIAL_ID) if tenant_id else None
    credential = Credential.of(stored.body) if stored else None
    right = passwords.is_right(credential.password_hash if credential else None, password)
    if not right or credential is None or stored is None:
        return None
    if erased_at(stores, means.pseudonyms, credential.tenant_id, "user", credential.user_id):
        return None  # the erasure has only not come to the credential yet
    try:
        person = account_of(stores, credential.tenant_id, address_id, credential.user_id)
    except Missing:
        return None
    if passwords.is_outdated(credential.password_hash):
        fresh = credential.model_copy(update={"password_hash": passwords.hashed(password)})
        _replace_credential(stores, fresh, stored.etag)
    return person, credential.changed_at


def open_family(means: Means, person: Account, *, now: datetime) -> TokenPair:
    """Issue the first tokens of a new sign-in. Raises ``Forbidden`` for a suspended account."""
    _check_active(person)
    family_id, token_id = str(uuid4()), str(uuid4())
    family = RefreshFamily(
        id=f"refresh:{family_id}",
        tenant_id=person.tenant_id,
        user_id=person.user_id,
        family_id=family_id,
        current=token_id,
        created_at=now,
        rotated_at=now,
    )
    _commit(means.stores, person, lambda: Decision([Create(_kept(family))]), now)
    return _pair(means, person, family, now)


def refresh(
    means: Means, token: str, *, idempotency: IdempotencyKey | None, now: datetime
) -> TokenPair:
    """Rotate a refresh token. Raises ``Unauthenticated`` when it does not hold; one that was
    used before ends every token of its sign-in, for somebody has a copy."""
    ticket, user_id, family_id, token_id = _read(means, token, now)
    repeat_key = (
        hashlib.sha256(f"{idempotency.scope}\n{idempotency.key}".encode()).hexdigest()
        if idempotency
        else None
    )
    try:
        person, _ = read_account(means.stores, ticket.tenant_id, user_id)
    except Missing:
        raise _ended() from None
    if person.status != "active" or erased_at(
        means.stores, means.pseudonyms, person.tenant_id, "user", user_id
    ):
        raise _ended()
    changed_at = _password_changed_at(means.stores, person)
    new_id = str(uuid4())
    kept: list[RefreshFamily] = []
    reused: list[bool] = []

    def decide() -> Decision:
        stored = means.stores.documents.get(
            account.CONTAINER, person.partition, f"refresh:{family_id}"
        )
        if stored is None:
            raise _ended()
        family = RefreshFamily.of(stored.body)
        verdict = judge(
            family, token_id, repeat_key=repeat_key, password_changed_at=changed_at, now=now
        )
        if verdict == "dead":
            raise _ended()
        reused[:] = [verdict == "reused"]
        if verdict == "repeat":
            kept[:] = [family]
            return Decision()
        if verdict == "reused":
            told = noted(
                means.pseudonyms, None, "token.reuse",
                tenant_id=person.tenant_id, of="user", target=user_id,
            )  # fmt: skip
            return Decision([Replace(_kept(_revoked(family, "reused", now)), stored.etag)], [told])
        kept[:] = [rotated(family, new_id, repeat_key=repeat_key, now=now)]
        return Decision([Replace(_kept(kept[0]), stored.etag)])

    _commit(means.stores, person, decide, now)
    if reused == [True]:
        telemetry.log("token.reused", tenant=person.tenant_id, family=family_id)
        raise Unauthenticated("the token was used before; sign in again")
    return _pair(means, person, kept[0], now)


def revoke(means: Means, token: str, *, everywhere: bool, now: datetime) -> None:
    """End the sign-in that a refresh token belongs to, or all of the person's.

    A token that does not hold ends nothing, and that is fine (RFC 7009, section 2.2).
    """
    try:
        ticket, user_id, family_id, _ = _read(means, token, now)
        person, _ = read_account(means.stores, ticket.tenant_id, user_id)
    except (Unauthenticated, Missing):
        return
    only = None if everywhere else family_id
    revoke_families(means.stores, person, "signed_out", only=only, now=now)


def revoke_families(
    stores: Stores,
    person: Account,
    why: Why,
    *,
    only: str | None = None,
    now: datetime,
) -> None:
    """End one sign-in of a person, or all."""
    where = [Equals("kind", "refresh_family"), Equals("revoked_at", None)]
    if only is not None:
        where.append(Equals("id", f"refresh:{only}"))

    def decide() -> Decision:
        page = stores.documents.query(
            account.CONTAINER,
            person.partition,
            where=where,
            limit=90,
        )
        return Decision(
            [
                Replace(_kept(_revoked(RefreshFamily.of(item.body), why, now)), item.etag)
                for item in page.items
            ]
        )

    while _commit(stores, person, decide, now) == "done":
        continue  # more than one commit takes


def change_password(
    means: Means, by: Principal, present: str, new: str, *, client: str, now: datetime
) -> None:
    """Change the caller's password; every sign-in ends.

    Raises ``Forbidden`` when the present one is wrong, ``Invalid`` for a new one that is not
    taken, ``Conflict`` for somebody who signs in elsewhere, ``Throttled``, ``Missing``.
    """
    stores = means.stores
    person, _ = read_account(stores, by.tenant_id, by.user_id)
    if person.external or person.address_id is None or person.email is None:
        raise Conflict("this account signs in with an external provider; change it there")
    check_password(
        new,
        common=passwords.common_passwords(),
        personal=[person.email, person.email.partition("@")[0], person.display_name],
        pointer="/new_password",
    )
    partition = (by.tenant_id, person.address_id)
    stored = stores.documents.get(CREDENTIALS, partition, CREDENTIAL_ID)
    credential = Credential.of(stored.body) if stored else None
    with throttles.attempt(means, by.tenant_id, person.address_id, client, now=now) as attempt:
        right = passwords.is_right(credential.password_hash if credential else None, present)
        attempt.outcome = "right" if right else "failed"
    if not right or credential is None:
        raise Forbidden("the present password is wrong")
    verified, fresh = credential.password_hash, passwords.hashed(new)
    note = noted(
        means.pseudonyms, by, "password.change",
        tenant_id=by.tenant_id, of="user", target=by.user_id,
    )  # fmt: skip

    def decide() -> Decision:
        # read anew: the end of a registration writes here too, and takes nothing from the caller
        latest = stores.documents.get(CREDENTIALS, partition, CREDENTIAL_ID)
        if latest is None:
            raise Forbidden("the present password is wrong")
        kept = Credential.of(latest.body)
        if kept.password_hash != verified and not passwords.is_right(kept.password_hash, present):
            raise Forbidden("the present password is wrong")
        changed = kept.model_copy(update={"password_hash": fresh, "changed_at": now})
        return Decision([Replace(changed.stored(), latest.etag)], [note])

    announce_once(
        stores,
        source=SOURCE,
        container=CREDENTIALS,
        partition=partition,
        decide=decide,
        now=now,
    )
    revoke_families(stores, person, "password_changed", now=now)


def _read(means: Means, token: str, now: datetime) -> tuple[Ticket, str, str, str]:
    ticket = means.tokens.read_ticket(token, use="refresh", now=now)
    family_id, _, token_id = ticket.ticket_id.partition("/")
    return ticket, ticket.subject, family_id, token_id


def _password_changed_at(stores: Stores, person: Account) -> datetime:
    """When the password that somebody signs in with was set. Raises ``Unauthenticated``."""
    if person.address_id is None:
        raise _ended()
    partition = (person.tenant_id, person.address_id)
    stored = stores.documents.get(CREDENTIALS, partition, CREDENTIAL_ID)
    if stored is None:
        raise _ended()
    return Credential.of(stored.body).changed_at


def _pair(means: Means, person: Account, family: RefreshFamily, now: datetime) -> TokenPair:
    refresh_lifetime = lifetime_left(family, now)
    ticket = Ticket(person.tenant_id, person.user_id, f"{family.family_id}/{family.current}")
    return TokenPair(
        access=means.tokens.issue(
            user_id=person.user_id, tenant_id=person.tenant_id, roles=person.roles, now=now
        ),
        refresh=means.tokens.issue_ticket(
            ticket, use="refresh", now=now, lifetime=refresh_lifetime
        ),
        access_lifetime=ACCESS_LIFETIME,
        refresh_lifetime=refresh_lifetime,
        account=person,
    )


def _kept(family: RefreshFamily) -> dict[str, object]:
    """A family as it is stored: gone some time after its last token ran out."""
    return family.stored() | {"ttl": int((REFRESH_LIFETIME + timedelta(days=1)).total_seconds())}


def _revoked(family: RefreshFamily, why: Why, now: datetime) -> RefreshFamily:
    return family.model_copy(update={"revoked_at": now, "revoked_for": why})


def _commit(
    stores: Stores, person: Account, decide: Callable[[], Decision], now: datetime
) -> Outcome:
    return announce_once(
        stores,
        source=SOURCE,
        container=account.CONTAINER,
        partition=person.partition,
        decide=decide,
        now=now,
    )


def _replace_credential(stores: Stores, credential: Credential, etag: str) -> None:
    with suppress(Stale, Missing):
        stores.documents.commit(
            CREDENTIALS,
            (credential.tenant_id, credential.address_id),
            [Replace(credential.stored(), etag)],
        )


def _check_active(person: Account) -> None:
    if person.status != "active":
        raise Forbidden("this account is suspended; ask an admin of your tenant")


def _wrong() -> Unauthenticated:
    return Unauthenticated("the address or the password is wrong")


def _ended() -> Unauthenticated:
    return Unauthenticated("the token does not hold; sign in again")

"""Invites people to a tenant, and lets them in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid4, uuid5

from functions.accounts.rules.addresses import normalised
from functions.accounts.rules.documents import (
    CREDENTIAL_ID,
    CREDENTIALS,
    INVITATIONS,
    Credential,
    Invitation,
    NewAccount,
)
from functions.accounts.rules.passwords import check_password
from functions.accounts.rules.times import check_time_zone
from functions.accounts.service import passwords, throttles
from functions.accounts.service.means import SOURCE, Means, read_tenant
from functions.accounts.service.registration import (
    Joining,
    address_id_of,
    check_pace,
    join,
    read_invitation,
    settle,
)
from shared.audit import noted
from shared.auth import Principal, Ticket
from shared.documents.port import Create, Equals, Order, Replace
from shared.errors import Conflict, FieldError, Forbidden, Invalid
from shared.messaging import Answer, Decision, IdempotencyKey, announce_once, reply_once
from shared.models.account import Account
from shared.models.roles import Role
from shared.models.tenant import PLATFORM
from shared.stores import Stores

LIFETIME = timedelta(days=7)


def invite(
    means: Means,
    by: Principal | None,
    tenant_id: str,
    email: str,
    roles: Sequence[Role],
    *,
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[Invitation, str]:
    """Invite somebody; returns the invitation and the token that accepts it.

    Hand the token over on a way that only the person reads: whoever brings it has the
    address. Raises ``Missing`` for a tenant that is not there, ``Invalid``, ``Forbidden``
    for the role operator outside of the platform and ``Conflict`` when the address is taken.
    """
    read_tenant(means.stores, tenant_id)
    if not roles:
        raise Invalid("roles: name at least one", fields=(FieldError("/roles", "is empty"),))
    if ("operator" in roles) != (tenant_id == PLATFORM):
        raise Forbidden("operators are invited to the platform, and nobody else is")
    address_id = address_id_of(means, tenant_id, email)
    if means.stores.documents.get(CREDENTIALS, (tenant_id, address_id), CREDENTIAL_ID) is not None:
        raise Conflict(
            "somebody has an account with this address here: give it the roles if it is the "
            "person's; erase it first if somebody else took the address"
        )
    invitation_id = idempotency.new_id("invitation") if idempotency else str(uuid4())
    invitation = Invitation(
        id="invitation",
        tenant_id=tenant_id,
        invitation_id=invitation_id,
        email=email.strip(),
        address_id=address_id,
        roles=tuple(dict.fromkeys(roles)),
        expires_at=now + LIFETIME,
        created_at=now,
        updated_at=now,
    )
    note = noted(
        means.pseudonyms, by, "invitation.create", tenant_id=tenant_id, of="address",
        target=address_id, reason=f"roles: {', '.join(invitation.roles)}",
    )  # fmt: skip
    reply_once(
        means.stores,
        idempotency,
        source=SOURCE,
        container=INVITATIONS,
        partition=(tenant_id, invitation_id),
        # the id alone is kept for repeats: the address is erased with its document
        decide=lambda: Answer(
            201,
            {"invitation_id": invitation_id},
            Decision([Create(invitation.stored())], [note]),
        ),
        now=now,
    )
    made, _ = read_invitation(means.stores, tenant_id, invitation_id)
    ticket = Ticket(tenant_id, invitation_id, made.address_id)
    token = means.tokens.issue_ticket(
        ticket, use="invitation", now=made.created_at, lifetime=LIFETIME
    )
    return made, token


def accept(
    means: Means,
    token: str,
    *,
    password: str,
    new: NewAccount,
    client: str,
    now: datetime,
) -> Account:
    """Let somebody in who brings an invitation's token; returns their account.

    The address and the roles are the invitation's, whatever ``new`` says. Brought again with
    the same password, it is the same account. Raises ``Unauthenticated`` for a token that does
    not hold, ``Conflict`` for an invitation that is used, revoked or expired, ``Throttled``
    and ``Invalid``.
    """
    ticket = means.tokens.read_ticket(token, use="invitation", now=now)
    check_pace(means, client, now=now)
    invitation, _ = read_invitation(means.stores, ticket.tenant_id, ticket.subject)
    check_time_zone(new.time_zone)
    check_password(
        password,
        common=passwords.common_passwords(),
        personal=[invitation.email, normalised(invitation.email).partition("@")[0],
                  new.display_name],
    )  # fmt: skip
    claimed = _credential(means.stores, invitation)
    if claimed is not None:
        # accepted before, by a call whose answer was lost or that died after the claim
        with throttles.attempt(
            means, invitation.tenant_id, invitation.address_id, client, now=now
        ) as attempt:
            right = passwords.is_right(claimed.password_hash, password)
            attempt.outcome = "right" if right else "failed"
        if not right:
            raise Conflict("the invitation was accepted; sign in instead")
    elif not invitation.is_open(now):
        raise Conflict("the invitation was used, revoked or has expired; ask for another")
    account = join(
        means,
        Joining(
            tenant_id=invitation.tenant_id,
            user_id=str(uuid5(NAMESPACE_URL, f"{invitation.tenant_id}|{invitation.invitation_id}")),
            password_hash=claimed.password_hash if claimed else passwords.hashed(password),
            new_account=new.model_copy(
                update={
                    "email": invitation.email,
                    "roles": invitation.roles,
                    "address_proven": True,
                }
            ),
            invitation_id=invitation.invitation_id,
        ),
        idempotency=None,
        now=now,
    )
    settle(means.stores, invitation.tenant_id, invitation.invitation_id, now=now)
    return account


def revoke(means: Means, by: Principal, invitation_id: str, *, now: datetime) -> None:
    """Take an open invitation back. Raises ``Missing``, and ``Conflict`` for an accepted one."""

    def decide() -> Decision:
        present, etag = read_invitation(means.stores, by.tenant_id, invitation_id)
        if present.state == "accepted":
            raise Conflict("the invitation was accepted; suspend the account instead")
        if present.state == "revoked":
            return Decision()
        revoked = present.model_copy(update={"state": "revoked", "updated_at": now})
        note = noted(
            means.pseudonyms, by, "invitation.revoke",
            tenant_id=by.tenant_id, of="address", target=present.address_id,
        )  # fmt: skip
        return Decision([Replace(revoked.stored(), etag)], [note])

    _commit(means.stores, by.tenant_id, invitation_id, decide, now)


def listed(
    stores: Stores, tenant_id: str, *, limit: int, continuation: str | None
) -> tuple[list[Invitation], str | None]:
    """Return a page of a tenant's invitations, newest first, and where the next begins."""
    page = stores.documents.query(
        INVITATIONS,
        (tenant_id,),
        where=[Equals("kind", "invitation")],
        order=Order("created_at", descending=True),
        limit=limit,
        continuation=continuation,
    )
    return [Invitation.of(item.body) for item in page.items], page.continuation


def _credential(stores: Stores, invitation: Invitation) -> Credential | None:
    """The credential that was made from this invitation, if any."""
    stored = stores.documents.get(
        CREDENTIALS, (invitation.tenant_id, invitation.address_id), CREDENTIAL_ID
    )
    found = Credential.of(stored.body) if stored else None
    return found if found and found.invitation_id == invitation.invitation_id else None


def _commit(
    stores: Stores,
    tenant_id: str,
    invitation_id: str,
    decide: Callable[[], Decision],
    now: datetime,
) -> None:
    announce_once(
        stores,
        source=SOURCE,
        container=INVITATIONS,
        partition=(tenant_id, invitation_id),
        decide=decide,
        now=now,
    )

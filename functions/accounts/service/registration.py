"""Makes accounts: somebody signs up, or accepts an invitation.

The address is claimed first, by the credential in a partition of its own, so that nobody
else can have it; the account follows in the person's partition. Who dies in between leaves
the event in the outbox of the claim, and the account is made from what stands there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from functions.accounts.rules.addresses import normalised
from functions.accounts.rules.documents import (
    CREDENTIAL_ID,
    CREDENTIALS,
    INVITATIONS,
    Consent,
    Credential,
    Invitation,
    NewAccount,
)
from functions.accounts.rules.throttling import REGISTRATIONS, client_of
from functions.accounts.service import throttles
from functions.accounts.service.means import SOURCE, Means
from shared.audit import noted
from shared.auth import Principal
from shared.documents.port import Create, Delete, Operation, Replace
from shared.errors import Conflict, Missing, Rejected
from shared.events.envelope import Event, EventData, read_data
from shared.events.person import PersonRegistered
from shared.messaging import (
    Answer,
    Decision,
    IdempotencyKey,
    Outcome,
    announce_once,
    reply_once,
)
from shared.models import account
from shared.models.account import Account
from shared.models.tenant import PLATFORM
from shared.people import read_account
from shared.stores import Stores


@dataclass(frozen=True)
class Joining:
    """Somebody who joins: who they are within the tenant, and how they sign in from now on."""

    tenant_id: str
    user_id: str
    password_hash: str
    new_account: NewAccount
    invitation_id: str | None = None
    used: tuple[str, ...] = ()
    """Ids of requests beside the credential that end with this."""


def address_id_of(means: Means, tenant_id: str, email: str) -> str:
    """The partition of an address's credential. Raises ``Invalid`` for what is no address."""
    return means.pseudonyms.of(tenant_id, "address", normalised(email))


def check_pace(means: Means, client: str, *, now: datetime) -> None:
    """Raise ``Throttled`` when too many registrations come from one client."""
    bucket = means.pseudonyms.of(PLATFORM, "registrations from", client_of(client))
    throttles.reserve(means.stores, PLATFORM, bucket, REGISTRATIONS, what="registrations", now=now)


def join(
    means: Means, joining: Joining, *, idempotency: IdempotencyKey | None, now: datetime
) -> Account:
    """Claim the address and make the account; returns it.

    Raises ``Conflict`` when somebody has the address, or a repeat brings a password that was
    changed since; and ``Invalid`` for what is no address.
    """
    address_id = address_id_of(means, joining.tenant_id, joining.new_account.email)
    credential = Credential(
        tenant_id=joining.tenant_id,
        address_id=address_id,
        user_id=joining.user_id,
        password_hash=joining.password_hash,
        new_account=joining.new_account,
        invitation_id=joining.invitation_id,
        created_at=now,
        changed_at=now,
    )
    partition = (joining.tenant_id, address_id)

    def decide() -> Answer:
        stored = means.stores.documents.get(CREDENTIALS, partition, CREDENTIAL_ID)
        if stored is not None:
            if not _is_same_claim(Credential.of(stored.body), credential):
                raise Conflict("somebody has an account with this address here; sign in instead")
            return Answer(201, {"user_id": joining.user_id})
        told: list[EventData] = [PersonRegistered(user_id=joining.user_id, address_id=address_id)]
        if joining.invitation_id is not None:
            new = Principal(
                joining.user_id, joining.tenant_id, frozenset(joining.new_account.roles)
            )
            told.append(
                noted(
                    means.pseudonyms, new, "invitation.accept",
                    tenant_id=joining.tenant_id, of="user", target=joining.user_id,
                )
            )  # fmt: skip
        ended = [Delete(each) for each in joining.used]
        claimed = Decision([Create(credential.stored()), *ended], told)
        return Answer(201, {"user_id": joining.user_id}, claimed)

    answer = reply_once(
        means.stores,
        idempotency,
        source=SOURCE,
        container=CREDENTIALS,
        partition=partition,
        decide=decide,
        now=now,
    )
    if idempotency:
        # its receipt answers a repeat, whatever has become of the password
        stored = means.stores.documents.get(CREDENTIALS, partition, CREDENTIAL_ID)
        kept = Credential.of(stored.body) if stored else None
        if kept is None or kept.changed_at != kept.created_at:
            raise Conflict("this registration is over; sign in instead")
    return account_of(means.stores, joining.tenant_id, address_id, answer.body["user_id"])


def complete(stores: Stores, event: Event) -> Outcome:
    """Make the account of somebody who registered, and forget what it was made from."""
    data = read_data(event, PersonRegistered)
    partition = (event.tenantid, data.address_id)
    try:
        account_of(stores, event.tenantid, data.address_id, data.user_id)
    except Missing:
        raise Rejected("the credential is gone") from None

    stored = stores.documents.get(CREDENTIALS, partition, CREDENTIAL_ID)
    if stored is not None and (invitation_id := stored.body.get("invitation_id")):
        settle(stores, event.tenantid, invitation_id, now=event.time)

    def decide() -> Decision:
        stored = stores.documents.get(CREDENTIALS, partition, CREDENTIAL_ID)
        if stored is None or stored.body.get("new_account") is None:
            return Decision()
        made = Credential.of(stored.body).model_copy(update={"new_account": None})
        return Decision([Replace(made.stored(), stored.etag)])

    return announce_once(
        stores,
        source=SOURCE,
        container=CREDENTIALS,
        partition=partition,
        decide=decide,
        now=event.time,
    )


def account_of(stores: Stores, tenant_id: str, address_id: str, user_id: str) -> Account:
    """The account behind an address; made now where only the address is claimed so far.

    Raises ``Missing`` when the address is no longer this person's.
    """
    try:
        present, _ = read_account(stores, tenant_id, user_id)
    except Missing:
        pass
    else:
        if present.address_id != address_id:
            raise Missing("there is no account with this address")
        return present
    stored = stores.documents.get(CREDENTIALS, (tenant_id, address_id), CREDENTIAL_ID)
    credential = Credential.of(stored.body) if stored else None
    new = credential.new_account if credential and credential.user_id == user_id else None
    if credential is None or new is None:
        # what hears of the registration may have made it between the two reads
        return read_account(stores, tenant_id, user_id)[0]
    made = _account_from(credential, new)

    def decide() -> Decision:
        if stores.documents.get(account.CONTAINER, made.partition, made.id) is not None:
            return Decision()
        return Decision(_operations(made, new))

    announce_once(
        stores,
        source=SOURCE,
        container=account.CONTAINER,
        partition=made.partition,
        decide=decide,
        now=credential.created_at,
    )
    return read_account(stores, tenant_id, user_id)[0]


def settle(stores: Stores, tenant_id: str, invitation_id: str, *, now: datetime) -> None:
    """Note that an invitation was accepted. One that is gone by now is fine."""

    def decide() -> Decision:
        try:
            present, etag = read_invitation(stores, tenant_id, invitation_id)
        except Missing:
            return Decision()
        if present.state == "accepted":
            return Decision()
        accepted = present.model_copy(update={"state": "accepted", "updated_at": now})
        return Decision([Replace(accepted.stored(), etag)])

    announce_once(
        stores,
        source=SOURCE,
        container=INVITATIONS,
        partition=(tenant_id, invitation_id),
        decide=decide,
        now=now,
    )


def read_invitation(stores: Stores, tenant_id: str, invitation_id: str) -> tuple[Invitation, str]:
    """Return an invitation and its etag. Raises ``Missing``."""
    stored = stores.documents.get(INVITATIONS, (tenant_id, invitation_id), "invitation")
    if stored is None:
        raise Missing("there is no invitation with this id")
    return Invitation.of(stored.body), stored.etag


def _is_same_claim(one: Credential, other: Credential) -> bool:
    """Whether both come of one invitation, accepted with one password."""
    return one.invitation_id is not None and (one.invitation_id, one.password_hash) == (
        other.invitation_id,
        other.password_hash,
    )


def _account_from(credential: Credential, new: NewAccount) -> Account:
    return Account(
        tenant_id=credential.tenant_id,
        user_id=credential.user_id,
        email=new.email,
        address_id=credential.address_id,
        address_proven=new.address_proven,
        display_name=new.display_name,
        roles=new.roles,
        birth_year=new.birth_year,
        time_zone=new.time_zone,
        language=new.language,
        created_at=credential.created_at,
        updated_at=credential.created_at,
    )


def _operations(made: Account, new: NewAccount) -> list[Operation]:
    operations: list[Operation] = [Create(made.stored())]
    for given in new.consents:
        consent = Consent(
            # derived, so that an account made twice at once states nothing twice
            id=f"consent:{uuid5(NAMESPACE_URL, f'{made.user_id}|{given.kind}')}",
            tenant_id=made.tenant_id,
            user_id=made.user_id,
            given_by=made.user_id,
            what=given.kind,
            version=given.version,
            granted=given.granted,
            where_from=new.where_from,
            at=made.created_at,
        )
        operations.append(Create(consent.stored()))
    return operations

"""Reads and changes accounts: the caller's own, and as an admin other people's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from functions.accounts.rules.documents import (
    CREDENTIAL_ID,
    CREDENTIALS,
    NO_PASSWORD,
    Credential,
)
from functions.accounts.rules.times import check_birth_year, check_time_zone
from functions.accounts.service.means import SOURCE, Means, read_tenant
from functions.accounts.service.profiling import fields_of
from functions.accounts.service.registration import address_id_of
from functions.accounts.service.sign_in import revoke_families
from shared.access import Reach
from shared.audit import noted
from shared.auth import Principal
from shared.documents.port import Contains, Create, Equals, Filter, Order, Replace
from shared.erasures import erased_at
from shared.errors import Conflict, Exists, FieldError, Forbidden, Invalid, Missing, Stale
from shared.messaging import Decision, announce_once
from shared.models import account
from shared.models.account import Account
from shared.models.roles import Role
from shared.people import check_reach, is_parent_of, read_account
from shared.stores import Stores

STAFF: frozenset[Role] = frozenset({"mentor", "recruiter", "admin"})
"""Roles that reach other people's data."""


def read_own(means: Means, principal: Principal, *, now: datetime) -> tuple[Account, str]:
    """Return the caller's account and its etag.

    Somebody of an external provider gets an account at the first call. Raises ``Missing``
    when there is none, and ``Conflict`` for somebody whose account was erased.
    """
    try:
        return read_account(means.stores, principal.tenant_id, principal.user_id)
    except Missing:
        if not principal.external:
            raise
    read_tenant(means.stores, principal.tenant_id)
    if erased_at(means.stores, means.pseudonyms, principal.tenant_id, "user", principal.user_id):
        raise Conflict("your account was erased, and stays so")
    address_id = _claimed_address(means, principal, now) if principal.email else None
    made = Account(
        tenant_id=principal.tenant_id,
        user_id=principal.user_id,
        email=principal.email if address_id else None,
        address_id=address_id,
        address_proven=address_id is not None,
        display_name=principal.name or "New here",
        roles=tuple(sorted(principal.roles)),  # type: ignore[arg-type]  # verified roles
        external=True,
        created_at=now,
        updated_at=now,
        **fields_of(means.stores, (principal.tenant_id, principal.user_id)),
    )

    def decide() -> Decision:
        if means.stores.documents.get(account.CONTAINER, made.partition, made.id) is not None:
            return Decision()
        return Decision([Create(made.stored())])

    _commit(means.stores, made, decide, now)
    return read_account(means.stores, principal.tenant_id, principal.user_id)


def _claimed_address(means: Means, principal: Principal, now: datetime) -> str | None:
    """The address that an external provider has verified, claimed for the person; None when
    somebody else here has it, or it is none."""
    try:
        address_id = address_id_of(means, principal.tenant_id, principal.email or "")
    except Invalid:
        return None
    partition = (principal.tenant_id, address_id)
    credential = Credential(
        tenant_id=principal.tenant_id,
        address_id=address_id,
        user_id=principal.user_id,
        password_hash=NO_PASSWORD,
        created_at=now,
        changed_at=now,
    )
    try:
        means.stores.documents.commit(CREDENTIALS, partition, [Create(credential.stored())])
    except Exists:
        present = means.stores.documents.get(CREDENTIALS, partition, CREDENTIAL_ID)
        if present is None or present.body["user_id"] != principal.user_id:
            return None
    return address_id


def change_own(
    means: Means,
    principal: Principal,
    changes: Mapping[str, Any],
    *,
    if_match: str | None,
    now: datetime,
) -> tuple[Account, str]:
    """Change fields of the caller's account; returns it with its new etag.

    Raises ``Stale`` when somebody wrote since ``if_match``, ``Invalid`` and ``Missing``.
    """
    read_own(means, principal, now=now)
    if changes.get("time_zone") is not None:
        check_time_zone(changes["time_zone"])
    return _change(
        means, principal, principal.user_id, changes, "account.change", if_match=if_match, now=now
    )


def change_other(
    means: Means,
    admin: Principal,
    user_id: str,
    changes: Mapping[str, Any],
    *,
    reason: str | None,
    if_match: str | None,
    now: datetime,
) -> tuple[Account, str]:
    """Change somebody's roles, status or facts as an admin of their tenant.

    A suspended person is signed out everywhere. Raises ``Forbidden`` for an admin's own roles
    and status, and for the role operator; ``Invalid``; ``Stale``; ``Missing``.
    """
    if user_id == admin.user_id and changes.keys() & {"roles", "status"}:
        raise Forbidden("have another admin change your own roles or status")
    if "operator" in (changes.get("roles") or ()):
        raise Forbidden("nobody becomes an operator by an admin")
    if "roles" in changes and not changes["roles"]:
        raise Invalid(
            "roles: a person has at least one", fields=(FieldError("/roles", "is empty"),)
        )
    check_birth_year(changes.get("birth_year"), this_year=now.year)
    _check_roles(read_account(means.stores, admin.tenant_id, user_id)[0], changes)
    changed = _change(
        means,
        admin,
        user_id,
        changes,
        "account.administer",
        reason=reason,
        if_match=if_match,
        now=now,
    )
    if changed[0].status == "suspended":
        revoke_families(means.stores, changed[0], "suspended", now=now)
    return changed


def _check_roles(person: Account, changes: Mapping[str, Any]) -> None:
    """Raise ``Conflict`` for roles that would not be this person's."""
    new = set(changes.get("roles") or ()) - set(person.roles)
    if person.external and "roles" in changes:
        raise Conflict("the roles of this account are the external provider's to give")
    proven = changes.get("address_proven", person.address_proven)
    if new & STAFF and not proven:
        raise Conflict(
            "nobody vouched that the address of this account is the person's: invite them, or "
            "set address_proven if you are sure who has it"
        )


def read_other(
    means: Means, principal: Principal, reach: frozenset[Reach], user_id: str
) -> tuple[Account, str]:
    """Return the account of somebody whom the caller reaches, and its etag. Raises ``Missing``."""
    check_reach(means.stores, principal, reach, user_id)
    return read_account(means.stores, principal.tenant_id, user_id)


def is_close(stores: Stores, principal: Principal, reach: frozenset[Reach], user_id: str) -> bool:
    """Whether the caller sees who somebody is without anybody's consent: the person, a linked
    parent, an admin."""
    return (
        user_id == principal.user_id
        or "tenant" in reach
        or (
            "children" in reach
            and is_parent_of(
                stores, principal.tenant_id, parent_id=principal.user_id, learner_id=user_id
            )
        )
    )


def listed(
    stores: Stores,
    tenant_id: str,
    *,
    role: Role | None,
    limit: int,
    continuation: str | None,
) -> tuple[list[Account], str | None]:
    """Return a page of a tenant's accounts, newest first, and where the next begins."""
    where: list[Filter] = [Equals("kind", "account")]
    if role is not None:
        where.append(Contains("roles", role))
    page = stores.documents.query(
        account.CONTAINER,
        (tenant_id,),
        where=where,
        order=Order("created_at", descending=True),
        limit=limit,
        continuation=continuation,
    )
    return [Account.of(item.body) for item in page.items], page.continuation


def _change(
    means: Means,
    by: Principal,
    user_id: str,
    changes: Mapping[str, Any],
    action: str,
    *,
    reason: str | None = None,
    if_match: str | None,
    now: datetime,
) -> tuple[Account, str]:
    person, _ = read_account(means.stores, by.tenant_id, user_id)

    def decide() -> Decision:
        present, etag = read_account(means.stores, by.tenant_id, user_id)
        if if_match is not None and if_match != etag.strip('"'):
            raise Stale("somebody changed the account since you read it; read it again")
        changed = present.model_copy(update={**changes, "updated_at": now})
        if changed == present.model_copy(update={"updated_at": now}):
            return Decision()
        note = noted(
            means.pseudonyms, by, action,
            tenant_id=by.tenant_id, of="user", target=user_id, reason=reason,
        )  # fmt: skip
        return Decision([Replace(changed.stored(), etag)], [note])

    _commit(means.stores, person, decide, now)
    return read_account(means.stores, by.tenant_id, user_id)


def _commit(stores: Stores, person: Account, decide: Callable[[], Decision], now: datetime) -> None:
    announce_once(
        stores,
        source=SOURCE,
        container=account.CONTAINER,
        partition=person.partition,
        decide=decide,
        now=now,
    )

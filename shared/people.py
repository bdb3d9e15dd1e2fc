"""Whose data a caller reaches: the caller's own, linked children, learners, the tenant's."""

from __future__ import annotations

from collections.abc import Sequence

from shared.access import Reach
from shared.auth import Principal
from shared.documents.port import Equals, Filter, Order, Partition, Stored
from shared.erasures import erased_at
from shared.errors import Forbidden, Missing, Unauthenticated
from shared.models import account, family
from shared.models.account import Account
from shared.models.family import FamilyLink, link_id_of
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores


def read_account(stores: Stores, tenant_id: str, user_id: str) -> tuple[Account, str]:
    """Return a person's account and its etag. Raises ``Missing``."""
    stored = stores.documents.get(account.CONTAINER, (tenant_id, user_id), account.ACCOUNT_ID)
    if stored is None:
        raise Missing("there is no person with this id")
    return Account.of(stored.body), stored.etag


def time_zone_of(stores: Stores, tenant_id: str, user_id: str, *, otherwise: str = "UTC") -> str:
    """The time zone of somebody's account at this moment; ``otherwise`` for who has none here."""
    try:
        return read_account(stores, tenant_id, user_id)[0].time_zone
    except Missing:
        return otherwise


def check_reach(
    stores: Stores, principal: Principal, reach: frozenset[Reach], user_id: str
) -> None:
    """Raise ``Missing`` unless one of these reaches covers this person of the caller's tenant.

    ``reach`` is :attr:`shared.http.call.Call.reach`. Who is not reached does not exist for
    the caller. A link is read each time, so that one that is revoked covers nothing at once.
    """
    if user_id == principal.user_id:
        return
    if "tenant" in reach or "platform" in reach:
        return
    if "children" in reach and is_parent_of(
        stores, principal.tenant_id, parent_id=principal.user_id, learner_id=user_id
    ):
        return
    if "learners" in reach:
        found, _ = read_account(stores, principal.tenant_id, user_id)
        if "learner" in found.roles:
            return
    raise Missing("there is no person with this id")


def check_person(
    stores: Stores, principal: Principal, reach: frozenset[Reach], user_id: str
) -> None:
    """Raise ``Missing`` unless this is the caller, or somebody reached who has an account here.

    Whoever reaches a whole tenant reaches nobody of another, whose ids it may know.
    """
    check_reach(stores, principal, reach, user_id)
    if user_id != principal.user_id:
        read_account(stores, principal.tenant_id, user_id)


def check_standing(stores: Stores, pseudonyms: Pseudonyms, principal: Principal) -> None:
    """Raise for somebody of the external provider who may not act here, whatever its tokens say:
    ``Unauthenticated`` when their data was erased, ``Forbidden`` when they are suspended.

    Our own people are checked when their tokens are issued; the provider knows neither.
    """
    tenant_id, user_id = principal.tenant_id, principal.user_id
    if erased_at(stores, pseudonyms, tenant_id, "user", user_id) is not None:
        raise Unauthenticated("what was held on you was erased, and nothing is held again")
    try:
        person, _ = read_account(stores, tenant_id, user_id)
    except Missing:
        return
    if person.status != "active":
        raise Forbidden("your account is suspended; ask an admin of your tenant")


def find_owned(
    stores: Stores,
    principal: Principal,
    reach: frozenset[Reach],
    container: str,
    path: str,
    value: str,
) -> Stored | None:
    """The document of the caller's tenant of which a field has this value, if the person that it
    is of (its ``user_id``) is reached; None else.

    ``path`` is one of the container's ``ordered_by`` and stands in one document of each value.
    """
    page = stores.documents.query(
        container,
        (principal.tenant_id,),
        where=[Equals(path, value)],
        order=Order(path),
        limit=1,
    )
    if not page.items:
        return None
    try:
        check_reach(stores, principal, reach, page.items[0].body["user_id"])
    except Missing:
        return None
    return page.items[0]


def is_parent_of(stores: Stores, tenant_id: str, *, parent_id: str, learner_id: str) -> bool:
    """Whether an active link joins these two."""
    link_id = link_id_of(tenant_id, learner_id, parent_id)
    stored = stores.documents.get(family.CONTAINER, (tenant_id, learner_id), link_id)
    return stored is not None and FamilyLink.of(stored.body).active


def parents_of(stores: Stores, tenant_id: str, learner_id: str) -> list[str]:
    """The ids of those to whom a learner is linked at this moment."""
    where = [Equals("kind", "link"), Equals("active", True)]
    found = _links(stores, (tenant_id, learner_id), where)
    return [link.parent_id for link in found]


def children_of(stores: Stores, tenant_id: str, parent_id: str) -> list[str]:
    """The ids of the learners to whom a parent is linked at this moment."""
    where = [Equals("kind", "link"), Equals("active", True), Equals("parent_id", parent_id)]
    found = _links(stores, (tenant_id,), where)
    return [link.learner_id for link in found]


def _links(stores: Stores, scope: Partition, where: Sequence[Filter]) -> list[FamilyLink]:
    found: list[FamilyLink] = []
    continuation = None
    while True:
        page = stores.documents.query(
            family.CONTAINER, scope, where=where, limit=100, continuation=continuation
        )
        found += [FamilyLink.of(item.body) for item in page.items]
        continuation = page.continuation
        if continuation is None:
            return found

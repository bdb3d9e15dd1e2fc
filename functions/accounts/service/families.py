"""Links parents to learners by codes, and ends the links."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from functions.accounts.rules.documents import FamilyCode
from functions.accounts.rules.family_codes import LIFETIME, MAX_OPEN, canonical, code_of
from functions.accounts.rules.throttling import CODES
from functions.accounts.service import throttles
from functions.accounts.service.consents import judge_parents_consent
from functions.accounts.service.means import SOURCE, Means, read_tenant
from shared.access import Reach
from shared.audit import noted
from shared.auth import Principal
from shared.documents.port import Create, Equals, Operation, Order, Partition, Replace
from shared.errors import Conflict, Forbidden, Missing
from shared.events.person import FamilyChanged
from shared.messaging import Answer, Decision, IdempotencyKey, announce_once, reply_once
from shared.models import family
from shared.models.family import FamilyLink, link_id_of
from shared.people import check_person, check_reach, read_account
from shared.stores import Stores

CODE_SECONDS = 30 * 24 * 3600
Side = Literal["learner", "parent", "admin"]


def make_code(
    means: Means,
    by: Principal,
    reach: frozenset[Reach],
    learner_id: str,
    *,
    entropy: bytes,
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[str, datetime]:
    """Make a code that links one parent to a learner; returns it and when it expires.

    Only its digest is kept. ``entropy`` is 8 secret random bytes; a repeat needs none, for its
    code follows from its Idempotency-Key. Raises ``Missing`` for a learner whom the caller
    does not reach or who is none, and ``Conflict`` while too many codes are open.
    """
    check_reach(means.stores, by, reach, learner_id)
    learner, _ = read_account(means.stores, by.tenant_id, learner_id)
    if "learner" not in learner.roles:
        raise Missing("there is no learner with this id")
    if idempotency:
        # of the learner too: a key that comes again for another child makes another code
        named = f"{idempotency.scope}\n{idempotency.key}\n{learner_id}"
        keyed = means.pseudonyms.digest(named.encode())
        entropy = bytes.fromhex(keyed)
    code = code_of(entropy)
    kept = FamilyCode(
        id="code:0",
        tenant_id=by.tenant_id,
        learner_id=learner_id,
        code_digest=_digest(means, by.tenant_id, code),
        expires_at=now + LIFETIME,
        updated_at=now,
    )

    def decide() -> Answer:
        place = _free_place(means.stores, (by.tenant_id, learner_id), now)
        note = noted(
            means.pseudonyms, by, "family.code",
            tenant_id=by.tenant_id, of="user", target=learner_id,
        )  # fmt: skip
        body = kept.stored() | {"id": place.code_id, "ttl": CODE_SECONDS}
        operation = Replace(body, place.etag) if place.etag else Create(body)
        made = Decision([operation], [note])
        return Answer(201, {"expires_at": kept.expires_at.isoformat()}, made)

    answer = reply_once(
        means.stores,
        idempotency,
        source=SOURCE,
        container=family.CONTAINER,
        partition=(by.tenant_id, learner_id),
        decide=decide,
        now=now,
    )
    return code, datetime.fromisoformat(answer.body["expires_at"])


def link(
    means: Means,
    parent: Principal,
    code: str,
    *,
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> FamilyLink:
    """Link the caller to the learner whose code this is, and use it up; returns the link.

    Raises ``Missing`` for a code that is not known, used, revoked or expired, which are not
    told apart, ``Conflict`` for one's own, ``Forbidden`` to who is not of age themselves, and
    ``Throttled`` after too many wrong ones.
    """
    stores = means.stores
    _check_of_age(stores, parent, now)
    guesses = means.pseudonyms.of(parent.tenant_id, "codes tried by", parent.user_id)
    tried = throttles.reserve(stores, parent.tenant_id, guesses, CODES, what="wrong codes", now=now)
    digest = _digest(means, parent.tenant_id, code)
    page = stores.documents.query(
        family.CONTAINER,
        (parent.tenant_id,),
        where=[Equals("code_digest", digest), Equals("kind", "code")],
        limit=1,
    )
    if not page.items:
        throttles.failed(stores, tried, now=now)
        raise _no_code()
    learner_id = FamilyCode.of(page.items[0].body).learner_id
    code_id = str(page.items[0].body["id"])
    if learner_id == parent.user_id:
        raise Conflict("this code is for a parent of yours; nobody is their own parent")
    made = FamilyLink(
        id=link_id_of(parent.tenant_id, learner_id, parent.user_id),
        tenant_id=parent.tenant_id,
        learner_id=learner_id,
        parent_id=parent.user_id,
        active=True,
        linked_at=now,
        updated_at=now,
    )
    partition = (parent.tenant_id, learner_id)

    def decide() -> Answer:
        stored = stores.documents.get(family.CONTAINER, partition, code_id)
        kept = FamilyCode.of(stored.body) if stored else None
        if kept is None or stored is None or not kept.is_open(now) or kept.code_digest != digest:
            raise _no_code()
        used = kept.model_copy(update={"state": "used", "updated_at": now})
        present = stores.documents.get(family.CONTAINER, partition, made.id)
        operations: list[Operation] = [
            Replace(used.stored() | {"ttl": CODE_SECONDS}, stored.etag),
            Create(made.stored()) if present is None else Replace(made.stored(), present.etag),
        ]
        note = noted(
            means.pseudonyms, parent, "family.link",
            tenant_id=parent.tenant_id, of="user", target=learner_id,
        )  # fmt: skip
        told = FamilyChanged(learner_id=learner_id)
        # the id alone is kept for repeats: the link is erased with either of the two
        return Answer(201, {"link_id": made.id}, Decision(operations, [note, told]))

    answer = reply_once(
        stores,
        idempotency,
        source=SOURCE,
        container=family.CONTAINER,
        partition=partition,
        decide=decide,
        now=now,
    )
    throttles.forget(stores, tried)
    judge_parents_consent(stores, parent.tenant_id, learner_id, now=now)
    kept = stores.documents.get(family.CONTAINER, partition, answer.body["link_id"])
    if kept is None:
        raise _no_code()
    return FamilyLink.of(kept.body)


def revoke_codes(
    means: Means, by: Principal, reach: frozenset[Reach], learner_id: str, *, now: datetime
) -> None:
    """Take back every open code of a learner. Raises ``Missing`` for one who is not reached."""
    check_person(means.stores, by, reach, learner_id)

    def decide() -> Decision:
        page = means.stores.documents.query(
            family.CONTAINER,
            (by.tenant_id, learner_id),
            where=[Equals("kind", "code"), Equals("state", "open")],
            limit=90,
        )
        operations: list[Operation] = []
        for item in page.items:
            taken = FamilyCode.of(item.body).model_copy(
                update={"state": "revoked", "updated_at": now}
            )
            operations.append(Replace(taken.stored() | {"ttl": CODE_SECONDS}, item.etag))
        note = noted(
            means.pseudonyms, by, "family.codes_revoke",
            tenant_id=by.tenant_id, of="user", target=learner_id,
        )  # fmt: skip
        return Decision(operations, [note] if operations else [])

    _commit(means.stores, by.tenant_id, learner_id, decide, now)


def revoke(
    means: Means, by: Principal, reach: frozenset[Reach], link_id: str, *, now: datetime
) -> None:
    """End a link: either side may, and an admin. It covers nothing from this moment on.

    Raises ``Missing`` for a link that is not the caller's; ending it twice is fine.
    """
    found = _find(means.stores, by, reach, link_id)
    side: Side = "admin"
    if by.user_id in (found.parent_id, found.learner_id):
        side = "parent" if by.user_id == found.parent_id else "learner"

    def decide() -> Decision:
        stored = means.stores.documents.get(
            family.CONTAINER, (by.tenant_id, found.learner_id), link_id
        )
        if stored is None or not stored.body["active"]:
            return Decision()
        ended = FamilyLink.of(stored.body).model_copy(
            update={"active": False, "revoked_at": now, "revoked_by": side, "updated_at": now}
        )
        note = noted(
            means.pseudonyms, by, "family.revoke",
            tenant_id=by.tenant_id, of="user", target=found.learner_id,
        )  # fmt: skip
        told = FamilyChanged(learner_id=found.learner_id)
        return Decision([Replace(ended.stored(), stored.etag)], [note, told])

    _commit(means.stores, by.tenant_id, found.learner_id, decide, now)
    judge_parents_consent(means.stores, by.tenant_id, found.learner_id, now=now)


def listed(
    stores: Stores,
    by: Principal,
    reach: frozenset[Reach],
    *,
    learner_id: str | None,
    limit: int,
    continuation: str | None,
) -> tuple[list[FamilyLink], str | None]:
    """Return a page of links, changed last first, and where the next begins.

    Without ``learner_id`` they are the caller's own: a parent's to children, anybody else's to
    parents. Raises ``Missing`` for a learner whom the caller does not reach.
    """
    where = [Equals("kind", "link")]
    scope: Partition = (by.tenant_id, learner_id or by.user_id)
    if learner_id is not None:
        check_person(stores, by, reach, learner_id)
    elif "parent" in by.roles:
        scope = (by.tenant_id,)
        where.append(Equals("parent_id", by.user_id))
    page = stores.documents.query(
        family.CONTAINER,
        scope,
        where=where,
        order=Order("updated_at", descending=True),
        limit=limit,
        continuation=continuation,
    )
    return [FamilyLink.of(item.body) for item in page.items], page.continuation


def _find(stores: Stores, by: Principal, reach: frozenset[Reach], link_id: str) -> FamilyLink:
    """The link with this id that is the caller's, as learner or parent, or an admin's to end."""
    own = stores.documents.get(family.CONTAINER, (by.tenant_id, by.user_id), link_id)
    if own is not None:
        return FamilyLink.of(own.body)
    where = [Equals("kind", "link"), Equals("id", link_id)]
    if "tenant" not in reach:
        where.append(Equals("parent_id", by.user_id))
    page = stores.documents.query(family.CONTAINER, (by.tenant_id,), where=where, limit=1)
    if not page.items:
        raise Missing("there is no family link with this id")
    return FamilyLink.of(page.items[0].body)


def _check_of_age(stores: Stores, parent: Principal, now: datetime) -> None:
    """Raise ``Forbidden`` when somebody is too young to speak for a child. Who signs in with an
    external provider and gave no year of birth is taken at its word."""
    try:
        person, _ = read_account(stores, parent.tenant_id, parent.user_id)
    except Missing:
        return
    tenant, _ = read_tenant(stores, parent.tenant_id)
    if person.is_minor(consent_age=tenant.consent_age, on=now.date()):
        raise Forbidden("parents are of age; you are not by the year of birth you gave")


@dataclass(frozen=True)
class _Place:
    """Where a code can be kept; ``etag`` is of the one there that is no longer open."""

    code_id: str
    etag: str | None


def _free_place(stores: Stores, partition: Partition, now: datetime) -> _Place:
    """A place for one more code: two who make one at the same moment meet in it, so that there
    are never more than :data:`MAX_OPEN`. Raises ``Conflict`` when all are taken."""
    for number in range(MAX_OPEN):
        code_id = f"code:{number}"
        stored = stores.documents.get(family.CONTAINER, partition, code_id)
        if stored is None:
            return _Place(code_id, None)
        if not FamilyCode.of(stored.body).is_open(now):
            return _Place(code_id, stored.etag)
    raise Conflict(f"{MAX_OPEN} codes are open; use one, or wait until one expires")


def _digest(means: Means, tenant_id: str, code: str) -> str:
    return means.pseudonyms.of(tenant_id, "family code", canonical(code))


def _no_code() -> Missing:
    return Missing("there is no open code like this; ask for a new one")


def _commit(
    stores: Stores, tenant_id: str, learner_id: str, decide: Callable[[], Decision], now: datetime
) -> None:
    announce_once(
        stores,
        source=SOURCE,
        container=family.CONTAINER,
        partition=(tenant_id, learner_id),
        decide=decide,
        now=now,
    )

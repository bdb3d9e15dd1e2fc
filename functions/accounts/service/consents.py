"""Records consents, and what a parent's amount to."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from functions.accounts.rules.consents import in_force, parents_agree
from functions.accounts.rules.documents import (
    JUDGEMENT_ID,
    Consent,
    ConsentGiven,
    Judgement,
    WhereFrom,
)
from functions.accounts.service.means import SOURCE, Means
from shared.access import Reach
from shared.audit import noted
from shared.auth import Principal
from shared.documents.port import Create, Equals, Operation, Replace
from shared.errors import Missing
from shared.events.envelope import Event, read_data
from shared.events.person import FamilyChanged
from shared.messaging import Answer, Decision, IdempotencyKey, Outcome, announce_once, reply_once
from shared.models import account, family
from shared.models.family import FamilyLink
from shared.people import check_person, check_reach, read_account
from shared.stores import Stores


def record(
    means: Means,
    by: Principal,
    reach: frozenset[Reach],
    user_id: str,
    given: ConsentGiven,
    where_from: WhereFrom,
    *,
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> Consent:
    """Append a statement of the caller about their own data, or as a parent about a child's.

    Returns the statement. Raises ``Missing`` for somebody whom the caller does not reach.
    """
    check_reach(means.stores, by, reach, user_id)
    statement = Consent(
        id=f"consent:{uuid4()}",
        tenant_id=by.tenant_id,
        user_id=user_id,
        given_by=by.user_id,
        what=given.kind,
        version=given.version,
        granted=given.granted,
        where_from=where_from,
        at=now,
    )

    def decide() -> Answer:
        judged = _judged(means.stores, by.tenant_id, user_id, [statement], now)
        note = noted(
            means.pseudonyms, by, "consent.record", tenant_id=by.tenant_id, of="user",
            target=user_id, reason=f"{given.kind} {'granted' if given.granted else 'refused'}",
        )  # fmt: skip
        # Judged again afterwards: the link that it stands on may be ending at this moment.
        told = [note] if by.user_id == user_id else [note, FamilyChanged(learner_id=user_id)]
        decision = Decision([Create(statement.stored()), *judged], told)
        # ids alone are kept for repeats: what is somebody else's is erased by its document
        return Answer(201, {"consent_id": statement.id}, decision)

    answer = reply_once(
        means.stores,
        idempotency,
        source=SOURCE,
        container=account.CONTAINER,
        partition=(by.tenant_id, user_id),
        decide=decide,
        now=now,
    )
    kept = means.stores.documents.get(
        account.CONTAINER, (by.tenant_id, user_id), answer.body["consent_id"]
    )
    if kept is None:
        raise Missing("there is no person with this id")
    return Consent.of(kept.body)


def listed(means: Means, by: Principal, reach: frozenset[Reach], user_id: str) -> list[Consent]:
    """Return every statement about a person's data, oldest first. Raises ``Missing``."""
    check_person(means.stores, by, reach, user_id)
    return sorted(
        _statements(means.stores, (by.tenant_id, user_id)), key=lambda each: (each.at, each.id)
    )


def judge_again(stores: Stores, event: Event, *, now: datetime) -> Outcome:
    """A learner's family or consents changed: judge whether the learner may be shown."""
    data = read_data(event, FamilyChanged)
    return judge_parents_consent(stores, event.tenantid, data.learner_id, now=now)


def judge_parents_consent(
    stores: Stores, tenant_id: str, learner_id: str, *, now: datetime
) -> Outcome:
    """Set whether the learner may be shown for all that linked parents say. One without an
    account is nobody to be shown."""

    def decide() -> Decision:
        try:
            return Decision(_judged(stores, tenant_id, learner_id, [], now))
        except Missing:
            return Decision()

    return announce_once(
        stores,
        source=SOURCE,
        container=account.CONTAINER,
        partition=(tenant_id, learner_id),
        decide=decide,
        now=now,
    )


def _judged(
    stores: Stores, tenant_id: str, user_id: str, new: list[Consent], now: datetime
) -> list[Operation]:
    """What makes the account say what follows from the statements, with new ones, and the
    present links.

    That it was judged is written also where nothing changes: of two judgements at the same
    moment the later one then has to look again, whichever read first. Raises ``Missing``
    without an account.
    """
    partition = (tenant_id, user_id)
    before = stores.documents.get(account.CONTAINER, partition, JUDGEMENT_ID)
    person, etag = read_account(stores, tenant_id, user_id)
    linked_at = _parents(stores, tenant_id, user_id)
    said = in_force([*_statements(stores, partition), *new], linked_at)
    agreed = parents_agree(said, linked_at.keys())
    judgement = Judgement(tenant_id=tenant_id, user_id=user_id, judged_at=now).stored()
    operations: list[Operation] = [
        Create(judgement) if before is None else Replace(judgement, before.etag)
    ]
    if agreed != person.parent_consented:
        changed = person.model_copy(update={"parent_consented": agreed, "updated_at": now})
        operations.append(Replace(changed.stored(), etag))
    return operations


def _statements(stores: Stores, partition: tuple[str, str]) -> list[Consent]:
    found: list[Consent] = []
    continuation = None
    while True:
        page = stores.documents.query(
            account.CONTAINER,
            partition,
            where=[Equals("kind", "consent")],
            limit=1000,
            continuation=continuation,
        )
        found += [Consent.of(item.body) for item in page.items]
        continuation = page.continuation
        if continuation is None:
            return found


def _parents(stores: Stores, tenant_id: str, learner_id: str) -> dict[str, datetime]:
    """Since when whom an active link makes a parent of the learner. One who is suspended speaks
    for nobody; one without an account here signs in elsewhere."""
    page = stores.documents.query(
        family.CONTAINER,
        (tenant_id, learner_id),
        where=[Equals("kind", "link"), Equals("active", True)],
        limit=1000,
    )
    links = [FamilyLink.of(item.body) for item in page.items]
    return {
        link.parent_id: link.linked_at
        for link in links
        if _speaks(stores, tenant_id, link.parent_id)
    }


def _speaks(stores: Stores, tenant_id: str, parent_id: str) -> bool:
    try:
        return read_account(stores, tenant_id, parent_id)[0].status == "active"
    except Missing:
        return True

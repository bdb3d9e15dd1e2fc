"""What mentors put right: transactions taken back, held awards decided."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from functions.xp_award.rules.corrections import corrected, decided
from functions.xp_award.rules.documents import LedgerEntry, Review, entry_id_of
from functions.xp_award.rules.ledger import Posting
from functions.xp_award.service import books
from functions.xp_award.service.books import Partition
from shared import audit
from shared.auth import Principal
from shared.documents.port import Equals, Order, Replace
from shared.errors import Missing
from shared.messaging import Answer, Decision, IdempotencyKey, answer_once
from shared.models.game import CONTAINER
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

MOST_BONUSES = 40


def correct(
    stores: Stores,
    pseudonyms: Pseudonyms,
    by: Principal,
    user_id: str,
    entry_id: str,
    *,
    reason: str,
    shown: Callable[[Posting], dict[str, Any]],
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[int, Any]:
    """Take back a learner's transaction, with the bonuses that came of it, by new entries.

    Raises ``Missing``, ``Conflict`` when it was taken back before, and ``Unprocessable`` for a
    correction.
    """
    partition = (by.tenant_id, user_id)

    def decide() -> Answer:
        entry = books.read_entry(stores, partition, entry_id)
        profile, etag = _profile(stores, partition)
        bonuses = _bonuses_of(stores, partition, entry)
        posting = corrected(
            profile,
            entry,
            bonuses,
            reversed_before=_reversed_before(stores, partition, [entry, *bonuses]),
            reason=reason,
            now=now,
        )
        note = _noted(pseudonyms, by, user_id, "transaction.corrected", reason)
        decision = Decision(books.written_with_entries(posting, etag), [note])
        return Answer(200, shown(posting), decision)

    return _answered(stores, partition, idempotency, decide, now)


def decide_review(
    stores: Stores,
    pseudonyms: Pseudonyms,
    by: Principal,
    user_id: str,
    review_id: str,
    decision: Literal["approved", "rejected"],
    *,
    note: str | None,
    shown: Callable[[Posting, Review], dict[str, Any]],
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[int, Any]:
    """Pay an award that was held, or let it go. Raises ``Missing``, and ``Conflict`` when it was
    decided before."""
    partition = (by.tenant_id, user_id)
    who = pseudonyms.of(by.tenant_id, "user", by.user_id)

    def decide() -> Answer:
        review, review_etag = books.read_review(stores, partition, review_id)
        profile, etag = _profile(stores, partition)
        entry_id = entry_id_of(*partition, review.award.deed)
        posting, done = decided(
            profile,
            review,
            decision,
            is_paid=stores.documents.get(CONTAINER, partition, entry_id) is not None,
            by=who,
            note=note,
            now=now,
        )
        entries = books.written_with_entries(posting, etag) if posting.entries else []
        noted = _noted(pseudonyms, by, user_id, f"award.{decision}", note)
        return Answer(
            200,
            shown(posting, done),
            Decision([Replace(done.stored(), review_etag), *entries], [noted]),
        )

    return _answered(stores, partition, idempotency, decide, now)


def reviews(
    stores: Stores, tenant_id: str, *, state: str, limit: int, continuation: str | None
) -> tuple[list[Review], str | None]:
    """A page of a tenant's held awards in a state, the oldest first, and where the next begins."""
    page = stores.documents.query(
        CONTAINER,
        (tenant_id,),
        where=[Equals("kind", "review"), Equals("state", state)],
        order=Order("held_at"),
        limit=limit,
        continuation=continuation,
    )
    return [Review.of(item.body) for item in page.items], page.continuation


def _profile(stores: Stores, partition: Partition) -> tuple[Any, str]:
    held = books.read_profile(stores, partition)
    if held is None:
        raise Missing("the learner has no XP yet")
    return held


def _bonuses_of(stores: Stores, partition: Partition, entry: LedgerEntry) -> list[LedgerEntry]:
    page = stores.documents.query(
        CONTAINER,
        partition,
        where=[Equals("kind", "entry"), Equals("bonus_of", entry.id)],
        order=Order("sequence"),
        limit=MOST_BONUSES,
    )
    return [LedgerEntry.of(item.body) for item in page.items]


def _reversed_before(
    stores: Stores, partition: Partition, entries: list[LedgerEntry]
) -> frozenset[str]:
    return frozenset(
        entry.id
        for entry in entries
        if stores.documents.get(
            CONTAINER, partition, entry_id_of(*partition, f"correction|{entry.id}")
        )
        is not None
    )


def _noted(
    pseudonyms: Pseudonyms, by: Principal, user_id: str, action: str, reason: str | None
) -> Any:
    return audit.noted(
        pseudonyms,
        by,
        action,
        tenant_id=by.tenant_id,
        of="user",
        target=user_id,
        reason=reason,
    )


def _answered(
    stores: Stores,
    partition: Partition,
    idempotency: IdempotencyKey | None,
    decide: Callable[[], Answer],
    now: datetime,
) -> tuple[int, Any]:
    return answer_once(
        stores,
        idempotency,
        source=books.SOURCE,
        container=CONTAINER,
        partition=partition,
        decide=decide,
        now=now,
    )

"""What learners see and do: profile, transactions, hints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.xp_award.rules.awarding import new_profile
from functions.xp_award.rules.documents import Category, LedgerEntry
from functions.xp_award.rules.hints import Hint, with_hint
from functions.xp_award.service import books
from functions.xp_award.service.books import Partition
from shared.documents.port import Equals, Filter, Order, Range
from shared.erasures import erased_at
from shared.errors import Conflict
from shared.messaging import Answer, Decision, IdempotencyKey, answer_once
from shared.models.audit import sortable
from shared.models.game import CONTAINER, GameProfile
from shared.people import time_zone_of
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores


@dataclass(frozen=True)
class Wanted:
    """Which transactions are asked for; ``since`` and ``until`` bound when they were posted."""

    category: Category | None = None
    type: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def profile(stores: Stores, partition: Partition, *, now: datetime) -> tuple[GameProfile, str]:
    """A learner's profile, a new one before the first deed, and the time zone it is read in."""
    held = books.read_profile(stores, partition)
    found = held[0] if held else new_profile(*partition, now=now)
    return found, time_zone_of(stores, *partition, otherwise=found.time_zone)


def transactions(
    stores: Stores,
    partition: Partition,
    wanted: Wanted,
    *,
    limit: int,
    continuation: str | None,
) -> tuple[list[LedgerEntry], str | None]:
    """A page of a learner's ledger, the newest first, and where the next begins."""
    where: list[Filter] = [Equals("kind", "entry")]
    if wanted.category is not None:
        where.append(Equals("category", wanted.category))
    if wanted.type is not None:
        where.append(Equals("type", wanted.type))
    bounds = [None if each is None else sortable(each) for each in (wanted.since, wanted.until)]
    if any(bounds):
        where.append(Range("posted_at", at_least=bounds[0], below=bounds[1]))
    page = stores.documents.query(
        CONTAINER,
        partition,
        where=where,
        order=Order("sequence", descending=True),
        limit=limit,
        continuation=continuation,
    )
    return [LedgerEntry.of(item.body) for item in page.items], page.continuation


def hint(
    stores: Stores,
    pseudonyms: Pseudonyms,
    partition: Partition,
    *,
    hint_id: str,
    question_id: str,
    shown: Callable[[Hint], dict[str, Any]],
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[int, Any]:
    """Give a hint, for free or out of the wallet.

    Raises ``Conflict`` when neither is left, and for somebody who was erased.
    """
    zone = time_zone_of(stores, *partition)

    def decide() -> Answer:
        held = books.read_profile(stores, partition)
        if held is None and erased_at(stores, pseudonyms, partition[0], "user", partition[1]):
            raise Conflict("your account was erased, and stays so")
        found, etag = held or (new_profile(*partition, now=now), None)
        given = with_hint(found, hint_id=hint_id, question_id=question_id, now=now, zone=zone)
        return Answer(200, shown(given), Decision(books.written_with_entries(given.posting, etag)))

    return answer_once(
        stores,
        idempotency,
        source=books.SOURCE,
        container=CONTAINER,
        partition=partition,
        decide=decide,
        now=now,
    )

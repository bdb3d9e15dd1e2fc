"""Reads the books of a learner: the profile, entries, reviews; and builds what is written."""

from __future__ import annotations

from collections.abc import Iterator

from functions.xp_award.rules.documents import LedgerEntry, Review
from functions.xp_award.rules.ledger import Posting
from shared.documents.port import Create, Equals, Operation, Order, Replace
from shared.errors import Missing
from shared.models.game import CONTAINER, PROFILE_ID, GameProfile
from shared.stores import Stores

SOURCE = "xp_award"
Partition = tuple[str, str]


def read_profile(stores: Stores, partition: Partition) -> tuple[GameProfile, str] | None:
    """A learner's profile and its etag, None before the first deed."""
    stored = stores.documents.get(CONTAINER, partition, PROFILE_ID)
    return None if stored is None else (GameProfile.of(stored.body), stored.etag)


def written(profile: GameProfile, etag: str | None) -> Operation:
    """The operation that writes a profile: a new one without an etag."""
    return Create(profile.stored()) if etag is None else Replace(profile.stored(), etag)


def written_with_entries(posting: Posting, etag: str | None) -> list[Operation]:
    """The operations that write a posting."""
    entries: list[Operation] = [Create(entry.stored()) for entry in posting.entries]
    return [written(posting.profile, etag), *entries]


def read_entry(stores: Stores, partition: Partition, entry_id: str) -> LedgerEntry:
    """A transaction of a learner's. Raises ``Missing``."""
    stored = stores.documents.get(CONTAINER, partition, entry_id)
    if stored is None or stored.body.get("kind") != "entry":
        raise Missing("there is no transaction with this id")
    return LedgerEntry.of(stored.body)


def read_review(stores: Stores, partition: Partition, review_id: str) -> tuple[Review, str]:
    """A held award of a learner's and its etag. Raises ``Missing``."""
    stored = stores.documents.get(CONTAINER, partition, f"review:{review_id}")
    if stored is None:
        raise Missing("there is no review with this id")
    return Review.of(stored.body), stored.etag


def all_entries(stores: Stores, partition: Partition) -> Iterator[LedgerEntry]:
    """Every entry of a learner in the order of its sequence."""
    continuation = None
    while True:
        page = stores.documents.query(
            CONTAINER,
            partition,
            where=[Equals("kind", "entry")],
            order=Order("sequence"),
            limit=500,
            continuation=continuation,
        )
        yield from (LedgerEntry.of(item.body) for item in page.items)
        continuation = page.continuation
        if continuation is None:
            return

"""Whether a learner's caches still hold.

Who fills a cache notes it before reading anything, and gives the cache the number of that moment.
An event that comes meanwhile raises the number, and the cache, written late, holds no more. Where
nothing was filled since the last event there is nothing to write.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from functions.recommendations.rules.documents import CONTAINER, FRESHNESS_ID, Cache, Freshness
from shared.documents.port import Create, Replace
from shared.messaging import Decision, announce_once
from shared.stores import Stores

SOURCE = "recommendations"
Partition = tuple[str, str]


def present(stores: Stores, partition: Partition, cache: Cache) -> int:
    """The number that a cache must bear to hold."""
    stored = stores.documents.get(CONTAINER, partition, FRESHNESS_ID)
    return Freshness.of(stored.body).present.get(cache, 0) if stored else 0


def begin(stores: Stores, partition: Partition, cache: Cache, *, now: datetime) -> int:
    """Note that a cache is being filled; returns the number that it bears."""
    numbers: list[int] = []

    def decide() -> Decision:
        stored = stores.documents.get(CONTAINER, partition, FRESHNESS_ID)
        known = Freshness.of(stored.body) if stored else _none(partition)
        number = known.present.get(cache, 0)
        numbers[:] = [number]
        if stored and known.filled.get(cache) == number:
            return Decision()
        after = known.model_copy(update={"filled": {**known.filled, cache: number}})
        return Decision(
            [Replace(after.stored(), stored.etag) if stored else Create(after.stored())]
        )

    announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
    )
    return numbers[0]


def invalidate(
    stores: Stores, partition: Partition, caches: Collection[Cache], *, now: datetime
) -> bool:
    """Let these caches hold no more; returns whether any did."""

    def decide() -> Decision:
        stored = stores.documents.get(CONTAINER, partition, FRESHNESS_ID)
        if stored is None:
            return Decision()
        after = invalidated(Freshness.of(stored.body), caches)
        if after is None:
            return Decision()
        return Decision([Replace(after.stored(), stored.etag)])

    outcome = announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
    )
    return outcome == "done"


def invalidated(known: Freshness, caches: Collection[Cache]) -> Freshness | None:
    """The numbers after these caches have ended; None where none of them was filled."""
    ended = [
        cache for cache in sorted(caches) if known.filled.get(cache) == known.present.get(cache, 0)
    ]
    if not ended:
        return None
    later = {cache: known.present.get(cache, 0) + 1 for cache in ended}
    return known.model_copy(update={"present": {**known.present, **later}})


def _none(partition: Partition) -> Freshness:
    tenant_id, user_id = partition
    return Freshness(tenant_id=tenant_id, user_id=user_id)

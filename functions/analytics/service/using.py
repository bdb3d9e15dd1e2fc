"""What one person's reports of a piece of content come to: so many seconds a day, one rating.

A rating counts in the month, on the day and in the group in which its person first rated that
content, with the value that they gave last. So whoever rates again, also months later, has one
voice.
"""

from __future__ import annotations

from datetime import datetime

from functions.analytics.rules import reports
from functions.analytics.rules.counting import day_key
from functions.analytics.rules.documents import (
    CONTAINER,
    FUNNEL,
    Partition,
    Rated,
    StoredEvent,
    Use,
    rated_id_of,
    use_id_of,
)
from functions.analytics.rules.facts import Fact, day_of
from functions.analytics.rules.reports import ReportName
from functions.analytics.service.counting import SOURCE, Counting
from shared.documents.port import Create, Operation, Replace
from shared.messaging import Decision, announce_once
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

RATED: ReportName = "content.rated"


class Uses:
    """What one person made of content in a month, as it was read and as it is now."""

    def __init__(self, stores: Stores, partition: Partition, user_id: str) -> None:
        self._stores, self._partition, self._user_id = stores, partition, user_id
        self._held: dict[str, tuple[Use, Use, str | None]] = {}

    def count(
        self, event: StoredEvent, name: ReportName, counting: Counting, *, rates: bool
    ) -> None:
        """Count a report, as far as it counts. With ``rates`` a rating counts in this month."""
        wanted = event.data.get("seconds") or 0
        if not wanted and not (rates and name == RATED):
            fact = reports.counted(name, event.at, event.data, seconds=0, rating=None)
            counting.add([fact])
            return
        use = self._use(name, event)
        day = day_of(event.at)
        key = day_key(day.day)
        known = use.seconds.get(key, 0)
        seconds = reports.room_for(wanted, known=known)
        changes: dict[str, object] = {"seconds": {**use.seconds, key: known + seconds}}
        first: int | None = None
        if name == RATED:
            changes = self._later(use, event, counting)
            if use.rated_group is None:
                first = use.model_copy(update=changes).rating
        fact = reports.counted(name, event.at, event.data, seconds=seconds, rating=first)
        (group,) = counting.add([fact])
        if first is not None:
            changes |= {"rated_day": day, "rated_group": group}
        self._set(use.model_copy(update=changes))

    def rate_again(self, event: StoredEvent, counting: Counting) -> None:
        """Note a rating of another month, of content that was first rated in this one."""
        use = self._use(RATED, event)
        self._set(use.model_copy(update=self._later(use, event, counting)))

    def operations(self) -> list[Operation]:
        """What keeps it, where it is another now."""
        found: list[Operation] = []
        for before, after, etag in self._held.values():
            if after != before:
                body = after.stored()
                found.append(Create(body) if etag is None else Replace(body, etag))
        return found

    def _later(self, use: Use, event: StoredEvent, counting: Counting) -> dict[str, object]:
        """What a rating changes; one that was given before the last that is known nothing."""
        if use.rated_at is not None and event.at < use.rated_at:
            return {}
        rating: int = event.data["rating"]
        if use.rated_group is not None and use.rated_day is not None:
            more = {"rating": rating - (use.rating or 0)}
            counting.amend(Fact("content", use.rated_group, use.rated_day, more))
        return {"rating": rating, "rated_at": event.at}

    def _use(self, name: ReportName, event: StoredEvent) -> Use:
        use_id = use_id_of(*reports.place_of(name, event.data), self._user_id)
        if use_id not in self._held:
            stored = self._stores.documents.get(CONTAINER, self._partition, use_id)
            tenant_id, month, shard = self._partition
            blank = Use(
                id=use_id, tenant_id=tenant_id, month=month, shard=shard, user_id=self._user_id
            )
            use, etag = (blank, None) if stored is None else (Use.of(stored.body), stored.etag)
            self._held[use_id] = (use, use, etag)
        return self._held[use_id][1]

    def _set(self, use: Use) -> None:
        before, _, etag = self._held[use.id]
        self._held[use.id] = (before, use, etag)


def rated_month(stores: Stores, user_id: str, event: StoredEvent, *, now: datetime) -> str:
    """The month in which a person's rating of this content counts; noted where it is the first."""
    rated_id = rated_id_of(*reports.place_of(RATED, event.data), user_id)
    partition = (event.tenant_id, FUNNEL, event.shard)
    found: list[str] = []

    def decide() -> Decision:
        stored = stores.documents.get(CONTAINER, partition, rated_id)
        if stored is not None:
            found[:] = [Rated.of(stored.body).rated_month]
            return Decision()
        found[:] = [event.month]
        rated = Rated(
            id=rated_id,
            tenant_id=event.tenant_id,
            shard=event.shard,
            user_id=user_id,
            rated_month=event.month,
        )
        return Decision([Create(rated.stored())])

    announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
    )
    return found[0]


def rate_again(
    stores: Stores,
    pseudonyms: Pseudonyms,
    user_id: str,
    event: StoredEvent,
    month: str,
    *,
    now: datetime,
) -> None:
    """Count a rating in the month of the first one; the same again changes nothing."""
    partition = (event.tenant_id, month, event.shard)

    def decide() -> Decision:
        counting = Counting(stores, pseudonyms, partition, user_id, now=now)
        uses = Uses(stores, partition, user_id)
        uses.rate_again(event, counting)
        changed = uses.operations()
        return Decision([*counting.operations(), *changed]) if changed else Decision()

    announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
    )

"""What one person's reports of a piece of content come to: so many seconds a day, one rating."""

from __future__ import annotations

from functions.analytics.rules import reports
from functions.analytics.rules.counting import day_key
from functions.analytics.rules.documents import (
    CONTAINER,
    Partition,
    StoredEvent,
    Use,
    use_id_of,
)
from functions.analytics.rules.facts import Fact, day_of
from functions.analytics.rules.reports import ReportName
from functions.analytics.service.counting import Counting
from shared.documents.port import Create, Operation, Replace
from shared.stores import Stores


class Uses:
    """What one person made of content in a month, as it was read and as it is now."""

    def __init__(self, stores: Stores, partition: Partition, user_id: str) -> None:
        self._stores, self._partition, self._user_id = stores, partition, user_id
        self._held: dict[str, tuple[Use, Use, str | None]] = {}

    def count(self, event: StoredEvent, name: ReportName, counting: Counting) -> None:
        """Count a report, as far as it counts.

        The seconds of a day with one piece of content end at a most. Of ratings the last counts,
        on the day and in the group of the first.
        """
        rating, wanted = event.data.get("rating"), event.data.get("seconds") or 0
        if rating is None and not wanted:
            counting.add([reports.counted(name, event.at, event.data, seconds=0, is_rating=False)])
            return
        use = self._use(name, event)
        day = day_of(event.at)
        key = day_key(day.day)
        known = use.seconds.get(key, 0)
        seconds = reports.room_for(wanted, known=known)
        is_rating = rating is not None and use.rated_at is None
        (group,) = counting.add(
            [reports.counted(name, event.at, event.data, seconds=seconds, is_rating=is_rating)]
        )
        changes: dict[str, object] = {}
        if seconds:
            changes["seconds"] = {**use.seconds, key: known + seconds}
        if is_rating:
            changes |= {"rating": rating, "rated_at": event.at}
            changes |= {"rated_day": day, "rated_group": group}
        elif rating is not None and use.rated_at is not None and event.at >= use.rated_at:
            changes |= {"rating": rating, "rated_at": event.at}
            if use.rated_group is not None and use.rated_day is not None:
                more = {"rating": rating - (use.rating or 0)}
                counting.amend(Fact("content", use.rated_group, use.rated_day, more))
        self._set(use.model_copy(update=changes))

    def operations(self) -> list[Operation]:
        """What keeps it, where it is another now."""
        found: list[Operation] = []
        for before, after, etag in self._held.values():
            if after != before:
                found.append(
                    Create(after.stored()) if etag is None else Replace(after.stored(), etag)
                )
        return found

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

"""Takes what people's apps report, and counts it.

Taken and counted are two commits of one partition: the report itself waits for nobody else's, and
what many write at once, the counts, is written by the queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from functions.analytics.rules import reports
from functions.analytics.rules.dimensions import month_of
from functions.analytics.rules.documents import (
    CONTAINER,
    Partition,
    Reporter,
    StoredEvent,
    reported_id_of,
    reporter_id_of,
    shard_of,
)
from functions.analytics.rules.facts import day_of
from functions.analytics.rules.reports import ReportName
from functions.analytics.service import following
from functions.analytics.service.counting import SOURCE, Counting
from functions.analytics.service.using import RATED, Uses, rate_again, rated_month
from shared.auth import Principal
from shared.documents.port import Create, Operation, Patch, Replace, Stored
from shared.erasures import erased_at
from shared.errors import Conflict, Rejected, Throttled
from shared.events.analytics import AnalyticsReported
from shared.events.envelope import Event, read_data
from shared.messaging import Decision, Outcome, announce_once
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

_COUNTED_AT_ONCE = 20
"""Events of one commit: each is changed itself, and so may be its group and what its person made
of that content."""


@dataclass(frozen=True)
class Report:
    """One thing that somebody's app says they did. ``data`` are its fields beside these."""

    client_id: UUID
    name: ReportName
    at: datetime
    data: dict[str, Any]


def take(
    stores: Stores,
    pseudonyms: Pseudonyms,
    by: Principal,
    reported: Sequence[Report],
    *,
    now: datetime,
) -> int:
    """Keep what is reported, each id once; returns how many were new.

    Raises ``Conflict`` for somebody who was erased, and ``Throttled`` beyond what one person may
    report on a day; what is of another month may be kept then, and is no news when it is sent
    again.
    """
    if erased_at(stores, pseudonyms, by.tenant_id, "user", by.user_id) is not None:
        raise Conflict("your account was erased, and stays so")
    audience = reports.audience_of(by.roles)
    shard = shard_of(by.user_id)
    months: dict[str, dict[str, StoredEvent]] = {}
    for each in reported:
        month = month_of(day_of(each.at))
        kept = StoredEvent(
            id=reported_id_of(by.user_id, each.client_id),
            tenant_id=by.tenant_id,
            month=month,
            shard=shard,
            user_id=by.user_id,
            type=each.name,
            at=each.at,
            data={**each.data, "audience": audience},
            counted=False,
        )
        months.setdefault(month, {})[kept.id] = kept
    return sum(
        _take_month(stores, by, (by.tenant_id, month, shard), events, now=now)
        for month, events in sorted(months.items())
    )


def _take_month(
    stores: Stores,
    by: Principal,
    partition: Partition,
    events: dict[str, StoredEvent],
    *,
    now: datetime,
) -> int:
    taken: list[int] = []

    def decide() -> Decision:
        stored = stores.documents.get(CONTAINER, partition, reporter_id_of(by.user_id))
        before = _today(stored, by, partition, now)
        new = list(events.values())
        # at first all are taken to be new, which they are but for an app that sends again
        if taken or before.events + len(new) > reports.MOST_A_DAY:
            known = (stores.documents.get(CONTAINER, partition, each.id) for each in new)
            new = [each for each, found in zip(new, known, strict=True) if found is None]
        taken[:] = [len(new)]
        if not new:
            return Decision()
        after = before.model_copy(update={"events": before.events + len(new)})
        if after.events > reports.MOST_A_DAY:
            raise _too_many(now)
        counted: Operation = (
            Replace(after.stored(), stored.etag) if stored else Create(after.stored())
        )
        ids = [each.id for each in new]
        told = [
            AnalyticsReported(
                user_id=by.user_id,
                month=partition[1],
                event_ids=tuple(ids[at : at + _COUNTED_AT_ONCE]),
            )
            for at in range(0, len(ids), _COUNTED_AT_ONCE)
        ]
        return Decision([counted, *(Create(each.stored()) for each in new)], told)

    announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
    )
    return taken[0]


def _today(stored: Stored | None, by: Principal, partition: Partition, now: datetime) -> Reporter:
    """How much somebody has reported today so far."""
    known = Reporter.of(stored.body) if stored else None
    if known is not None and known.day == day_of(now):
        return known
    tenant_id, month, shard = partition
    return Reporter(
        id=reporter_id_of(by.user_id),
        tenant_id=tenant_id,
        month=month,
        shard=shard,
        user_id=by.user_id,
        day=day_of(now),
        events=0,
    )


def _too_many(now: datetime) -> Throttled:
    tomorrow = datetime.combine(day_of(now) + timedelta(days=1), time(), UTC)
    return Throttled(
        f"at most {reports.MOST_A_DAY:,} events a day are taken from one person",
        retry_after=(tomorrow - now).total_seconds(),
    )


def count(stores: Stores, pseudonyms: Pseudonyms, event: Event, *, now: datetime) -> Outcome:
    """Count events that were taken. Those of somebody who was erased meanwhile are gone.

    An event is counted by the commit that says so in it, so a message that comes again, however
    late, counts none twice; how far the learner came is noted in another partition, where the
    same again changes nothing.
    """
    told = read_data(event, AnalyticsReported)
    tenant_id, user_id = event.tenantid, told.user_id
    if erased_at(stores, pseudonyms, tenant_id, "user", user_id) is not None:
        raise Rejected("the person was erased")
    partition = (tenant_id, told.month, shard_of(user_id))
    outcomes: set[Outcome] = set()
    for at in range(0, len(told.event_ids), _COUNTED_AT_ONCE):
        ids = told.event_ids[at : at + _COUNTED_AT_ONCE]
        outcomes.add(_count(stores, pseudonyms, partition, user_id, ids, now=now))
    opened = [
        each.at
        for each, _ in _kept(stores, partition, told.event_ids)
        if each.type == "coaching.opened" and each.data["audience"] == "learner"
    ]
    if opened:
        following.note_stage(stores, tenant_id, user_id, "coaching", *opened, now=now)
    return "done" if "done" in outcomes else "repeated"


def _count(
    stores: Stores,
    pseudonyms: Pseudonyms,
    partition: Partition,
    user_id: str,
    event_ids: Sequence[str],
    *,
    now: datetime,
) -> Outcome:
    elsewhere: set[str] = set()
    for each, _ in _new(stores, partition, event_ids):
        if each.type == RATED:
            month = rated_month(stores, user_id, each, now=now)
            if month != each.month:
                rate_again(stores, pseudonyms, user_id, each, month, now=now)
                elsewhere.add(each.id)

    def decide() -> Decision:
        new = _new(stores, partition, event_ids)
        if not new:
            return Decision()
        counting = Counting(stores, pseudonyms, partition, user_id, now=now)
        uses = Uses(stores, partition, user_id)
        for each, _ in sorted(new, key=lambda found: (found[0].at, found[0].id)):
            uses.count(each, _name_of(each), counting, rates=each.id not in elsewhere)
        done = [Patch(each.id, set={"counted": True}, etag=etag) for each, etag in new]
        return Decision([*done, *counting.operations(), *uses.operations()])

    return announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
    )


def _new(
    stores: Stores, partition: Partition, event_ids: Sequence[str]
) -> list[tuple[StoredEvent, str]]:
    """Those of these events that are there and not counted, each with its etag."""
    return [found for found in _kept(stores, partition, event_ids) if not found[0].counted]


def _kept(
    stores: Stores, partition: Partition, event_ids: Sequence[str]
) -> list[tuple[StoredEvent, str]]:
    """Those of these events that are there, each with its etag."""
    found = [stores.documents.get(CONTAINER, partition, each) for each in event_ids]
    return [(StoredEvent.of(each.body), each.etag) for each in found if each is not None]


def _name_of(event: StoredEvent) -> ReportName:
    return next(name for name in reports.REPORT_NAMES if name == event.type)

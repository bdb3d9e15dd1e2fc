"""States in xAPI what learners did, shows the statements, and passes them on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.journey_tracking.rules.documents import StoredStatement
from functions.journey_tracking.rules.statements import Stating
from functions.journey_tracking.service.journeys import Partition
from functions.journey_tracking.service.lrs import RecordStore
from shared.documents.port import Contains, Create, Equals, Filter, Order, Range
from shared.erasures import erased_at
from shared.errors import Missing, Rejected
from shared.events.envelope import Event, read_data
from shared.events.journey import read_deed
from shared.events.statements import StatementsStored
from shared.messaging import Decision, Outcome, handle_once
from shared.models.audit import sortable
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

CONTAINER = "statements"
_INSTANT = timedelta(microseconds=1)
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""No statement is stored before or after these; beyond them a calendar ends."""


@dataclass(frozen=True)
class Wanted:
    """Which statements are asked for; all that is given must hold."""

    verb: str | None = None
    activity: str | None = None
    registration: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    ascending: bool = False


def state(
    stores: Stores, pseudonyms: Pseudonyms, event: Event, *, base: str, now: datetime
) -> Outcome:
    """Write the statements of what an event tells, once; none on somebody who was erased.

    ``base`` is the address that activities and learners are named under.
    """
    deed = read_deed(event)
    partition = (event.tenantid, deed.user_id)

    def decide() -> Decision:
        if erased_at(stores, pseudonyms, event.tenantid, "user", deed.user_id) is not None:
            raise Rejected("the learner was erased")
        made = Stating(
            deed,
            tenant_id=event.tenantid,
            base=base,
            actor=pseudonyms.of(event.tenantid, "user", deed.user_id),
            now=now,
        ).all()
        new = [each for each in made if stores.documents.get(CONTAINER, partition, each.id) is None]
        if not new:
            return Decision()
        told = StatementsStored(user_id=deed.user_id, statement_ids=tuple(each.id for each in new))
        return Decision([Create(each.stored()) for each in new], [told])

    return handle_once(
        stores,
        event,
        handler="journey_statements",
        container=CONTAINER,
        partition=partition,
        decide=decide,
        now=now,
    )


def forward(
    stores: Stores,
    pseudonyms: Pseudonyms,
    event: Event,
    record_store: RecordStore | None,
    *,
    now: datetime,
) -> Outcome:
    """Pass statements on to the record store, once; nothing without one, nor of somebody erased.

    A crash between its answer and our receipt sends them again: by their ids the record store
    keeps each once. What it refuses for good is recorded in the receipt. Raises ``Unavailable``
    or ``Throttled`` for what a later try can help.
    """
    told = read_data(event, StatementsStored)
    partition = (event.tenantid, told.user_id)

    def decide() -> Decision:
        if record_store is None:
            return Decision()
        # an erasure takes a while to come by here, and what went out it cannot take back
        if erased_at(stores, pseudonyms, event.tenantid, "user", told.user_id) is not None:
            raise Rejected("the learner was erased")
        found = [stores.documents.get(CONTAINER, partition, each) for each in told.statement_ids]
        # what is gone was erased since
        held = [StoredStatement.of(each.body).statement for each in found if each is not None]
        if held:
            record_store.post(held)
        return Decision()

    return handle_once(
        stores,
        event,
        handler="journey_forward",
        container=CONTAINER,
        partition=partition,
        decide=decide,
        now=now,
    )


def read(stores: Stores, partition: Partition, statement_id: str) -> dict[str, Any]:
    """One statement on a learner. Raises ``Missing``, also for one on somebody else."""
    stored = stores.documents.get(CONTAINER, partition, statement_id)
    if stored is None or stored.body.get("kind") != "statement":
        raise Missing("there is no statement with this id")
    return StoredStatement.of(stored.body).statement


def listed(
    stores: Stores,
    partition: Partition,
    wanted: Wanted,
    *,
    limit: int,
    continuation: str | None,
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of a learner's statements, the latest stored first unless ``ascending``, and where
    the next begins. As xAPI has it, ``since`` is exclusive and ``until`` inclusive."""
    where: list[Filter] = [Equals("kind", "statement")]
    for name, value in (("verb", wanted.verb), ("registration", wanted.registration)):
        if value is not None:
            where.append(Equals(name, value))
    if wanted.activity is not None:
        where.append(Contains("activities", wanted.activity))
    bounds = [None if each is None else _after(each) for each in (wanted.since, wanted.until)]
    if any(bounds):
        where.append(Range("stored_at", at_least=bounds[0], below=bounds[1]))
    page = stores.documents.query(
        CONTAINER,
        partition,
        where=where,
        order=Order("stored_at", descending=not wanted.ascending),
        limit=limit,
        continuation=continuation,
    )
    return [StoredStatement.of(item.body).statement for item in page.items], page.continuation


def _after(moment: datetime) -> str:
    """The first moment after this one, as statements keep theirs."""
    return sortable(min(max(moment, _EARLIEST), _LATEST) + _INSTANT)

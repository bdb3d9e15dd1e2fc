"""Counts what comes in, and tells the statistics."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from functions.candidates.rules.counting import (
    CONTAINER,
    COUNTS_ID,
    MonthCounts,
    counted_of,
    month_of,
)
from shared.documents.port import Create, Equals, Replace
from shared.errors import Missing, Rejected
from shared.events.envelope import Event, read_data
from shared.events.intake import IntakeEnded
from shared.intake_stages import read_record
from shared.messaging import Decision, Outcome, handle_once
from shared.stores import Stores


def count_file(stores: Stores, event: Event, *, now: datetime) -> Outcome:
    """Count an ended file, once: in the month in which it ended."""
    data = read_data(event, IntakeEnded)

    def adds() -> dict[str, int]:
        try:
            record, _ = read_record(stores, event.tenantid, data.intake_id)
        except Missing:
            raise Rejected("the intake record is gone") from None
        if record.state != data.state or record.attempt != data.attempt:
            raise Rejected("superseded: another attempt is under way")
        return counted_of(record)

    return _count(stores, event, "candidates_file", adds, now)


def count_profile(stores: Stores, event: Event, *, now: datetime) -> Outcome:
    """Count a new profile, once."""
    return _count(stores, event, "candidates_profile", lambda: {"profiles_created": 1}, now)


def months(stores: Stores, tenant_id: str, *, first: str, last: str) -> list[MonthCounts]:
    """Return the counts of the months from ``first`` to ``last``, by month."""
    page = stores.documents.query(
        CONTAINER, (tenant_id,), where=[Equals("kind", "counts")], limit=1000
    )
    found = [MonthCounts.of(item.body) for item in page.items]
    return sorted((each for each in found if first <= each.month <= last), key=lambda m: m.month)


def _count(
    stores: Stores,
    event: Event,
    handler: str,
    adds: Callable[[], dict[str, int]],
    now: datetime,
) -> Outcome:
    partition = (event.tenantid, month_of(event.time))

    def decide() -> Decision:
        added = adds()
        stored = stores.documents.get(CONTAINER, partition, COUNTS_ID)
        if stored is None:
            blank = MonthCounts(tenant_id=partition[0], month=partition[1])
            return Decision([Create(blank.plus(added).stored())])
        counts = MonthCounts.of(stored.body).plus(added)
        return Decision([Replace(counts.stored(), stored.etag)])

    return handle_once(
        stores, event, handler=handler, container=CONTAINER, partition=partition,
        decide=decide, now=now,
    )  # fmt: skip

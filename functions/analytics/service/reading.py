"""Reads views: the counts of the months asked for, through their index, never the events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from functions.analytics.rules.cells import Cell, Key, sum_of
from functions.analytics.rules.counting import split_key
from functions.analytics.rules.dimensions import (
    DIMENSIONS,
    PERIODS,
    Period,
    ViewName,
    month_of,
    period_of,
)
from functions.analytics.rules.documents import CONTAINER, Aggregate, Cohort, view_month_of
from functions.analytics.rules.suppression import shown
from shared.documents.port import Json, Order, Range
from shared.errors import Unprocessable
from shared.stores import Stores

_PAGE = 500
MOST_DOCUMENTS = 100_000
"""Counts that one question may read."""


@dataclass(frozen=True)
class Asked:
    """A question to a view: days from the first to the last, both included, and what to group
    by: dimensions of the view, and a period at most."""

    view: ViewName
    first: date
    last: date
    group_by: tuple[str, ...]


@dataclass
class Found:
    """What a view shows: its groups in order, how many were hidden, and the total where it may
    be told. ``updated_at`` is when something was last counted among it."""

    rows: list[tuple[Key, Cell]] = field(default_factory=list)
    hidden: int = 0
    total: Cell | None = None
    updated_at: datetime | None = None


def read(stores: Stores, tenant_id: str, asked: Asked, *, suppresses: bool = True) -> Found:
    """Add up what a view has for a question.

    Raises ``Unprocessable`` where that would be more than one answer can take in.
    """
    cells: dict[Key, Cell] = {}
    found = Found()
    for body in _documents(stores, tenant_id, asked):
        if asked.view == "effectiveness":
            updated = _add_cohort(cells, Cohort.of(body), asked)
        else:
            updated = _add_aggregate(cells, Aggregate.of(body), asked)
        if updated is not None:
            found.updated_at = max(updated, found.updated_at or updated)
    if suppresses:
        told = shown(cells)
        found.hidden = told.hidden
        kept, with_total = dict(told.cells), told.with_total
    else:
        kept, with_total = cells, bool(cells)
    # a cohort's learners are all others than another's; those of days and groups are told apart
    found.total = sum_of(cells.values()) if with_total else None
    sizes = {
        key: (cell.learners, max(cell.counts.values(), default=0)) for key, cell in kept.items()
    }
    at = next((n for n, name in enumerate(asked.group_by) if name in PERIODS), None)

    def order(key: Key) -> tuple[str, int, int, tuple[str, ...]]:
        period = "" if at is None else key[at] or ""
        learners, most = sizes[key]
        return (period, -learners, -most, tuple(part or "" for part in key))

    found.rows = [(key, kept[key]) for key in sorted(kept, key=order)]
    return found


def _documents(stores: Stores, tenant_id: str, asked: Asked) -> Iterator[Json]:
    """The counts of the months, page by page."""
    first, last = month_of(asked.first), month_of(asked.last)
    where = [
        Range(
            "view_month",
            at_least=view_month_of(asked.view, first),
            below=view_month_of(asked.view, last) + "~",
        )
    ]
    read, continuation = 0, None
    while True:
        page = stores.documents.query(
            CONTAINER,
            (tenant_id,),
            where=where,
            order=Order("view_month"),
            limit=_PAGE,
            continuation=continuation,
        )
        read += len(page.items)
        if read > MOST_DOCUMENTS:
            raise Unprocessable(
                f"{asked.view} has more than {MOST_DOCUMENTS:,} counts from {asked.first} to "
                f"{asked.last}: ask for a shorter time"
            )
        for item in page.items:
            yield item.body
        continuation = page.continuation
        if continuation is None:
            return


def _add_aggregate(cells: dict[Key, Cell], aggregate: Aggregate, asked: Asked) -> datetime | None:
    """Add a group's days to what they are asked for by; None where nothing of it is."""
    values = dict(zip(DIMENSIONS[asked.view].names, aggregate.group, strict=True))
    if any(values[name] is None for name in asked.group_by if name in values):
        return None
    begin = date.fromisoformat(f"{aggregate.month}-01")
    fits = False
    cells_of_days: dict[int, Cell | None] = {}

    def cell_of(number: int) -> Cell | None:
        if number not in cells_of_days:
            day = begin + timedelta(days=number - 1)
            cells_of_days[number] = (
                cells.setdefault(_key(asked, values, day), Cell())
                if asked.first <= day <= asked.last
                else None
            )
        return cells_of_days[number]

    for name, sum_ in aggregate.n.items():
        number, counter = split_key(name)
        cell = cell_of(number)
        if cell is not None:
            fits = True
            cell.counts[counter] = cell.counts.get(counter, 0) + sum_
    for name, hashes in aggregate.s.items():
        cell = cell_of(int(name[1:]))
        if cell is not None:
            fits = True
            cell.see(aggregate.shard, hashes)
    return aggregate.updated_at if fits else None


def _key(asked: Asked, values: dict[str, str | None], day: date) -> Key:
    return tuple(
        period_of(day, _period(name)) if name in PERIODS else values[name]
        for name in asked.group_by
    )


def _add_cohort(cells: dict[Key, Cell], cohort: Cohort, asked: Asked) -> datetime | None:
    values = {"month": cohort.cohort_month, "track": cohort.track}
    profiled = cohort.counts.get("profiled", 0)
    if not profiled:
        return None
    cell = cells.setdefault(tuple(values[name] for name in asked.group_by), Cell())
    cell.people += profiled
    cell.add(cohort.counts)
    return cohort.updated_at


def _period(name: str) -> Period:
    return next(period for period in PERIODS if period == name)

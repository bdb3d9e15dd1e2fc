"""Reads views: the counts of the months asked for, through their index, never the events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from functions.analytics.rules.cells import Cell, Key, sum_of
from functions.analytics.rules.counting import split_key
from functions.analytics.rules.dimensions import (
    DIMENSIONS,
    PERIODS,
    Group,
    ViewName,
    month_of,
    period_of,
)
from functions.analytics.rules.documents import (
    CONTAINER,
    SHARDS,
    Aggregate,
    Cohort,
    Groups,
    after_key,
    groups_id_of,
    view_keys_of,
)
from functions.analytics.rules.sketches import read as read_sketch
from functions.analytics.rules.suppression import Parts, shown
from shared.documents.port import Json, Order, Range
from shared.errors import FieldError, Unprocessable
from shared.stores import Stores

PAGE = 1000
MOST_DOCUMENTS = 50_000
"""Counts that one question may read: two months, as the last 30 days are, of the most that all
shards of a view hold."""

_SURE_PAGES = 5
"""Pages that are read before it is asked whether there are too many."""

_VOICES = 8
"""People of a shard and month who are remembered for their group's name."""


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
    """What a view shows: its groups in order, how many cells are left out of everything, and the
    total of the groups. ``updated_at`` is when something was last counted among it."""

    rows: list[tuple[Key, Cell]] = field(default_factory=list)
    hidden: int = 0
    total: Cell | None = None

    @property
    def updated_at(self) -> datetime | None:
        return self.total.updated_at if self.total is not None else None


_Cells = dict[Group, dict[str, Cell]]


def read(stores: Stores, tenant_id: str, asked: Asked, *, suppresses: bool = True) -> Found:
    """Add up what a view has for a question.

    Raises ``Unprocessable`` where that would be more than one answer can take in.
    """
    cells: _Cells = {}
    whole_months = asked.view == "effectiveness"
    for body in _documents(stores, tenant_id, asked):
        if whole_months:
            _add_cohort(cells, Cohort.of(body))
        else:
            _add_aggregate(cells, Aggregate.of(body), asked)
    kept: Mapping[Group, Parts] = cells
    found = Found()
    if suppresses:
        # by month whatever is asked, so that no two ranges of months tell one that is left out
        told = shown(cells, alone=whole_months)
        kept, found.hidden = told.cells, told.hidden
    rows: dict[Key, Cell] = {}
    for group, parts in kept.items():
        values = dict(zip(DIMENSIONS[asked.view].names, group, strict=True))
        for period, cell in parts.items():
            key = tuple(period if name in PERIODS else values[name] for name in asked.group_by)
            row = rows.setdefault(key, Cell())
            row.take(cell)
            row.call(cell)
    found.total = sum_of(rows.values()) if rows else None
    order = {key: _place(asked, key, cell) for key, cell in rows.items()}
    found.rows = [(key, rows[key]) for key in sorted(rows, key=order.__getitem__)]
    return found


def _place(asked: Asked, key: Key, cell: Cell) -> tuple[str, int, int, tuple[str, ...]]:
    """Where a row stands: by period, then by how many people it is of."""
    at = next((n for n, name in enumerate(asked.group_by) if name in PERIODS), None)
    period = "" if at is None else key[at] or ""
    most = max(cell.counts.values(), default=0)
    return (period, -cell.learners, -most, tuple(part or "" for part in key))


def _documents(stores: Stores, tenant_id: str, asked: Asked) -> Iterator[Json]:
    """The counts of the months, page by page: each begins above the last key of the one before."""
    begin, end = view_keys_of(asked.view, month_of(asked.first), month_of(asked.last))
    read = 0
    while True:
        page = stores.documents.query(
            CONTAINER,
            (tenant_id,),
            where=[Range("view_key", at_least=begin, below=end)],
            order=Order("view_key"),
            limit=PAGE,
        )
        read += len(page.items)
        if read > MOST_DOCUMENTS or (
            page.continuation is not None
            and read == _SURE_PAGES * PAGE
            and _groups(stores, tenant_id, asked) > MOST_DOCUMENTS
        ):
            raise _too_much(asked)
        for item in page.items:
            yield item.body
        if page.continuation is None:
            return
        begin = after_key(page.items[-1].body["view_key"])


def _groups(stores: Stores, tenant_id: str, asked: Asked) -> int:
    """How many counts the months have, as the shards know: so that what is too much is not read
    to its end before it is refused. Counted no further than that takes."""
    found = 0
    month, last = month_of(asked.first), month_of(asked.last)
    while month <= last:
        for shard in SHARDS:
            stored = stores.documents.get(
                CONTAINER, (tenant_id, month, shard), groups_id_of(asked.view)
            )
            found += Groups.of(stored.body).groups if stored is not None else 0
            if found > MOST_DOCUMENTS:
                return found
        month = month_of(date.fromisoformat(f"{month}-01") + timedelta(days=31))
    return found


def _too_much(asked: Asked) -> Unprocessable:
    why = (
        f"{asked.view} has more than {MOST_DOCUMENTS:,} counts from {asked.first} to {asked.last}: "
        "ask for fewer months, with a later `from` or an earlier `to`"
    )
    return Unprocessable(why, fields=(FieldError("from", why), FieldError("to", why)))


def _add_aggregate(cells: _Cells, aggregate: Aggregate, asked: Asked) -> None:
    """Add a group's days; nothing where it has none of what is grouped by."""
    dimensions = DIMENSIONS[asked.view]
    values = dict(zip(dimensions.names, aggregate.group, strict=True))
    if any(values[name] is None for name in asked.group_by if name in values):
        return
    begin = date.fromisoformat(f"{aggregate.month}-01")
    period = next((each for each in PERIODS if each in asked.group_by), None)
    of_days: dict[int, Cell | None] = {}

    def cell_of(number: int) -> Cell | None:
        day = begin + timedelta(days=number - 1)
        cell = None
        if asked.first <= day <= asked.last:
            parts = cells.setdefault(aggregate.group, {})
            part = "" if period is None else period_of(day, period)
            cell = parts.get(part)
            if cell is None:
                cell = parts[part] = Cell()
        of_days[number] = cell
        return cell

    # a count has some hundred sums: what is done for each of them is what a view takes
    sums_of_days: dict[int, dict[str, int] | None] = {}
    for name, sum_ in aggregate.n.items():
        number, counter = split_key(name)
        if number in sums_of_days:
            sums = sums_of_days[number]
        else:
            cell = cell_of(number)
            sums = sums_of_days[number] = None if cell is None else cell.counts
        if sums is None:
            continue
        if counter in sums:
            sums[counter] += sum_
        else:
            sums[counter] = sum_
    is_named = any(name in dimensions.made_up for name in asked.group_by)
    people: set[int] = set()
    for name, sketch in aggregate.s.items():
        number = int(name[1:])
        cell = of_days[number] if number in of_days else cell_of(number)
        if cell is not None:
            marked = read_sketch(sketch)
            cell.see(aggregate.shard, marked)
            if is_named and len(people) < _VOICES:
                people.update(hashed for hashed, _ in marked[:_VOICES])
    touched = {id(cell): cell for cell in of_days.values() if cell is not None}
    voices = [(aggregate.month, aggregate.shard, each) for each in sorted(people)[:_VOICES]]
    for cell in touched.values():
        cell.touch(aggregate.updated_at)
        if is_named:
            cell.names |= aggregate.names
            cell.voices.update(voices)


def _add_cohort(cells: _Cells, cohort: Cohort) -> None:
    profiled = cohort.counts.get("profiled", 0)
    if profiled:
        # a cohort's learners are all others than another's
        cell = cells.setdefault((cohort.track,), {}).setdefault(cohort.cohort_month, Cell())
        cell.people += profiled
        cell.add(cohort.counts)
        cell.touch(cohort.updated_at)

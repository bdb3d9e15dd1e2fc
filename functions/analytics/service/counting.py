"""Keeps an event and counts it, in one commit a month that it is of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from functions.analytics.rules.counting import counted, new_sketches, sums_of
from functions.analytics.rules.dimensions import DIMENSIONS, Group, ViewName
from functions.analytics.rules.documents import (
    CONTAINER,
    Aggregate,
    Groups,
    Mark,
    Partition,
    StoredEvent,
    aggregate_id_of,
    blank,
    groups_id_of,
    mark_id_of,
)
from functions.analytics.rules.facts import Fact, by_month, together
from functions.analytics.rules.sketches import hash_of
from functions.analytics.service.naming import noting, without_names
from shared.documents.port import Create, Operation, Patch, Replace, Stored
from shared.messaging import Decision, Outcome, announce_once
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

SOURCE = "analytics"
_MOST_PATHS = 10
"""Of one patch."""

_Target = tuple[ViewName, Group]


def hashed(pseudonyms: Pseudonyms, tenant_id: str, user_id: str) -> int:
    """By what a person is told apart in sketches. Who has neither the id nor the key learns
    nothing from it, so it leads nowhere once the person is erased."""
    return hash_of(pseudonyms.of(tenant_id, "analytics", user_id))


def keep(
    stores: Stores,
    pseudonyms: Pseudonyms,
    event: StoredEvent,
    facts: Iterable[Fact],
    *,
    now: datetime,
) -> Outcome:
    """Keep an event, once, with what it adds to the counts of its month, and add what it says of
    other months to those.

    Each month is a commit of its own, with a document that says it was made; so it does not
    matter between which two a process dies. The facts are of the event's person, if it has one.
    """
    months = by_month(facts)
    months.setdefault(event.month, [])
    outcomes = [
        _count(stores, pseudonyms, event, month, found, now=now)
        for month, found in sorted(months.items())
    ]
    return "done" if "done" in outcomes else "repeated"


def _count(
    stores: Stores,
    pseudonyms: Pseudonyms,
    event: StoredEvent,
    month: str,
    facts: Sequence[Fact],
    *,
    now: datetime,
) -> Outcome:
    partition = (event.tenant_id, month, event.shard)
    receipt = (
        event.stored()
        if month == event.month
        else Mark(
            id=mark_id_of(event.id), tenant_id=event.tenant_id, month=month, shard=event.shard
        ).stored()
    )

    def decide() -> Decision:
        operations = counting(stores, pseudonyms, partition, facts, event.user_id, now=now)
        return Decision([Create(receipt), *operations], receipts=[receipt["id"]])

    return announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
    )


def counting(
    stores: Stores,
    pseudonyms: Pseudonyms,
    partition: Partition,
    facts: Iterable[Fact],
    user_id: str | None,
    *,
    now: datetime,
) -> list[Operation]:
    """What adds facts of one person, or of nobody, to the counts of a partition as it is now.

    A view has so many groups and no more: what would begin another is counted with the others of
    which there were too many.
    """
    nameless, names = without_names(pseudonyms, partition[0], facts)
    person = None if user_id is None else hashed(pseudonyms, partition[0], user_id)
    added: dict[_Target, list[Fact]] = {}
    for fact in together(nameless):
        added.setdefault((fact.view, fact.group), []).append(fact)
    held = _Held(stores, partition)
    placed: dict[_Target, list[Fact]] = {}
    for (view, group), found in added.items():
        placed.setdefault((view, held.place(view, group)), []).extend(found)
    operations: list[Operation] = []
    for (view, group), found in placed.items():
        stored = held.get(view, group)
        if stored is None:
            begun = counted(blank(partition, view, group, now), found, person)
            operations.append(Create(begun.stored()))
        else:
            operations.append(_changed(stored, found, person, now))
    if user_id is not None:
        said = {value for _, group in placed for value in group}
        told = {digest: name for digest, name in names.items() if digest in said}
        operations += noting(stores, partition, user_id, told)
    return [*operations, *held.grown()]


def _changed(stored: Stored, facts: list[Fact], person: int | None, now: datetime) -> Operation:
    """What adds facts to a group.

    A patch where that will do: it adds to what is there, whoever else adds at the same time. Who
    is new to a day's sketch needs it to be as it was read.
    """
    aggregate = Aggregate.of(stored.body)
    sums, sketches = sums_of(facts), new_sketches(aggregate, facts, person)
    if len(sums) + len(sketches) + 1 > _MOST_PATHS:
        later = counted(aggregate, facts, person).model_copy(update={"updated_at": now})
        return Replace(later.stored(), stored.etag)
    told = {f"s.{day}": list(sketch) for day, sketch in sketches.items()}
    return Patch(
        aggregate.id,
        set={"updated_at": now.isoformat(), **told},
        increment={f"n.{name}": by for name, by in sums.items()},
        etag=stored.etag if sketches else None,
    )


class _Held:
    """The groups of a partition as they were read, and how many each view has."""

    def __init__(self, stores: Stores, partition: Partition) -> None:
        self._stores, self._partition = stores, partition
        self._read: dict[_Target, Stored | None] = {}
        self._groups: dict[ViewName, tuple[Groups, str | None]] = {}
        self._begun: dict[ViewName, set[Group]] = {}

    def get(self, view: ViewName, group: Group) -> Stored | None:
        """A group's document; None before it is counted for the first time."""
        key = (view, group)
        if key not in self._read:
            self._read[key] = self._stores.documents.get(
                CONTAINER, self._partition, aggregate_id_of(view, group)
            )
        return self._read[key]

    def place(self, view: ViewName, group: Group) -> Group:
        """The group that a group is counted in: itself, if it is there or has a place."""
        dimensions = DIMENSIONS[view]
        begun = self._begun.setdefault(view, set())
        beyond = dimensions.beyond(group)
        if group in begun or group == beyond or self.get(view, group) is not None:
            return group
        if self._known(view).groups + len(begun) >= dimensions.most_groups:
            return beyond
        begun.add(group)
        return group

    def grown(self) -> list[Operation]:
        """What notes the groups that are begun."""
        operations: list[Operation] = []
        for view, begun in self._begun.items():
            if begun:
                known, etag = self._groups[view]
                later = known.model_copy(update={"groups": known.groups + len(begun)}).stored()
                operations.append(Create(later) if etag is None else Replace(later, etag))
        return operations

    def _known(self, view: ViewName) -> Groups:
        if view not in self._groups:
            stored = self._stores.documents.get(CONTAINER, self._partition, groups_id_of(view))
            tenant_id, month, shard = self._partition
            known = Groups(id=groups_id_of(view), tenant_id=tenant_id, month=month, shard=shard)
            self._groups[view] = (
                (known, None) if stored is None else (Groups.of(stored.body), stored.etag)
            )
        return self._groups[view][0]

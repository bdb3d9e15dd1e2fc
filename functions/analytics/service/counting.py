"""Keeps an event and counts it, in one commit a month that it is of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from functions.analytics.rules.counting import counted, is_known, new_sketches, sums_of
from functions.analytics.rules.dimensions import DIMENSIONS, Group, ViewName
from functions.analytics.rules.documents import (
    CONTAINER,
    Aggregate,
    Begun,
    Groups,
    Mark,
    Partition,
    StoredEvent,
    aggregate_id_of,
    begun_id_of,
    blank,
    groups_id_of,
    mark_id_of,
)
from functions.analytics.rules.facts import Fact, by_month, together
from functions.analytics.rules.sketches import hash_of
from functions.analytics.service.catalogue import known_names
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
        counting = Counting(stores, pseudonyms, partition, event.user_id, now=now)
        counting.add(facts)
        return Decision([Create(receipt), *counting.operations()], receipts=[receipt["id"]])

    return announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
    )


class Counting:
    """What adds facts of one person, or of nobody, to the counts of a partition as it is now.

    A view has so many groups and no more, and one person is the first of so many: what would
    begin another is counted with the others of which there were too many.
    """

    def __init__(
        self,
        stores: Stores,
        pseudonyms: Pseudonyms,
        partition: Partition,
        user_id: str | None,
        *,
        now: datetime,
    ) -> None:
        self._stores, self._pseudonyms = stores, pseudonyms
        self._partition, self._user_id, self._now = partition, user_id, now
        self._held = _Held(stores, partition, user_id)
        self._names: dict[str, str] = {}
        self._added: list[Fact] = []
        self._placed: set[_Target] = set()

    def add(self, facts: Iterable[Fact]) -> list[Group]:
        """Add facts; returns the group that each is counted in."""
        nameless, names = without_names(self._pseudonyms, self._partition[0], facts)
        self._names |= names
        placed = [replace(fact, group=self._held.place(fact.view, fact.group)) for fact in nameless]
        self._added += placed
        self._placed |= {(fact.view, fact.group) for fact in placed}
        return [fact.group for fact in placed]

    def amend(self, fact: Fact) -> None:
        """Add a fact to a group that something was counted in before."""
        target = (fact.view, fact.group)
        if target in self._placed or self._held.get(*target) is not None:
            self._added.append(fact)

    def operations(self) -> list[Operation]:
        """What is to be committed."""
        placed: dict[_Target, list[Fact]] = {}
        for fact in together(self._added):
            placed.setdefault((fact.view, fact.group), []).append(fact)
        tenant_id, user_id = self._partition[0], self._user_id
        person = None if user_id is None else hashed(self._pseudonyms, tenant_id, user_id)
        operations: list[Operation] = []
        said: dict[str, str] = {}
        for (view, group), facts in placed.items():
            stored = self._held.get(view, group)
            if stored is None:
                known = known_names(self._stores, tenant_id, view, group, self._names)
                begun = blank(self._partition, view, group, known, self._now)
                operations.append(Create(counted(begun, facts, person).stored()))
                is_new = True
            else:
                aggregate = Aggregate.of(stored.body)
                operations.append(_changed(aggregate, stored.etag, facts, person, self._now))
                known = aggregate.names
                is_new = person is not None and not is_known(aggregate, person)
            if is_new:
                said |= {
                    value: self._names[value]
                    for value in group
                    if value in self._names and value not in known
                }
        if user_id is not None and person is not None:
            operations += noting(self._stores, self._partition, user_id, person, said)
        return [*operations, *self._held.grown()]


def _changed(
    aggregate: Aggregate, etag: str, facts: list[Fact], person: int | None, now: datetime
) -> Operation:
    """What adds facts to a group.

    A patch where that will do: it adds to what is there, whoever else adds at the same time. Who
    is new to a day's sketch, or did something new, needs it to be as it was read.
    """
    sums, sketches = sums_of(facts), new_sketches(aggregate, facts, person)
    if len(sums) + len(sketches) + 1 > _MOST_PATHS:
        later = counted(aggregate, facts, person).model_copy(update={"updated_at": now})
        return Replace(later.stored(), etag)
    told = {f"s.{day}": list(sketch) for day, sketch in sketches.items()}
    return Patch(
        aggregate.id,
        set={"updated_at": now.isoformat(), **told},
        increment={f"n.{name}": by for name, by in sums.items()},
        etag=etag if sketches else None,
    )


class _Held:
    """The groups of a partition as they were read, how many each view has, and of how many of
    them a person was the first."""

    def __init__(self, stores: Stores, partition: Partition, user_id: str | None) -> None:
        self._stores, self._partition, self._user_id = stores, partition, user_id
        self._read: dict[_Target, Stored | None] = {}
        self._groups: dict[ViewName, tuple[Groups, str | None]] = {}
        self._own: tuple[Begun, str | None] | None = None
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
        if self._first_of(view) + len(begun) >= dimensions.most_begun:
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
        if self._own is not None:
            own, etag = self._own
            grown = {
                view: own.begun.get(view, 0) + len(begun)
                for view, begun in self._begun.items()
                if begun and DIMENSIONS[view].open_ended
            }
            if grown:
                later = own.model_copy(update={"begun": {**own.begun, **grown}}).stored()
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

    def _first_of(self, view: ViewName) -> int:
        """Of how many groups the person was the first; of what nobody makes up it is not asked."""
        if self._user_id is None or not DIMENSIONS[view].open_ended:
            return 0
        if self._own is None:
            begun_id = begun_id_of(self._user_id)
            stored = self._stores.documents.get(CONTAINER, self._partition, begun_id)
            tenant_id, month, shard = self._partition
            own = Begun(
                id=begun_id, tenant_id=tenant_id, month=month, shard=shard, user_id=self._user_id
            )
            self._own = (own, None) if stored is None else (Begun.of(stored.body), stored.etag)
        return self._own[0].begun.get(view, 0)

"""Erasure: a saga of events, a store each, that goes on wherever a process died.

A first sweep marks the tombstones, counts what there is, and removes it store by store. What
was on its way meanwhile (messages that waited, tokens that still held) may write again: when
all of that has run out a second sweep looks everywhere once more. Then the ids are forgotten,
and what stays is the tombstone and a report that names nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import groupby, islice

from functions.accounts.service.consents import judge_parents_consent
from functions.accounts.service.means import SOURCE, Means
from functions.accounts.service.personal_data.finding import (
    DEAD_LETTERS,
    blobs_of,
    dead_letters_of,
    documents_of,
    held,
    store_names,
    with_files,
)
from functions.accounts.service.personal_data.requests import write_report
from shared import telemetry, topology
from shared.auth import ACCESS_LIFETIME
from shared.documents.port import (
    MAX_OPERATIONS,
    Delete,
    Equals,
    Filter,
    Partition,
    Range,
    Replace,
    Stored,
)
from shared.erasure_rules import came_back
from shared.erasures import Subjects, mark, read_erasure
from shared.errors import Missing, Rejected
from shared.events.envelope import Event, read_data
from shared.events.person import ErasureAdvanced
from shared.messaging import Decision, Outcome, announce_once, handle_once
from shared.models import family
from shared.models.subject import SubjectKind
from shared.models.tombstone import CONTAINER, Erasure, StoreCount, Tombstone
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

SETTLES_AFTER = ACCESS_LIFETIME + timedelta(minutes=45)
"""Longer than an access token holds, and than a message is sent again with growing delays."""
STALLED_AFTER = timedelta(minutes=10)
MAX_A_HOP = 2000
"""What one hop removes at the most, so that it ends well within the lock on its message."""

Clock = Callable[[], datetime]


def advance(means: Means, event: Event, *, clock: Clock) -> Outcome:
    """Do the step of an erasure that is due, and tell of the next."""
    data = read_data(event, ErasureAdvanced)

    def decide() -> Decision:
        found = read_erasure(means.stores, event.tenantid, data.erasure_id)
        if found is None:
            raise Rejected("there is no such erasure")
        erasure, etag = found
        if _is_at_rest(erasure) or (erasure.run, erasure.step) != (data.run, data.step):
            raise Rejected("superseded: the erasure has moved on")
        after = _stepped(means, erasure, clock)
        if _is_at_rest(after):
            for learner_id in after.children:
                judge_parents_consent(means.stores, event.tenantid, learner_id, now=clock())
            if after.state == "erased":
                after = after.model_copy(update={"subjects": {}, "children": ()})
            write_report(means.stores, after)
            return Decision([Replace(after.stored(), etag)])
        told = ErasureAdvanced(erasure_id=data.erasure_id, run=after.run, step=after.step)
        return Decision([Replace(after.stored(), etag)], [told])

    outcome = handle_once(
        means.stores,
        event,
        handler=SOURCE,
        container=CONTAINER,
        partition=(event.tenantid, data.erasure_id),
        decide=decide,
        now=clock(),
    )
    left = read_erasure(means.stores, event.tenantid, data.erasure_id)
    if left is not None and _is_at_rest(left[0]):
        # also when it comes again: whoever committed the last step may have died before this
        means.stores.documents.scrub()
        means.stores.bus.scrub()
    return outcome


def take_up(stores: Stores, *, now: datetime) -> int:
    """Begin the second sweep of erasures that have settled, and nudge those that stall.

    Returns how many it touched.
    """
    touched = 0
    waits = (("settling", SETTLES_AFTER), ("requested", STALLED_AFTER), ("erasing", STALLED_AFTER))
    for state, patience in waits:
        before = (now - patience).isoformat()
        where: list[Filter] = [
            Equals("state", state),
            Equals("kind", "erasure"),
            Range("updated_at", below=before),
        ]
        for item in stores.documents.query(CONTAINER, (), where=where, limit=200).items:
            erasure = Erasure.of(item.body)
            try:
                _take_up(stores, erasure, now)
                touched += 1
            except Exception as error:  # one erasure's trouble does not hold up the others
                telemetry.failure("erasure.not_taken_up", error, erasure=erasure.tombstone_id)
    return touched


def _is_at_rest(erasure: Erasure) -> bool:
    """Whether no step is due: it waits for its second sweep, or is over."""
    return erasure.state == "erased" or (erasure.state == "settling" and not erasure.stores_left)


def _take_up(stores: Stores, seen: Erasure, now: datetime) -> None:
    def decide() -> Decision:
        found = read_erasure(stores, *seen.partition)
        if found is None or found[0].updated_at != seen.updated_at:
            return Decision()
        erasure, etag = found
        update: dict[str, object] = {"updated_at": now}
        if _is_at_rest(erasure):
            late = _children(stores, erasure.tenant_id, erasure.subjects)
            update |= {
                "sweep": 2,
                "step": erasure.step + 1,
                "stores_left": tuple(store_names()),
                "children": tuple(dict.fromkeys((*erasure.children, *late))),
            }
        again = erasure.model_copy(update=update)
        told = ErasureAdvanced(erasure_id=again.tombstone_id, run=again.run, step=again.step)
        return Decision([Replace(again.stored(), etag)], [told])

    announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=seen.partition, decide=decide, now=now
    )


def _stepped(means: Means, erasure: Erasure, clock: Clock) -> Erasure:
    """The erasure after the step that is due."""
    stores, tenant_id = means.stores, erasure.tenant_id
    step = {"step": erasure.step + 1, "updated_at": clock()}
    if erasure.step == 0:
        subjects = _without_returned(
            stores, erasure, with_files(stores, tenant_id, erasure.subjects)
        )
        _mark(stores, means.pseudonyms, erasure, subjects)
        names = store_names()
        begun = {
            "state": "erasing",
            "sweep": 1,
            "stores_left": tuple(names),
            "subjects": subjects,
            "children": _children(stores, tenant_id, subjects),
            "counts": {name: _found(stores, erasure, subjects, name) for name in names},
        }
        return erasure.model_copy(update=step | begun)
    subjects = erasure.subjects
    if erasure.sweep == 2:
        # who came back leads to nobody else's, with whom they may have been merged since
        staying = _without_returned(stores, erasure, subjects)
        subjects = _without_returned(stores, erasure, with_files(stores, tenant_id, staying))
    name, *left = erasure.stores_left
    removed, is_done = _remove(stores, erasure, subjects, name)
    update: dict[str, object] = {
        "counts": {**erasure.counts, name: _counted(erasure, name, removed, is_done)},
        "stores_left": tuple(left) if is_done else erasure.stores_left,
    }
    if is_done and not left:
        update |= (
            {"state": "settling", "erased_at": clock()}
            if erasure.sweep == 1
            else {"state": "erased", "settled_at": clock()}
        )
    return erasure.model_copy(update=step | update)


def _children(stores: Stores, tenant_id: str, subjects: Subjects) -> tuple[str, ...]:
    """The learners to whom an erased parent is linked: what they agreed to ends with them."""
    found: dict[str, None] = {}
    for parent_id in subjects.get("user", ()):
        continuation = None
        while True:
            page = stores.documents.query(
                family.CONTAINER,
                (tenant_id,),
                where=[Equals("parent_id", parent_id), Equals("kind", "link")],
                limit=500,
                continuation=continuation,
            )
            found |= dict.fromkeys(str(item.body["learner_id"]) for item in page.items)
            continuation = page.continuation
            if continuation is None:
                break
    return tuple(found)


def _found(stores: Stores, erasure: Erasure, subjects: Subjects, name: str) -> StoreCount:
    """The count of a store before anything of this run is removed; what former runs did stays."""
    before = erasure.counts.get(name, StoreCount())
    gone = before.removed + before.late
    present = sum(
        1
        for _ in held(stores, erasure.tenant_id, subjects, name, address_until=erasure.requested_at)
    )
    return StoreCount(found=gone + present, removed=gone)


def _counted(erasure: Erasure, name: str, removed: int, is_done: bool) -> StoreCount:
    """The count of a store after something was removed.

    A process that died after it removed and before it wrote that down leaves less to remove
    than was found; all that was found is gone all the same once nothing is left.
    """
    before = erasure.counts.get(name, StoreCount())
    if erasure.sweep == 2:
        return before.model_copy(update={"late": before.late + removed})
    total = before.removed + removed
    return before.model_copy(update={"removed": max(total, before.found) if is_done else total})


def _remove(stores: Stores, erasure: Erasure, subjects: Subjects, name: str) -> tuple[int, bool]:
    """Remove what a store holds of these subjects; returns how much, and whether that was all."""
    declared, tenant_id = topology.load(), erasure.tenant_id
    if name == DEAD_LETTERS:
        return _discard(stores, subjects), True
    if name.startswith("blobs/"):
        container = name.removeprefix("blobs/")
        if container not in declared.blob_containers:
            return 0, True  # of another version
        found = blobs_of(
            stores, tenant_id, subjects, container, declared.blob_containers[container]
        )
        names = [info.name for info in islice(found, MAX_A_HOP)]
        for each in names:
            stores.blobs.delete(container, each)
        return len(names), len(names) < MAX_A_HOP
    if name not in declared.containers:
        return 0, True
    documents = documents_of(
        stores,
        tenant_id,
        subjects,
        name,
        declared.containers[name],
        address_until=erasure.requested_at,
    )
    batch = list(islice(documents, MAX_A_HOP))
    return _delete(stores, name, batch), len(batch) < MAX_A_HOP


def _delete(stores: Stores, name: str, batch: list[tuple[Partition, Stored]]) -> int:
    removed = 0
    ordered = sorted(batch, key=lambda pair: pair[0])
    for partition, group in groupby(ordered, key=lambda pair: pair[0]):
        ids = [str(item.body["id"]) for _, item in group]
        for start in range(0, len(ids), MAX_OPERATIONS):
            removed += _delete_all(stores, name, partition, ids[start : start + MAX_OPERATIONS])
    return removed


def _delete_all(stores: Stores, name: str, partition: Partition, ids: list[str]) -> int:
    try:
        stores.documents.commit(name, partition, [Delete(each) for each in ids])
    except Missing:  # one has expired, or another delivery of the same step is at work
        removed = 0
        for each in ids:
            with suppress(Missing):
                stores.documents.commit(name, partition, [Delete(each)])
                removed += 1
        return removed
    return len(ids)


def _discard(stores: Stores, subjects: Subjects) -> int:
    found = sorted(dead_letters_of(stores, subjects))
    return sum(
        stores.bus.discard(entity, [number for _, number in group])
        for entity, group in groupby(found, key=lambda pair: pair[0])
    )


def _mark(stores: Stores, pseudonyms: Pseudonyms, erasure: Erasure, subjects: Subjects) -> None:
    """Set a tombstone for each id, before anything is removed: what is being written of them at
    this moment must find it, and so must a restore when this store is lost."""
    for kind, ids in subjects.items():
        for identity in ids:
            mark(
                stores,
                Tombstone(
                    tenant_id=erasure.tenant_id,
                    tombstone_id=pseudonyms.of(erasure.tenant_id, kind, identity),
                    subject_kind=kind,
                    requested_at=erasure.requested_at,
                ),
            )


def _without_returned(stores: Stores, erasure: Erasure, subjects: Subjects) -> Subjects:
    """The subjects without candidates and files that came in anew since the request."""
    kinds: dict[SubjectKind, tuple[str, ...]] = {
        kind: tuple(
            identity
            for identity in ids
            if not came_back(stores, erasure.tenant_id, kind, identity, since=erasure.requested_at)
        )
        for kind, ids in subjects.items()
    }
    return kinds

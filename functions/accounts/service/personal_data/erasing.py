"""Erasure: a saga of events, a store each, that goes on wherever a process died.

A first sweep marks the tombstones, counts what there is, and removes it store by store. What
was on its way meanwhile (messages that waited, tokens that still held) may write again: when
all of that has run out a second sweep looks everywhere once more. Then the ids are forgotten,
and what stays is the tombstone and a report that names nobody.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import groupby, islice

from functions.accounts.service.means import SOURCE, Means
from functions.accounts.service.personal_data.finding import (
    blobs_of,
    came_back,
    documents_of,
    with_files,
)
from functions.accounts.service.personal_data.subjects import (
    candidate_of,
    check_speaks_for,
    subjects_of,
)
from shared import telemetry, topology
from shared.access import Reach
from shared.audit import noted
from shared.auth import ACCESS_LIFETIME, Principal
from shared.documents.port import (
    MAX_OPERATIONS,
    Delete,
    Equals,
    Filter,
    Partition,
    Range,
    Replace,
    Stored,
    Upsert,
)
from shared.erasures import Subjects, read_erasure, requested
from shared.errors import Missing, Rejected
from shared.events.envelope import Event, EventData, read_data
from shared.events.person import ErasureAdvanced, FamilyChanged
from shared.messaging import Decision, Outcome, announce_once, handle_once
from shared.models import candidate, family
from shared.models.subject import SubjectKind
from shared.models.tombstone import CONTAINER, Erasure, StoreCount, Tombstone
from shared.people import read_account
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores
from shared.topology import Kept

REPORTS = "erasure-reports"
REPORT_LINK_LIFETIME = timedelta(days=7)
SETTLES_AFTER = ACCESS_LIFETIME + timedelta(minutes=45)
"""Longer than an access token holds, and than a message is sent again with growing delays."""
STALLED_AFTER = timedelta(minutes=10)
MAX_A_HOP = 2000
"""What one hop removes at the most, so that it ends well within the lock on its message."""
_DEAD_LETTERS = "dead letters"
_PAGE = 100

Clock = Callable[[], datetime]


def erase_person(
    means: Means,
    by: Principal,
    reach: frozenset[Reach],
    user_id: str,
    *,
    with_candidate: bool,
    now: datetime,
) -> tuple[Erasure, str]:
    """Begin the erasure of a person; returns it and a link that reads its report for a week.

    Asked for twice, it is the same erasure. ``with_candidate`` erases the candidate's profile
    under their address as well, though nobody has vouched for the address. Raises ``Missing``
    for somebody whom the caller does not reach, and ``Forbidden`` to the parent of one who is
    of age.
    """
    check_speaks_for(means, by, reach, user_id, now=now)
    erasure_id = means.pseudonyms.of(by.tenant_id, "user", user_id)
    if user_id != by.user_id and read_erasure(means.stores, by.tenant_id, erasure_id) is None:
        read_account(means.stores, by.tenant_id, user_id)
    begun: list[Erasure] = []

    def decide() -> Decision:
        subjects = subjects_of(means, by.tenant_id, user_id, with_candidate=with_candidate)
        told: list[EventData] = [
            noted(
                means.pseudonyms, by, "erasure.request",
                tenant_id=by.tenant_id, of="user", target=user_id,
            )
        ]  # fmt: skip
        if "candidate" not in subjects and (left := _left(means, by.tenant_id, user_id)):
            told.append(
                noted(
                    means.pseudonyms, None, "erasure.left", tenant_id=by.tenant_id,
                    of="candidate", target=left, reason="same address, which nobody vouched for",
                )
            )  # fmt: skip
        erasure, decision = requested(
            means.stores,
            means.pseudonyms,
            tenant_id=by.tenant_id,
            of="user",
            identity=user_id,
            subjects=subjects,
            events=told,
            now=now,
        )
        begun[:] = [erasure]
        return decision

    announce_once(
        means.stores,
        source=SOURCE,
        container=CONTAINER,
        partition=(by.tenant_id, erasure_id),
        decide=decide,
        now=now,
    )
    erasure = begun[0]
    write_report(means.stores, erasure)
    link = means.stores.blobs.link(
        REPORTS, _report_name(erasure), expires_at=now + REPORT_LINK_LIFETIME
    )
    return erasure, link


def advance(means: Means, event: Event, *, clock: Clock) -> Outcome:
    """Do the step of an erasure that is due, and tell of the next."""
    data = read_data(event, ErasureAdvanced)

    def decide() -> Decision:
        found = read_erasure(means.stores, event.tenantid, data.erasure_id)
        if found is None:
            raise Rejected("there is no such erasure")
        erasure, etag = found
        if erasure.state == "erased" or (erasure.run, erasure.step) != (data.run, data.step):
            raise Rejected("superseded: the erasure has moved on")
        after = _stepped(means, erasure, clock)
        if after.erased_at != erasure.erased_at or after.state == "erased":
            write_report(means.stores, after)
        is_over = after.state in {"settling", "erased"} and after.step == 0
        told: list[EventData] = []
        if not is_over:
            told = [ErasureAdvanced(erasure_id=data.erasure_id, run=after.run, step=after.step)]
        elif after.state == "settling":
            told = [FamilyChanged(learner_id=learner_id) for learner_id in erasure.children]
        return Decision([Replace(after.stored(), etag)], told)

    return handle_once(
        means.stores,
        event,
        handler=SOURCE,
        container=CONTAINER,
        partition=(event.tenantid, data.erasure_id),
        decide=decide,
        now=clock(),
    )


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


def read_report(stores: Stores, tenant_id: str, erasure_id: str) -> Erasure:
    """Return an erasure. Raises ``Missing``."""
    found = read_erasure(stores, tenant_id, erasure_id)
    if found is None:
        raise Missing("there is no erasure with this id")
    return found[0]


def write_report(stores: Stores, erasure: Erasure) -> None:
    """Write the report where its link leads."""
    stores.blobs.put(
        REPORTS,
        _report_name(erasure),
        json.dumps(report_of(erasure), indent=1).encode(),
        content_type="application/json",
    )


def report_of(erasure: Erasure) -> dict[str, object]:
    """What an erasure has done so far: counts by store, and nobody's name or id."""
    counts = {name: count.model_dump() for name, count in sorted(erasure.counts.items())}
    return {
        "erasure_id": erasure.tombstone_id,
        "state": erasure.state,
        "requested_at": _moment(erasure.requested_at),
        "erased_at": _moment(erasure.erased_at),
        "settled_at": _moment(erasure.settled_at),
        "removed": sum(count.removed + count.late for count in erasure.counts.values()),
        "stores": counts,
    }


def _take_up(stores: Stores, seen: Erasure, now: datetime) -> None:
    def decide() -> Decision:
        found = read_erasure(stores, *seen.partition)
        if found is None or found[0].updated_at != seen.updated_at:
            return Decision()
        erasure, etag = found
        update: dict[str, object] = {"updated_at": now}
        if erasure.state == "settling" and erasure.step == 0:
            update |= {"sweep": 2, "step": 1}
        again = erasure.model_copy(update=update)
        told = ErasureAdvanced(erasure_id=again.tombstone_id, run=again.run, step=again.step)
        return Decision([Replace(again.stored(), etag)], [told])

    announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=seen.partition, decide=decide, now=now
    )


def _stepped(means: Means, erasure: Erasure, clock: Clock) -> Erasure:
    """The erasure after the step that is due."""
    stores = means.stores
    names = store_names()
    if erasure.step == 0:
        subjects = with_files(stores, erasure.tenant_id, erasure.subjects)
        _mark(stores, means.pseudonyms, erasure, subjects)
        counts = {
            name: StoreCount(found=sum(1 for _ in _held(stores, erasure.tenant_id, subjects, name)))
            for name in names
        }
        return erasure.model_copy(
            update={
                "state": "erasing",
                "subjects": subjects,
                "children": _children(stores, erasure.tenant_id, subjects),
                "counts": counts,
                "step": 1,
                "updated_at": clock(),
            }
        )
    subjects = erasure.subjects
    if erasure.sweep == 2:
        subjects = with_files(stores, erasure.tenant_id, _without_returned(stores, erasure))
    name = names[erasure.step - 1]
    removed, is_done = _remove(stores, erasure.tenant_id, subjects, name)
    counts = {**erasure.counts, name: _counted(erasure, name, removed, is_done)}
    step = erasure.step + 1 if is_done else erasure.step
    update: dict[str, object] = {"counts": counts, "step": step, "updated_at": clock()}
    if step > len(names):
        now = clock()
        update |= (
            {"state": "settling", "step": 0, "erased_at": now}
            if erasure.sweep == 1
            else {"state": "erased", "step": 0, "settled_at": now, "subjects": {}, "children": ()}
        )
    return erasure.model_copy(update=update)


def _children(stores: Stores, tenant_id: str, subjects: Subjects) -> tuple[str, ...]:
    """The learners to whom an erased parent is linked: what they agreed to ends with them."""
    found: dict[str, None] = {}
    for parent_id in subjects.get("user", ()):
        where = [Equals("parent_id", parent_id), Equals("kind", "link")]
        page = stores.documents.query(family.CONTAINER, (tenant_id,), where=where, limit=80)
        found |= dict.fromkeys(str(item.body["learner_id"]) for item in page.items)
    return tuple(found)


def store_names() -> list[str]:
    """Every store that an erasure goes through, in order: sign-in first, then the blobs, whose
    names stand in documents, then the rest."""
    declared = topology.load()
    documents = [
        name for name, each in declared.containers.items() if not isinstance(each.erasure, Kept)
    ]
    first = [name for name in documents if declared.containers[name].owner == SOURCE]
    blobs = [
        f"blobs/{name}"
        for name, each in declared.blob_containers.items()
        if not isinstance(each.erasure, Kept)
    ]
    return [*first, *blobs, _DEAD_LETTERS, *(name for name in documents if name not in first)]


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


def _held(stores: Stores, tenant_id: str, subjects: Subjects, name: str) -> Iterable[object]:
    declared = topology.load()
    if name == _DEAD_LETTERS:
        return _dead_letters_of(stores, subjects)
    if name.startswith("blobs/"):
        container = name.removeprefix("blobs/")
        return blobs_of(stores, tenant_id, subjects, container, declared.blob_containers[container])
    return documents_of(stores, tenant_id, subjects, name, declared.containers[name])


def _remove(stores: Stores, tenant_id: str, subjects: Subjects, name: str) -> tuple[int, bool]:
    """Remove what a store holds of these subjects; returns how much, and whether that was all."""
    declared = topology.load()
    if name == _DEAD_LETTERS:
        return _discard(stores, subjects), True
    if name.startswith("blobs/"):
        container = name.removeprefix("blobs/")
        found = blobs_of(
            stores, tenant_id, subjects, container, declared.blob_containers[container]
        )
        names = [info.name for info in islice(found, MAX_A_HOP)]
        for each in names:
            stores.blobs.delete(container, each)
        return len(names), len(names) < MAX_A_HOP
    documents = documents_of(stores, tenant_id, subjects, name, declared.containers[name])
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


def _dead_letters_of(stores: Stores, subjects: Subjects) -> Iterable[tuple[str, int]]:
    """Yield entity and number of each dead letter that names one of the subjects."""
    wanted = [identity.encode() for ids in subjects.values() for identity in ids]
    for entity in topology.load().receivers:
        after = 0
        while letters := stores.bus.dead_letters(entity, limit=_PAGE, after=after):
            for letter in letters:
                if any(identity in letter.body for identity in wanted):
                    yield entity, letter.sequence_number
            after = letters[-1].sequence_number


def _discard(stores: Stores, subjects: Subjects) -> int:
    found = sorted(_dead_letters_of(stores, subjects))
    return sum(
        stores.bus.discard(entity, [number for _, number in group])
        for entity, group in groupby(found, key=lambda pair: pair[0])
    )


def _mark(stores: Stores, pseudonyms: Pseudonyms, erasure: Erasure, subjects: Subjects) -> None:
    """Set a tombstone for each id, before anything is removed: what is being written of them at
    this moment must find it."""
    for kind, ids in subjects.items():
        for identity in ids:
            tombstone_id = pseudonyms.of(erasure.tenant_id, kind, identity)
            tombstone = Tombstone(
                tenant_id=erasure.tenant_id,
                tombstone_id=tombstone_id,
                subject_kind=kind,
                requested_at=erasure.requested_at,
            )
            partition = (erasure.tenant_id, tombstone_id)
            stores.documents.commit(CONTAINER, partition, [Upsert(tombstone.stored())])


def _without_returned(stores: Stores, erasure: Erasure) -> Subjects:
    """The subjects without what may be new by now: candidates whose profile was made anew from
    a later file, and the address, which somebody may have registered again."""
    returned = {
        identity
        for identity in erasure.subjects.get("candidate", ())
        if came_back(stores, erasure.tenant_id, identity, since=erasure.requested_at)
    }
    kinds: dict[SubjectKind, tuple[str, ...]] = {
        kind: tuple(each for each in ids if kind != "candidate" or each not in returned)
        for kind, ids in erasure.subjects.items()
        if kind != "address"
    }
    return kinds


def _left(means: Means, tenant_id: str, user_id: str) -> str | None:
    """The candidate under a person's address whose profile the erasure passes by, if any."""
    try:
        person, _ = read_account(means.stores, tenant_id, user_id)
    except Missing:
        return None
    candidate_id = candidate_of(person)
    if candidate_id is None:
        return None
    stored = means.stores.documents.get(
        candidate.CONTAINER, (tenant_id, candidate_id), candidate_id
    )
    return candidate_id if stored is not None else None


def _report_name(erasure: Erasure) -> str:
    return f"{erasure.tenant_id}/{erasure.tombstone_id}.json"


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()

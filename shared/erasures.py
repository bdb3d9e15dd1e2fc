"""Asking for an erasure, and asking whether something was erased.

The flow ``accounts`` carries erasures out; a flow that can tell whose data is to go asks
for it with the decision made here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared import topology
from shared.documents.port import Create, Json, Operation, Replace
from shared.events.envelope import EventData
from shared.events.person import ErasureAdvanced
from shared.messaging import Decision
from shared.models.subject import SubjectKind
from shared.models.tenant import PLATFORM
from shared.models.tombstone import (
    CONTAINER,
    ERASURE_ID,
    TOMBSTONE_ID,
    Erasure,
    Replay,
    Tombstone,
)
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores
from shared.topology import Kept

"""The blob container of the tombstones that lie outside of the document store."""
_REPLAY_SECONDS = 90 * 24 * 3600

Subjects = dict[SubjectKind, tuple[str, ...]]


def read_erasure(stores: Stores, tenant_id: str, erasure_id: str) -> tuple[Erasure, str] | None:
    """An erasure and its etag, None when there is none."""
    stored = stores.documents.get(CONTAINER, (tenant_id, erasure_id), ERASURE_ID)
    return None if stored is None else (Erasure.of(stored.body), stored.etag)


def erased_at(
    stores: Stores, pseudonyms: Pseudonyms, tenant_id: str, of: SubjectKind, identity: str
) -> datetime | None:
    """When the erasure of something was asked for, None when it never was.

    What came in before that moment must not be written again.
    """
    partition = (tenant_id, pseudonyms.of(tenant_id, of, identity))
    stored = stores.documents.get(CONTAINER, partition, TOMBSTONE_ID)
    return None if stored is None else Tombstone.of(stored.body).requested_at


def requested(
    stores: Stores,
    pseudonyms: Pseudonyms,
    *,
    tenant_id: str,
    of: SubjectKind,
    identity: str,
    subjects: Subjects,
    requested_by: str | None = None,
    events: Sequence[EventData] = (),
    is_there: bool = False,
    now: datetime,
) -> tuple[Erasure, Decision]:
    """The erasure of something, and the decision that begins it.

    ``subjects`` are the ids by which the stores know the data, those of ``of`` included;
    ``requested_by`` is the pseudonym of who asks. Asked for again, it is the same erasure and
    the decision is empty, unless there is more to do: ids that it does not have, or, once its
    first sweep is over, data that ``is_there`` again. Then it runs anew. Commit the decision
    in the erasure's partition.
    """
    tombstone_id = pseudonyms.of(tenant_id, of, identity)
    partition = (tenant_id, tombstone_id)
    found = read_erasure(stores, tenant_id, tombstone_id)
    present = found[0] if found else None
    if present is not None and not _is_more(present, subjects, is_there):
        return present, Decision()
    erasure = Erasure(
        tenant_id=tenant_id,
        tombstone_id=tombstone_id,
        subject_kind=of,
        run=present.run + 1 if present else 1,
        subjects=_united(present.subjects, subjects) if present else subjects,
        counts=present.counts if present else {},
        requested_by=requested_by,
        requested_at=now,
        updated_at=now,
    )
    told = ErasureAdvanced(erasure_id=tombstone_id, run=erasure.run, step=0)
    operations: list[Operation] = [
        Create(erasure.stored()) if found is None else Replace(erasure.stored(), found[1])
    ]
    tombstone = Tombstone(
        tenant_id=tenant_id, tombstone_id=tombstone_id, subject_kind=of, requested_at=now
    )
    marked = stores.documents.get(CONTAINER, partition, TOMBSTONE_ID)
    operations.append(
        Create(tombstone.stored()) if marked is None else Replace(tombstone.stored(), marked.etag)
    )
    return erasure, Decision(operations, [told, *events])


def new_replay(replay_id: str, *, now: datetime) -> Replay:
    """A look through every container that holds people for what was erased, about to begin."""
    return Replay(
        id=replay_id,
        tenant_id=PLATFORM,
        containers_left=tuple(
            name
            for name, declared in topology.load().containers.items()
            if not isinstance(declared.erasure, Kept)
        ),
        requested_at=now,
        updated_at=now,
    )


def kept_replay(replay: Replay) -> Json:
    """A replay as it is stored, for 90 days."""
    return replay.stored() | {"ttl": _REPLAY_SECONDS}


def _is_more(present: Erasure, subjects: Subjects, is_there: bool) -> bool:
    """Whether a request asks for more than an erasure does or has done."""
    if present.state == "erased":  # its ids are forgotten
        return is_there
    new = any(set(ids) - set(present.subjects.get(kind, ())) for kind, ids in subjects.items())
    return new or (is_there and present.state == "settling")


def _united(one: Subjects, other: Subjects) -> Subjects:
    kinds = {**one, **other}
    return {
        kind: tuple(dict.fromkeys((*one.get(kind, ()), *other.get(kind, ())))) for kind in kinds
    }

"""Asking for an erasure, and asking whether something was erased.

The flow ``accounts`` carries erasures out; a flow that can tell whose data is to go asks
for it with the decision made here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from pydantic import ValidationError

from shared import topology
from shared.documents.port import Create, Json, Operation, Replace
from shared.errors import Conflict, Exists, Missing, Stale, Unprocessable
from shared.events.envelope import EventData
from shared.events.person import ErasureAdvanced
from shared.messaging import MAX_ATTEMPTS, Decision
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

LOG = "erasure-log"
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


def mark(stores: Stores, tombstone: Tombstone) -> bool:
    """Set a tombstone unless one of the same or a later moment is there; returns whether it did.

    First as a small blob outside of the document store: whoever restores a backup after that
    store was lost must find what was erased since.
    """
    _log(stores, tombstone)
    partition = (tombstone.tenant_id, tombstone.tombstone_id)
    for _ in range(MAX_ATTEMPTS):
        held = stores.documents.get(CONTAINER, partition, TOMBSTONE_ID)
        if held is not None and Tombstone.of(held.body).requested_at >= tombstone.requested_at:
            return False
        body = tombstone.stored()
        try:
            stores.documents.commit(
                CONTAINER, partition, [Create(body) if held is None else Replace(body, held.etag)]
            )
        except (Exists, Missing, Stale):
            continue
        return True
    raise Conflict("others keep changing this tombstone; try again")


def logged(
    stores: Stores, tenant_id: str | None = None, *, after: str = ""
) -> Iterator[tuple[str, Tombstone]]:
    """The tombstones of a tenant, or of all, that lie outside of the document store, each with
    the name of its blob; those behind a name, in order. Raises ``Unprocessable`` for a blob that is
    none."""
    for info in stores.blobs.list(LOG, f"{tenant_id}/" if tenant_id else ""):
        if info.name > after:
            with stores.blobs.open(LOG, info.name) as blob:
                content = blob.read()
            try:
                yield info.name, Tombstone.model_validate_json(content)
            except ValidationError:
                raise Unprocessable(f"{LOG}/{info.name} is not a tombstone") from None


def _log(stores: Stores, tombstone: Tombstone) -> None:
    name = f"{tombstone.tenant_id}/{tombstone.tombstone_id}.json"
    try:
        with stores.blobs.open(LOG, name) as blob:
            held = Tombstone.model_validate_json(blob.read())
    except (Missing, ValidationError):
        pass  # one that cannot be read stops no erasure, and is written anew
    else:
        if held.requested_at >= tombstone.requested_at:
            return
    content = json.dumps(tombstone.stored()).encode()
    stores.blobs.put(LOG, name, content, content_type="application/json")


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

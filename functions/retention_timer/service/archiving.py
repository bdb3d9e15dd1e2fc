"""Moves what was done in old journeys to the archive.

The archive is written whole, then the journey says where it is, then what lies beside the journey
is removed: a process that dies in between leaves something twice, and nothing nowhere. An archive
is never written over by another: a run that comes second leaves a file that no journey tells of.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from datetime import datetime

from shared import telemetry
from shared.documents.port import (
    MAX_OPERATIONS,
    Delete,
    Equals,
    Json,
    Partition,
    Range,
    Stored,
)
from shared.errors import Missing, Stale
from shared.journey_records import (
    BLOBS,
    KINDS,
    MEDIA_TYPE,
    archive_name,
    archived,
    commit_beside,
)
from shared.models.audit import sortable
from shared.models.journey import CONTAINER, Journey
from shared.stores import Stores

_PAGE = 200


def archive_old(
    stores: Stores, *, untouched_since: datetime, is_over: Callable[[], bool]
) -> tuple[int, bool]:
    """Archive the journeys of all tenants in which nothing was done since a moment, until
    ``is_over`` says that the time is; returns how many, and whether those were all."""
    done, continuation = 0, None
    while True:
        page = stores.documents.query(
            CONTAINER,
            (),
            where=[Range("archive_due", below=sortable(untouched_since))],
            limit=_PAGE,
            continuation=continuation,
        )
        for item in page.items:
            if is_over():
                return done, False
            partition = (item.body["tenant_id"], item.body["user_id"])
            try:
                done += _archive(stores, partition, item.body["id"], untouched_since)
            except Exception as error:  # one journey's trouble does not hold up the others
                telemetry.failure("journey.not_archived", error, journey=item.body["id"])
        continuation = page.continuation
        if continuation is None:
            return done, True


def _archive(stores: Stores, partition: Partition, journey_id: str, before: datetime) -> bool:
    """Archive one journey; returns whether nothing of it is left to do.

    It is read anew, and each commit holds it to be as it was read: where another run, a learner
    or an erasure comes in between, this one stops, and the next night goes on.
    """
    stored = stores.documents.get(CONTAINER, partition, journey_id)
    if stored is None:
        return False
    journey = Journey.of(stored.body)
    if journey.archive_due is None or journey.archive_due >= before:
        return False
    live = [item for kind in KINDS for item in _parts(stores, journey, kind)]
    try:
        journey, etag = _begin(stores, journey, stored.etag, live)
        for start in range(0, len(live), MAX_OPERATIONS - 1):
            batch = live[start : start + MAX_OPERATIONS - 1]
            etag = commit_beside(
                stores, journey, etag, [Delete(str(each.body["id"]), each.etag) for each in batch]
            )
        commit_beside(stores, journey.model_copy(update={"archive_due": None}), etag)
    except (Stale, Missing):
        return False
    return True


def _begin(
    stores: Stores, journey: Journey, etag: str, live: Sequence[Stored]
) -> tuple[Journey, str]:
    """Write the archive, and have the journey say where; returns the journey and its etag.

    Where an archive was begun before, what lies beside the journey still goes over it.
    """
    kept: dict[str, Json] = {}
    if journey.archive is not None:
        kept = {body["id"]: body for kind in KINDS for body in archived(stores, journey, kind)}
    changed = {str(item.body["id"]): item.body for item in live}
    if journey.archive is not None and all(kept.get(each) == changed[each] for each in changed):
        return journey, etag
    name = _write(stores, journey, list((kept | changed).values()))
    begun = journey.model_copy(update={"archive": name})
    return begun, commit_beside(stores, begun, etag)


def _write(stores: Stores, journey: Journey, bodies: Sequence[Json]) -> str:
    """Write an archive and read it back; returns its name."""
    lines = b"".join(json.dumps(body, ensure_ascii=False).encode() + b"\n" for body in bodies)
    name = archive_name(journey, lines)
    stores.blobs.put(BLOBS, name, gzip.compress(lines, mtime=0), content_type=MEDIA_TYPE)
    with stores.blobs.open(BLOBS, name) as blob:
        if gzip.decompress(blob.read()) != lines:
            raise OSError("the archive does not read as it was written")
    stores.blobs.set_tier(BLOBS, name, "cool")
    return name


def _parts(stores: Stores, journey: Journey, kind: str) -> list[Stored]:
    found: list[Stored] = []
    continuation = None
    while True:
        page = stores.documents.query(
            CONTAINER,
            journey.partition,
            where=[Equals("kind", kind), Equals("session_id", journey.journey_id)],
            limit=_PAGE,
            continuation=continuation,
        )
        found += page.items
        continuation = page.continuation
        if continuation is None:
            return found

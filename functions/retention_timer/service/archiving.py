"""Moves what was done in old journeys to the archive.

The archive is written whole, then the journey says that it is there, then what lies beside the
journey is removed: a process that dies in between leaves something twice, and nothing nowhere.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from shared import telemetry
from shared.documents.port import (
    MAX_OPERATIONS,
    Delete,
    Equals,
    Json,
    Range,
    Replace,
    Stored,
)
from shared.errors import Missing, Stale
from shared.journey_records import BLOBS, KINDS, MEDIA_TYPE, archive_name, archived
from shared.models.audit import sortable
from shared.models.journey import CONTAINER, Journey
from shared.stores import Stores

_PAGE = 200


def archive_old(
    stores: Stores, *, completed_before: datetime, is_over: Callable[[], bool]
) -> tuple[int, bool]:
    """Archive the journeys of all tenants that were completed before a moment, until ``is_over``
    says that the time is; returns how many, and whether those were all."""
    done, continuation = 0, None
    while True:
        page = stores.documents.query(
            CONTAINER,
            (),
            where=[Range("archive_due", below=sortable(completed_before))],
            limit=_PAGE,
            continuation=continuation,
        )
        for item in page.items:
            if is_over():
                return done, False
            try:
                done += _archive(stores, Journey.of(item.body), item.etag)
            except Exception as error:  # one journey's trouble does not hold up the others
                telemetry.failure("journey.not_archived", error, journey=item.body["id"])
        continuation = page.continuation
        if continuation is None:
            return done, True


def _archive(stores: Stores, journey: Journey, etag: str) -> bool:
    """Archive one journey; returns whether nothing of it is left to do.

    Where somebody writes at the same moment the next night goes on.
    """
    live = [item for kind in KINDS for item in _parts(stores, journey, kind)]
    try:
        etag = _begin(stores, journey, etag, live)
        _remove(stores, journey, live)
        done = journey.model_copy(update={"archive": "done", "archive_due": None})
        stores.documents.commit(CONTAINER, journey.partition, [Replace(done.stored(), etag)])
    except (Stale, Missing):  # erased meanwhile, or in the hands of another run
        return False
    return True


def _begin(stores: Stores, journey: Journey, etag: str, live: list[Stored]) -> str:
    """Write the archive, and have the journey say so; returns the journey's etag."""
    if journey.archive is None:
        _write(stores, journey, [item.body for item in live])
        begun = journey.model_copy(update={"archive": "begun"})
        written = stores.documents.commit(
            CONTAINER, journey.partition, [Replace(begun.stored(), etag)]
        )
        return str(written[0])
    kept = {body["id"]: body for kind in KINDS for body in archived(stores, journey, kind)}
    changed = {item.body["id"]: item.body for item in live}
    if any(kept.get(each) != body for each, body in changed.items()):
        _write(stores, journey, list((kept | changed).values()))
    return etag


def _write(stores: Stores, journey: Journey, bodies: list[Json]) -> None:
    lines = b"".join(json.dumps(body, ensure_ascii=False).encode() + b"\n" for body in bodies)
    name = archive_name(journey)
    stores.blobs.put(BLOBS, name, gzip.compress(lines, mtime=0), content_type=MEDIA_TYPE)
    with stores.blobs.open(BLOBS, name) as blob:
        if gzip.decompress(blob.read()) != lines:
            raise OSError("the archive does not read as it was written")
    stores.blobs.set_tier(BLOBS, name, "cool")


def _remove(stores: Stores, journey: Journey, live: list[Stored]) -> None:
    """Remove what is in the archive, as it was read. Raises ``Stale`` for what has changed."""
    for start in range(0, len(live), MAX_OPERATIONS):
        batch = live[start : start + MAX_OPERATIONS]
        deletes = [Delete(str(item.body["id"]), item.etag) for item in batch]
        try:
            stores.documents.commit(CONTAINER, journey.partition, deletes)
        except Missing:  # some went meanwhile
            for each in deletes:
                with suppress(Missing):
                    stores.documents.commit(CONTAINER, journey.partition, [each])


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

"""The log of erasures: a tombstone each, as a small blob outside of the document store.

Whoever restores a backup after that store was lost finds here what was erased since.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic import ValidationError

from shared.documents.port import Create, Replace
from shared.errors import Conflict, Exists, Missing, Stale, Unprocessable
from shared.messaging import MAX_ATTEMPTS
from shared.models.tombstone import CONTAINER, TOMBSTONE_ID, Tombstone
from shared.stores import Stores

LOG = "erasure-log"


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

"""The log of erasures: a tombstone each, as a small blob outside of the document store.

Whoever restores a backup after that store was lost finds here what was erased since. A blob of
its own says that there is a log, and which: one that was lost is not taken for one in which
nothing was ever written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import uuid4

from pydantic import BaseModel, ValidationError

from shared.documents.port import Create, Replace
from shared.errors import Conflict, Exists, Missing, Stale, Unprocessable
from shared.messaging import MAX_ATTEMPTS
from shared.models.tombstone import CONTAINER, TOMBSTONE_ID, Tombstone
from shared.stores import Stores

LOG = "erasure-log"
BEGUN = "log.json"
"""The blob that says which log this is; entries lie in folders, a tenant each."""
_AT_ONCE = 16


class _Begun(BaseModel):
    log_id: str


def begin(stores: Stores) -> str:
    """The id of the log, which begins now where there is none. Two who begin at once begin one."""
    found = log_id(stores)
    if found is not None:
        return found
    content = _Begun(log_id=str(uuid4())).model_dump_json().encode()
    # one that cannot be read is no log, and makes way
    is_absent = stores.blobs.info(LOG, BEGUN) is None
    with suppress(Exists):
        stores.blobs.put(LOG, BEGUN, content, content_type="application/json", if_absent=is_absent)
    found = log_id(stores)
    if found is None:
        raise Unprocessable(f"{LOG}/{BEGUN} was not kept as it was written")
    return found


def log_id(stores: Stores) -> str | None:
    """The id of the log, None where there is no log or nobody can tell which."""
    try:
        with stores.blobs.open(LOG, BEGUN) as blob:
            return _Begun.model_validate_json(blob.read()).log_id
    except (Missing, ValidationError):
        return None


def entries(stores: Stores) -> int:
    """How many erasures are in the log. None ever leaves it."""
    return sum("/" in info.name for info in stores.blobs.list(LOG))


def mark_all(stores: Stores, tombstones: Sequence[Tombstone]) -> int:
    """:func:`mark` for each of them, several at once; returns how many were set."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return sum(pool.map(lambda each: mark(stores, each), tombstones))


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
        if "/" in info.name and info.name > after:
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
    begin(stores)
    content = json.dumps(tombstone.stored()).encode()
    stores.blobs.put(LOG, name, content, content_type="application/json")

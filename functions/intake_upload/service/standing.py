"""Where dropped files stand, and another attempt at them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from functions.intake_upload.rules import retrying
from shared.documents.port import Equals, Order, Replace
from shared.errors import Invalid, Missing
from shared.events.intake import IntakeRetried
from shared.intake_stages import read_record
from shared.messaging import Answer, Decision, IdempotencyKey, answer_once
from shared.models.intake import (
    CONTAINER,
    PARSE_ID,
    IntakeFile,
    IntakeRecord,
    ParseDocument,
    State,
)
from shared.stores import Stores

LINK_LIFETIME = timedelta(minutes=15)
COMPARED_BYTES = 10 * 1024 * 1024
_CHUNK = 1024 * 1024


def read(stores: Stores, tenant_id: str, intake_id: str) -> IntakeRecord:
    """Return the record of a file. Raises ``Missing``."""
    return read_record(stores, tenant_id, intake_id)[0]


def listed(
    stores: Stores,
    tenant_id: str,
    *,
    state: State | None,
    limit: int,
    continuation: str | None,
) -> tuple[list[IntakeRecord], str | None]:
    """Return a page of a tenant's records, newest first, and where the next begins."""
    where = [Equals("kind", "record")]
    if state is not None:
        where.append(Equals("state", state))
    page = stores.documents.query(
        CONTAINER,
        (tenant_id,),
        where=where,
        order=Order("created_at", descending=True),
        limit=limit,
        continuation=continuation,
    )
    return [IntakeRecord.of(item.body) for item in page.items], page.continuation


def report(
    stores: Stores, tenant_id: str, intake_id: str, *, now: datetime
) -> tuple[IntakeRecord, ParseDocument | None, str | None]:
    """Return a file's record, what was read from it, and a link to the original.

    The link holds for 15 minutes; an original that is lost, overwritten or quarantined
    has none. Raises ``Missing``.
    """
    record = read(stores, tenant_id, intake_id)
    stored = stores.documents.get(CONTAINER, record.partition, PARSE_ID)
    parsed = ParseDocument.of(stored.body) if stored else None
    link = None
    if not (retrying.is_withheld(record) or _is_copy_of_withheld(stores, record)):
        link = _link(stores, record.file, expires_at=now + LINK_LIFETIME)
    return record, parsed, link


def _is_copy_of_withheld(stores: Stores, record: IntakeRecord) -> bool:
    if record.duplicate_of is None:
        return False
    try:
        return retrying.is_withheld(read(stores, record.tenant_id, record.duplicate_of))
    except Missing:
        return False


def _link(stores: Stores, file: IntakeFile, *, expires_at: datetime) -> str | None:
    """A link to a file, None when these very bytes are no longer there.

    What overwrote them is another file, which may be quarantined. Files above the size
    that is checked are compared by their size alone.
    """
    try:
        with stores.blobs.open(file.container, file.name) as blob:
            if blob.info.size != file.size:
                return None
            if file.size <= COMPARED_BYTES:
                digest = hashlib.sha256()
                while chunk := blob.read(_CHUNK):
                    digest.update(chunk)
                if digest.hexdigest() != file.sha256:
                    return None
        return stores.blobs.link(file.container, file.name, expires_at=expires_at)
    except (Missing, Invalid):  # gone, or under a name that no blob of ours has
        return None


def retry(
    stores: Stores,
    tenant_id: str,
    intake_id: str,
    *,
    roles: frozenset[str],
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[int, Mapping[str, Any]]:
    """Begin another attempt at a file; returns 202 and the record's new state.

    Raises ``Missing``, ``Conflict`` when the file is not in a state to retry, and
    ``Forbidden`` when only an admin may.
    """

    def decide() -> Answer:
        record, etag = read_record(stores, tenant_id, intake_id)
        again = retrying.next_attempt(record, roles, now=now)
        return Answer(
            status=202,
            body={"intake_id": intake_id, "state": again.state, "attempt": again.attempt},
            decision=Decision(
                [Replace(again.stored(), etag)],
                [IntakeRetried(intake_id=intake_id, attempt=again.attempt)],
            ),
        )

    return answer_once(
        stores,
        idempotency,
        source="intake_upload",
        container=CONTAINER,
        partition=(tenant_id, intake_id),
        decide=decide,
        now=now,
    )

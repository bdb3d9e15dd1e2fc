"""Whose bytes they are: the first file with some bytes claims them, the others are duplicates."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.documents.port import Create, Json, Replace
from shared.errors import Exists, Missing, Stale
from shared.models.intake import CONTAINER, IntakeRecord, content_id_of
from shared.stores import Stores

CLAIM_HOLDS = timedelta(minutes=15)


def claim_bytes(stores: Stores, record: IntakeRecord, now: datetime) -> str:
    """Claim the file's bytes for this intake; returns the intake that holds them.

    The claim is written before the record: who dies in between finds it again as theirs.
    """
    content_id = content_id_of(record.tenant_id, record.file.sha256)
    partition = (record.tenant_id, content_id)
    claim = {
        "schema_version": 1,
        "id": "claim",
        "kind": "claim",
        "tenant_id": record.tenant_id,
        "intake_id": content_id,
        "claimed_by": record.intake_id,
        "created_at": now.isoformat(),
    }
    try:
        stores.documents.commit(CONTAINER, partition, [Create(claim)])
    except Exists:
        present = stores.documents.get(CONTAINER, partition, "claim")
    else:
        return record.intake_id
    if present is None:
        return claim_bytes(stores, record, now)  # it was removed this instant
    holder = str(present.body["claimed_by"])
    if holder == record.intake_id or not _is_abandoned(stores, record.tenant_id, present.body, now):
        return holder
    try:
        stores.documents.commit(CONTAINER, partition, [Replace(claim, present.etag)])
    except (Stale, Missing):
        return claim_bytes(stores, record, now)
    return record.intake_id


def _is_abandoned(stores: Stores, tenant_id: str, claim: Json, now: datetime) -> bool:
    """Whether nobody will read the bytes for who claimed them: its file was gone, or was
    overwritten, before it could; the scanner found malware in it, or gave no verdict."""
    holder = str(claim["claimed_by"])
    stored = stores.documents.get(CONTAINER, (tenant_id, holder), holder)
    if stored is not None:
        return IntakeRecord.of(stored.body).released
    return now - datetime.fromisoformat(claim["created_at"]) > CLAIM_HOLDS

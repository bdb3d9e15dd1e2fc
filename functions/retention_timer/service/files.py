"""Removes files whose time is over: texts of ended files, files that became no profile, and
files of whose document nothing is left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime

from functions.retention_timer.rules.owners import OWNED, owner_of
from functions.retention_timer.rules.periods import is_tenants_night
from shared import telemetry
from shared.audit import noted
from shared.documents.port import Equals, Range
from shared.erasures import requested
from shared.errors import Missing
from shared.intake_stages import read_record
from shared.messaging import announce_once
from shared.models import tenant, tombstone
from shared.models.intake import CONTAINER as INTAKE
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

SOURCE = "retention_timer"
EXTRACTS = "extracts"
UNMATCHED = ("failed", "quarantined", "duplicate", "unpacked")
FILES_AN_ERASURE = 50
MOST_FILES_A_NIGHT = 10_000
_PAGE = 200

IsOver = Callable[[], bool]


def remove_extracts(stores: Stores, *, before: datetime, is_over: IsOver) -> tuple[int, bool]:
    """Remove the texts that were extracted before a moment, of files that have ended or are gone;
    returns how many, and whether those were all."""
    removed = 0
    for info in stores.blobs.list(EXTRACTS):
        if is_over():
            return removed, False
        if info.modified_at >= before:
            continue
        parts = info.name.split("/")
        if len(parts) == 3 and not _is_under_way(stores, parts[0], parts[1]):
            stores.blobs.delete(EXTRACTS, info.name)
            removed += 1
    return removed, True


def _is_under_way(stores: Stores, tenant_id: str, intake_id: str) -> bool:
    try:
        record, _ = read_record(stores, tenant_id, intake_id)
    except Missing:
        return False
    # a file that gave up goes on from its text when its dead letter is redriven
    gave_up = record.reason is not None and record.reason.code in {"exhausted", "stalled"}
    return not record.ended or gave_up


def erase_unmatched(
    stores: Stores, pseudonyms: Pseudonyms, *, before: datetime, is_over: IsOver, now: datetime
) -> tuple[int, bool]:
    """Begin the erasure of files that ended before a moment without a profile, with their records,
    their originals and what else names them; returns how many, and whether those were all.

    It is an erasure like any other, so that a restore does not bring them back.
    """
    begun = 0
    for state in UNMATCHED:
        due: dict[str, list[str]] = defaultdict(list)
        for tenant_id, intake_id in _ended(stores, state, before):
            due[tenant_id].append(intake_id)
        for tenant_id, ids in due.items():
            for start in range(0, len(ids), FILES_AN_ERASURE):
                batch = tuple(ids[start : start + FILES_AN_ERASURE])
                if is_over():
                    return begun, False
                try:
                    _erase(stores, pseudonyms, tenant_id, batch, now)
                    begun += len(batch)
                except Exception as error:  # one tenant's trouble does not hold up the others
                    telemetry.failure("files.not_erased", error, tenant=tenant_id)
    return begun, True


def _ended(stores: Stores, state: str, before: datetime) -> Iterator[tuple[str, str]]:
    """Files in a state since before a moment; of each state so many a night."""
    continuation, seen = None, 0
    while seen < MOST_FILES_A_NIGHT:
        page = stores.documents.query(
            INTAKE,
            (),
            where=[
                Equals("state", state),
                Equals("kind", "record"),
                Range("updated_at", below=before.isoformat()),
            ],
            limit=_PAGE,
            continuation=continuation,
        )
        seen += len(page.items)
        yield from ((item.body["tenant_id"], item.body["intake_id"]) for item in page.items)
        continuation = page.continuation
        if continuation is None:
            return


def _erase(
    stores: Stores, pseudonyms: Pseudonyms, tenant_id: str, ids: tuple[str, ...], now: datetime
) -> None:
    note = noted(
        pseudonyms, None, "erasure.request", tenant_id=tenant_id, of="intake", target=ids[0],
        reason=f"{len(ids)} files became no profile in time",
    )  # fmt: skip
    announce_once(
        stores,
        source=SOURCE,
        container=tombstone.CONTAINER,
        partition=(tenant_id, pseudonyms.of(tenant_id, "intake", ids[0])),
        decide=lambda: requested(
            stores,
            pseudonyms,
            tenant_id=tenant_id,
            of="intake",
            identity=ids[0],
            subjects={"intake": ids},
            events=[note],
            is_there=True,
            now=now,
        )[1],
        now=now,
    )


def remove_orphans(
    stores: Stores, *, before: datetime, is_over: IsOver, now: datetime
) -> tuple[dict[str, int], bool]:
    """Remove files that were written before a moment and that no document tells of, of the tenants
    whose night it is; returns how many by blob container, and whether those were all."""
    removed: dict[str, int] = {}
    for tenant_id in _tenants(stores):
        if not is_tenants_night(tenant_id, now.date()):
            continue
        for blob_container in OWNED:
            for info in stores.blobs.list(blob_container, f"{tenant_id}/"):
                if is_over():
                    return removed, False
                if info.modified_at < before and _is_orphan(stores, blob_container, info.name):
                    stores.blobs.delete(blob_container, info.name)
                    removed[blob_container] = removed.get(blob_container, 0) + 1
    return removed, True


def _is_orphan(stores: Stores, blob_container: str, name: str) -> bool:
    owner = owner_of(blob_container, name)
    if owner is None:
        return False
    stored = stores.documents.get(owner.container, owner.partition, owner.document_id)
    return stored is None or not owner.tells(stored.body)


def _tenants(stores: Stores) -> Iterator[str]:
    continuation = None
    while True:
        page = stores.documents.query(
            tenant.CONTAINER,
            (),
            where=[Equals("kind", "tenant")],
            limit=_PAGE,
            continuation=continuation,
        )
        yield from (item.body["tenant_id"] for item in page.items)
        continuation = page.continuation
        if continuation is None:
            return

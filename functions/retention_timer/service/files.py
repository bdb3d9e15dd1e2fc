"""Removes files whose time is over: texts of ended files, files that became no profile, and
files of whose document nothing is left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime

from functions.retention_timer.rules.documents import CONTAINER, LOOK_ID, LOOKS, FilesLook
from functions.retention_timer.rules.owners import OWNED, owner_of
from functions.retention_timer.rules.periods import LOOKED_AT_EVERY
from shared import telemetry
from shared.audit import noted
from shared.blobs.port import BlobInfo
from shared.documents.port import Equals, Range, Replace, Upsert
from shared.erasures import requested
from shared.errors import Missing, Stale
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


def remove_extracts(
    stores: Stores,
    *,
    before: datetime,
    is_over: IsOver,
    must_wait: IsOver = lambda: False,
) -> tuple[int, bool]:
    """Remove the texts that were extracted before a moment, of files that have ended or are gone;
    returns how many, and whether those were all. None is removed where ``must_wait`` says that
    documents may be missing."""
    removed = 0
    for info in stores.blobs.list(EXTRACTS):
        if is_over():
            return removed, False
        if info.modified_at >= before:
            continue
        parts = info.name.split("/")
        if len(parts) == 3 and not _is_under_way(stores, parts[0], parts[1]):
            if must_wait():
                return removed, False
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
    begun, whole = 0, True
    for state in UNMATCHED:
        due, is_all = _ended(stores, state, before)
        whole = whole and is_all
        for tenant_id, found in due.items():
            for start in range(0, len(found), FILES_AN_ERASURE):
                if is_over():
                    return begun, False
                batch = found[start : start + FILES_AN_ERASURE]
                try:
                    marked = tuple(each for each in batch if _mark(stores, tenant_id, each, before))
                    if marked:
                        _erase(stores, pseudonyms, tenant_id, marked, now)
                    begun += len(marked)
                except Exception as error:  # one tenant's trouble does not hold up the others
                    telemetry.failure("files.not_erased", error, tenant=tenant_id)
    return begun, whole


def _ended(stores: Stores, state: str, before: datetime) -> tuple[dict[str, list[str]], bool]:
    """Files in a state since before a moment, by tenant, and whether those are all: of each state
    so many a night."""
    found: dict[str, list[str]] = defaultdict(list)
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
        for item in page.items:
            found[item.body["tenant_id"]].append(item.body["intake_id"])
        continuation = page.continuation
        if continuation is None:
            return found, True
    return found, False


def _mark(stores: Stores, tenant_id: str, intake_id: str, before: datetime) -> bool:
    """Have a record say that it is to be erased, unless somebody took the file up meanwhile; from
    then on nobody can. Returns whether it says so."""
    try:
        record, etag = read_record(stores, tenant_id, intake_id)
        if record.state not in UNMATCHED or record.updated_at >= before:
            return False
        if not record.erasure_due:
            marked = record.model_copy(update={"erasure_due": True})
            stores.documents.commit(INTAKE, record.partition, [Replace(marked.stored(), etag)])
    except (Stale, Missing):
        return False
    return True


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
    stores: Stores,
    *,
    before: datetime,
    is_over: IsOver,
    now: datetime,
    must_wait: IsOver = lambda: False,
) -> tuple[dict[str, int], bool]:
    """Remove files that were written before a moment and that no document tells of, of the tenants
    whose files were not looked at for four weeks; returns how many by blob container, and whether
    all of those were. Where time runs out the next night goes on after the last name.

    None is removed where ``must_wait`` says that documents may be missing: it is asked first, and
    again ahead of each removal.
    """
    removed: dict[str, int] = {}
    if must_wait():
        return removed, False
    for tenant_id in _tenants(stores):
        look = _last_look(stores, tenant_id)
        if look.ended_at is not None and now - look.ended_at < LOOKED_AT_EVERY:
            continue
        for blob_container in OWNED:
            if look.container is not None and look.container != blob_container:
                continue  # the look that was broken off had ended with this one
            for info in stores.blobs.list(blob_container, f"{tenant_id}/"):
                if look.name is not None and info.name <= look.name:
                    continue
                if is_over():
                    _keep_look(stores, look)
                    return removed, False
                if info.modified_at < before and _is_orphan(stores, blob_container, info):
                    if must_wait():
                        _keep_look(stores, look)
                        return removed, False
                    stores.blobs.delete(blob_container, info.name)
                    removed[blob_container] = removed.get(blob_container, 0) + 1
                look = look.model_copy(
                    update={"container": blob_container, "name": info.name, "ended_at": None}
                )
            look = look.model_copy(update={"container": None, "name": None})
        _keep_look(stores, look.model_copy(update={"ended_at": now}))
    return removed, True


def _last_look(stores: Stores, tenant_id: str) -> FilesLook:
    stored = stores.documents.get(CONTAINER, (tenant_id, LOOKS), LOOK_ID)
    return FilesLook(tenant_id=tenant_id) if stored is None else FilesLook.of(stored.body)


def _keep_look(stores: Stores, look: FilesLook) -> None:
    stores.documents.commit(CONTAINER, (look.tenant_id, LOOKS), [Upsert(look.stored())])


def _is_orphan(stores: Stores, blob_container: str, info: BlobInfo) -> bool:
    owner = owner_of(blob_container, info.name)
    if owner is None:
        return False
    stored = stores.documents.get(owner.container, owner.partition, owner.document_id)
    if stored is not None and owner.tells(stored.body):
        return False
    # not one that is being written anew at this moment
    present = stores.blobs.info(blob_container, info.name)
    return present is not None and present.etag == info.etag


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

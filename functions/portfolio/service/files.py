"""Files of items: written before they are told of, removed after they no longer are."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256

from functions.portfolio.rules.documents import BLOBS, CONTAINER, EvidenceFile, Item, blob_name_of
from functions.portfolio.rules.evidence import media_type_of, safe_filename
from functions.portfolio.rules.items import file_of, with_file, without_file
from functions.portfolio.service.items import SOURCE, read_own
from shared.auth import Principal
from shared.documents.port import Replace
from shared.errors import Conflict, Missing, Unprocessable
from shared.events.envelope import Event, read_data
from shared.events.portfolio import PortfolioFileRemoved, PortfolioItemRemoved
from shared.messaging import Decision, Outcome, announce_once
from shared.stores import Stores

LINK_LIFETIME = timedelta(minutes=15)


def add(
    stores: Stores,
    by: Principal,
    item_id: str,
    content: bytes,
    *,
    file_id: str,
    filename: str,
    declared: str,
    now: datetime,
) -> tuple[Item, str]:
    """Add a file to an item of the caller's; returns the item with its new etag.

    With the ``file_id`` of before nothing is added again. Raises ``Missing``, ``Invalid`` and
    ``Unsupported`` for a file that is not taken, ``Conflict`` above the most an item has, and
    ``Unprocessable`` for another file under the id of before.
    """
    partition = (by.tenant_id, by.user_id)
    file = EvidenceFile(
        file_id=file_id,
        filename=safe_filename(filename),
        content_type=media_type_of(content, declared),
        size=len(content),
        sha256=sha256(content).hexdigest(),
        added_at=now,
    )
    item, etag = read_own(stores, partition, item_id)
    before = next((each for each in item.files if each.file_id == file_id), None)
    if before is not None:
        if before.sha256 != file.sha256:
            raise Unprocessable("this Idempotency-Key came with another file before")
        return item, etag
    with_file(item, file, now=now)  # a full item refuses before anything is written
    stores.blobs.put(BLOBS, blob_name_of(item, file), content, content_type=file.content_type)

    def decide() -> Decision:
        present, etag = read_own(stores, partition, item_id)
        if any(each.file_id == file_id for each in present.files):
            return Decision()
        return Decision([Replace(with_file(present, file, now=now).stored(), etag)])

    try:
        announce_once(
            stores, source=SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
        )
    except (Missing, Conflict):
        stores.blobs.delete(BLOBS, blob_name_of(item, file))  # removed or filled up meanwhile
        raise
    return read_own(stores, partition, item_id)


def remove(stores: Stores, by: Principal, item_id: str, file_id: str, *, now: datetime) -> None:
    """Take a file off an item of the caller's; the file goes by the event that tells of it.

    Raises ``Missing``.
    """
    partition = (by.tenant_id, by.user_id)

    def decide() -> Decision:
        item, etag = read_own(stores, partition, item_id)
        told = PortfolioFileRemoved(user_id=by.user_id, item_id=item_id, file_id=file_id)
        return Decision([Replace(without_file(item, file_id, now=now).stored(), etag)], [told])

    announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
    )


def link(stores: Stores, item: Item, file_id: str, *, now: datetime) -> tuple[EvidenceFile, str]:
    """A file of an item, and a link that reads it for 15 minutes. Raises ``Missing``."""
    file = file_of(item, file_id)
    name = blob_name_of(item, file)
    return file, stores.blobs.link(BLOBS, name, expires_at=now + LINK_LIFETIME)


def clear(stores: Stores, event: Event) -> Outcome:
    """Remove the files of an item, or one, that is no longer told of. Done again it finds none.

    What is told of again stays: it has other ids.
    """
    if event.type == PortfolioItemRemoved.type:
        told = read_data(event, PortfolioItemRemoved)
        prefix, kept = f"{event.tenantid}/{told.user_id}/{told.item_id}/", False
    else:
        of_file = read_data(event, PortfolioFileRemoved)
        prefix = f"{event.tenantid}/{of_file.user_id}/{of_file.item_id}/{of_file.file_id}/"
        kept = _is_told_of(stores, event.tenantid, of_file)
    if kept:
        return "rejected"
    for blob in list(stores.blobs.list(BLOBS, prefix)):
        stores.blobs.delete(BLOBS, blob.name)
    return "done"


def _is_told_of(stores: Stores, tenant_id: str, told: PortfolioFileRemoved) -> bool:
    """Whether an item has the file again, by a repeat of the request that had added it."""
    with suppress(Missing):
        item, _ = read_own(stores, (tenant_id, told.user_id), told.item_id)
        return any(each.file_id == told.file_id for each in item.files)
    return False

"""Everything held on a person, as one archive: JSON a container, and the files."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import BinaryIO, cast
from uuid import uuid4

from functions.accounts.rules.documents import Export
from functions.accounts.service.means import SOURCE, Means
from functions.accounts.service.personal_data.finding import blobs_of, documents_of
from functions.accounts.service.personal_data.subjects import check_speaks_for, subjects_of
from shared import telemetry, topology
from shared.access import Reach
from shared.audit import noted, record_read
from shared.auth import Principal
from shared.documents.port import Create, Delete, Equals, Json, Replace, Stored
from shared.erasures import Subjects
from shared.errors import Missing, Rejected
from shared.events.envelope import Event, read_data
from shared.events.person import ExportRequested
from shared.messaging import Decision, Outcome, announce_once, handle_once
from shared.models import account
from shared.people import read_account
from shared.stores import Stores

BLOBS = "exports"
KEPT_FOR = timedelta(hours=24)
TAKES_AT_MOST = timedelta(hours=1)
LINK_LIFETIME = timedelta(minutes=15)
_PLUMBING = {"receipt", "outbox", "refresh_family", "judgement"}
_MEMORY = 8 * 1024 * 1024
_CHUNK = 1024 * 1024

Clock = Callable[[], datetime]


def export_of(
    means: Means,
    by: Principal,
    reach: frozenset[Reach],
    user_id: str,
    *,
    with_candidate: bool,
    now: datetime,
) -> tuple[Export, str | None]:
    """Return a person's present export and, when it is ready, a link that reads it for 15 minutes.

    Asks for one when there is none of the last 24 hours. Raises ``Missing`` for somebody
    whom the caller does not reach, and ``Forbidden`` to the parent of one who is of age.
    """
    check_speaks_for(means, by, reach, user_id, now=now)
    if user_id != by.user_id:  # an admin reaches the whole tenant, and nobody of another
        read_account(means.stores, by.tenant_id, user_id)
    chosen: list[Export] = []
    wanted = Export(
        id=f"export:{uuid4()}",
        tenant_id=by.tenant_id,
        user_id=user_id,
        export_id=str(uuid4()),
        with_candidate=with_candidate,
        requested_at=now,
    )

    def decide() -> Decision:
        present = _present(means.stores, wanted, now)
        chosen[:] = [present or wanted]
        if present is not None:
            return Decision()
        note = noted(
            means.pseudonyms, by, "export.request",
            tenant_id=by.tenant_id, of="user", target=user_id,
        )  # fmt: skip
        told = ExportRequested(user_id=user_id, export_id=wanted.export_id)
        return Decision([Create(wanted.stored())], [told, note])

    announce_once(
        means.stores,
        source=SOURCE,
        container=account.CONTAINER,
        partition=(by.tenant_id, user_id),
        decide=decide,
        now=now,
    )
    export = chosen[0]
    if export.state != "ready":
        return export, None
    if user_id != by.user_id:
        record_read(
            means.stores, means.pseudonyms, by, "export.read",
            of="user", target=user_id, now=now,
        )  # fmt: skip
    link = means.stores.blobs.link(BLOBS, _name(export), expires_at=now + LINK_LIFETIME)
    return export, link


def make(means: Means, event: Event, *, clock: Clock) -> Outcome:
    """Write the archive that somebody asked for. Written again, it is as good as before."""
    data = read_data(event, ExportRequested)
    partition = (event.tenantid, data.user_id)

    def decide() -> Decision:
        found = [
            (Export.of(item.body), item.etag)
            for item in _exports(means.stores, event.tenantid, data.user_id)
            if item.body["export_id"] == data.export_id
        ]
        if not found:
            raise Rejected("the export is gone: the person was erased")
        export, etag = found[0]
        subjects = subjects_of(
            means, event.tenantid, data.user_id, with_candidate=export.with_candidate
        )
        with tempfile.SpooledTemporaryFile(max_size=_MEMORY) as file:
            documents, files = _write(means.stores, export, subjects, cast(BinaryIO, file))
            size = file.tell()
            file.seek(0)
            means.stores.blobs.put(
                BLOBS, _name(export), cast(BinaryIO, file), content_type="application/zip"
            )
        ready = export.model_copy(
            update={
                "state": "ready",
                "size": size,
                "documents": documents,
                "files": files,
                "ready_at": clock(),
            }
        )
        return Decision([Replace(ready.stored(), etag)])

    return handle_once(
        means.stores,
        event,
        handler=SOURCE,
        container=account.CONTAINER,
        partition=partition,
        decide=decide,
        now=clock(),
    )


def drop_old(stores: Stores, *, now: datetime) -> int:
    """Remove archives that nobody is to fetch any more; returns how many."""
    dropped = 0
    before = now - KEPT_FOR
    continuation = None
    while True:
        page = stores.documents.query(
            account.CONTAINER,
            (),
            where=[Equals("kind", "export")],
            limit=200,
            continuation=continuation,
        )
        for item in page.items:
            export = Export.of(item.body)
            if export.requested_at < before:
                try:
                    stores.blobs.delete(BLOBS, _name(export))
                    _forget(stores, export)
                    dropped += 1
                except Exception as error:  # one archive's trouble does not hold up the others
                    telemetry.failure("export.not_dropped", error, export_id=export.export_id)
        continuation = page.continuation
        if continuation is None:
            return dropped


def _present(stores: Stores, wanted: Export, now: datetime) -> Export | None:
    """The export that answers the wish: ready and fresh, or under way."""
    for item in _exports(stores, wanted.tenant_id, wanted.user_id):
        export = Export.of(item.body)
        if export.with_candidate != wanted.with_candidate:
            continue
        if export.state == "ready" and export.ready_at and now < export.ready_at + KEPT_FOR:
            if stores.blobs.info(BLOBS, _name(export)) is not None:
                return export
        elif export.state == "requested" and now < export.requested_at + TAKES_AT_MOST:
            return export
    return None


def _exports(stores: Stores, tenant_id: str, user_id: str) -> list[Stored]:
    """A person's exports, the latest first."""
    page = stores.documents.query(
        account.CONTAINER, (tenant_id, user_id), where=[Equals("kind", "export")], limit=1000
    )
    return sorted(page.items, key=lambda item: str(item.body["requested_at"]), reverse=True)


def _write(stores: Stores, export: Export, subjects: Subjects, file: BinaryIO) -> tuple[int, int]:
    """Write the archive; returns how many documents and files it holds."""
    declared = topology.load()
    documents = files = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, container in declared.containers.items():
            found = documents_of(stores, export.tenant_id, subjects, name, container)
            shown = (
                _shown(item.body, container.secrets, export.user_id)
                for _, item in found
                if item.body.get("kind") not in _PLUMBING
            )
            documents += _write_documents(archive, name, shown)
        for name, blob_container in declared.blob_containers.items():
            if name == BLOBS:
                continue  # an archive of archives helps nobody
            for info in blobs_of(stores, export.tenant_id, subjects, name, blob_container):
                with (
                    stores.blobs.open(name, info.name) as blob,
                    archive.open(f"files/{name}/{info.name}", "w", force_zip64=True) as entry,
                ):
                    while chunk := blob.read(_CHUNK):
                        entry.write(chunk)
                files += 1
        archive.writestr("README.txt", _README)
    return documents, files


def _write_documents(archive: zipfile.ZipFile, name: str, shown: Iterator[Json]) -> int:
    """Write the documents of one container as a JSON array, if there are any."""
    first = next(shown, None)
    if first is None:
        return 0
    count = 0
    with archive.open(f"{name}.json", "w", force_zip64=True) as entry:
        for body in chain([first], shown):
            entry.write(b",\n" if count else b"[\n")
            entry.write(json.dumps(body, ensure_ascii=False, indent=1).encode())
            count += 1
        entry.write(b"\n]\n")
    return count


def _shown(body: Json, secrets: Sequence[str], user_id: str) -> Json:
    """A document as its person sees it: without secrets of the house, and without where a
    statement came from that somebody else made."""
    is_anothers = body.get("given_by") not in {None, user_id}
    left_out = {*secrets, *(["where_from"] if is_anothers else [])}
    return {name: value for name, value in body.items() if name not in left_out}


_README = """Everything that is held on you, as of the moment you asked.

<container>.json   the documents of each container; fields that are secrets of the house
                   (password hashes, digests of codes) are left out
files/             the files themselves
"""


def _forget(stores: Stores, export: Export) -> None:
    try:
        stores.documents.commit(
            account.CONTAINER, (export.tenant_id, export.user_id), [Delete(export.id)]
        )
    except Missing:
        return


def _name(export: Export) -> str:
    return f"{export.tenant_id}/{export.user_id}/{export.export_id}.zip"

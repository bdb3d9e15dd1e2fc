"""Routes of backups and of restores: for operators alone."""

from __future__ import annotations

from uuid import uuid4

from functions.nightly_backup.routes import blueprint, means
from functions.nightly_backup.routes.forms import (
    BackupDetail,
    BackupList,
    BackupView,
    RestoreBody,
    RestoreView,
    backup_view,
    detail,
    job_view,
    restore_view,
)
from functions.nightly_backup.service import backing_up, catalogue, restoring, self_testing
from shared import audit
from shared.errors import Conflict, Missing, Unprocessable
from shared.http.api import Api
from shared.http.call import Call, PageQuery
from shared.models.tenant import PLATFORM

api = Api("backups", "Backups of every document, and their restore", blueprint)


@api.post("v1/backups", answer=BackupView, status=202, errors=(Conflict,))
def backups_start(call: Call[None, None]) -> BackupView:
    """Begin a backup now, beside the one of each night.

    Where one is under way already, it is that one. 409 while a restore goes on.
    """
    found = means()
    mark = call.idempotency.new_id("backup") if call.idempotency else uuid4().hex
    note = audit.noted(found.pseudonyms, call.principal, "backup.start", tenant_id=PLATFORM)
    job = backing_up.begin(
        found,
        backing_up.new_id(call.now, mark),
        events=(note,),
        idempotency=call.idempotency,
    )
    return job_view(job)


@api.get("v1/backups", query=PageQuery, answer=BackupList)
def backups_list(call: Call[PageQuery, None]) -> BackupList:
    """List the backups that can be restored, the newest first, after one that is under way."""
    found, asked = means(), call.query
    views = [backup_view(each) for each in catalogue.manifests(found.stores)]
    views.sort(key=lambda each: (each.finished_at or call.now, each.backup_id), reverse=True)
    under_way = backing_up.under_way(found)
    if under_way is not None:
        views.insert(0, job_view(under_way))
    ids = [each.backup_id for each in views]
    start = ids.index(asked.continuation) + 1 if asked.continuation in ids else 0
    shown = views[start : start + asked.limit]
    is_last = start + asked.limit >= len(views)
    return BackupList(items=shown, continuation=None if is_last else shown[-1].backup_id)


@api.get("v1/backups/{backup_id}", answer=BackupDetail, errors=(Missing, Unprocessable))
def backups_read(call: Call[None, None]) -> BackupDetail:
    """Read what a backup holds, container by container, and what came of its test."""
    found, backup_id = means(), call.path["backup_id"]
    test = self_testing.result_of(found, backup_id)
    try:
        manifest = catalogue.read(found.stores, backup_id)
    except Missing:
        job = backing_up.read(found, backup_id)
        if job.state == "done":  # its files have gone since
            raise
        return detail(job_view(job), job.containers, None, test)
    return detail(backup_view(manifest), manifest.containers, manifest.topology_sha256, test)


@api.post(
    "v1/restores",
    body=RestoreBody,
    answer=RestoreView,
    status=202,
    errors=(Missing, Conflict, Unprocessable),
)
def restores_start(call: Call[None, RestoreBody]) -> RestoreView:
    """Begin to restore a backup into this house's stores.

    No document is ever removed; who was erased since stays erased. 409 where there are documents
    and nothing is said of them, another restore is under way, or the log of erasures is not the
    one that the backup knew; 404 for a tenant of which the backup has nothing.
    """
    found, asked = means(), call.body
    manifest = catalogue.chosen(found.stores, asked.backup_id, at=asked.at)
    job = restoring.begin(
        found,
        call.idempotency.new_id("restore") if call.idempotency else str(uuid4()),
        manifest,
        only_tenant=asked.tenant,
        mode=asked.into_existing or "empty",
        without_erasure_log=asked.without_erasure_log,
        by=call.principal,
        idempotency=call.idempotency,
    )
    return restore_view(job)


@api.get("v1/restores/{restore_id}", answer=RestoreView, errors=(Missing,))
def restores_read(call: Call[None, None]) -> RestoreView:
    """Read how far a restore is, and in the end what it brought back."""
    return restore_view(restoring.read(means(), call.uuid("restore_id")))

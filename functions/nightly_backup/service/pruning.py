"""Removes backups that are no longer kept, and what is left of those that never ended."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from functions.nightly_backup.rules.documents import Current
from functions.nightly_backup.rules.manifest import (
    MANIFEST,
    TEST_FAILED,
    manifest_name,
    newest,
)
from functions.nightly_backup.rules.retention import kept
from functions.nightly_backup.service import catalogue
from functions.nightly_backup.service.means import BLOBS, Means
from shared import telemetry
from shared.models.backup_job import CONTAINER, CURRENT_ID, JobKind, partition_of

LEFT_AFTER = timedelta(days=2)
"""How old files of a backup without a manifest are before they go."""
_KINDS: tuple[JobKind, ...] = ("backups", "restores", "self_tests")


def prune(means: Means) -> tuple[int, int]:
    """Remove backups and leftovers; returns how many backups went, and how many files of none.

    A backup's manifest goes first: from then on it is none, whatever dies. What is being restored
    or tested stays, until a later night.
    """
    stores = means.stores
    manifests = list(catalogue.manifests(stores))
    found = {each.backup_id: each.finished_at for each in manifests}
    # by a clock that erred the latest may seem old
    last = newest(manifests)
    failed = catalogue.failed_tests(stores)
    # the last may yet fail its test
    before = [each for each in manifests if each != last and each.backup_id not in failed]
    latest = {each.backup_id for each in (last, newest(before)) if each is not None}
    gone = sorted(found.keys() - kept(found.items()) - latest - _in_use(means))
    for backup_id in gone:
        stores.blobs.delete(BLOBS, manifest_name(backup_id))
        for info in list(stores.blobs.list(BLOBS, f"{backup_id}/")):
            stores.blobs.delete(BLOBS, info.name)
    files = _remove_leftovers(means)
    if gone or files:
        telemetry.log("backups.pruned", backups=len(gone), leftovers=files)
    return len(gone), files


def _remove_leftovers(means: Means) -> int:
    """Remove files that no manifest names: of backups that never ended, and of steps that were
    done twice."""
    stores, now = means.stores, means.clock()
    files: defaultdict[str, list[tuple[str, datetime]]] = defaultdict(list)
    for info in stores.blobs.list(BLOBS):
        backup_id, _, rest = info.name.partition("/")
        files[backup_id].append((rest, info.modified_at))
    in_use = _in_use(means)
    removed = 0
    for backup_id, held in files.items():
        names = {rest for rest, _ in held}
        if backup_id in in_use:
            continue
        named: set[str] = set()
        if MANIFEST in names:
            try:
                manifest = catalogue.read(stores, backup_id)
            except Exception as error:  # an unreadable one is an operator's to look at
                telemetry.failure("backup.not_read", error, backup=backup_id)
                continue
            named = {part.name for each in manifest.containers.values() for part in each.parts}
        elif any(at > now - LEFT_AFTER for _, at in held):
            continue
        told = {MANIFEST, TEST_FAILED} if MANIFEST in names else set()
        for rest in sorted(names - named - told):
            stores.blobs.delete(BLOBS, f"{backup_id}/{rest}")
            removed += 1
    return removed


def _in_use(means: Means) -> set[str]:
    """The backups that are being made, restored or tested."""
    found: set[str] = set()
    for kind in _KINDS:
        partition = partition_of(kind)
        held = means.stores.documents.get(CONTAINER, partition, CURRENT_ID)
        if held is None:
            continue
        job_id = Current.of(held.body).job_id
        job = means.stores.documents.get(CONTAINER, partition, job_id)
        if job is not None and job.body["state"] == "running":
            found.add(str(job.body.get("backup_id", job_id)))
    return found
